/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/timer.c - KTIMER.
 *
 * Model: a KTIMER is the driver's; while it is armed a node in monitor memory holds the machine's timer for it. On
 * expiry the timer becomes signalled, its waiters go on, its DPC is queued and, if it is periodic, it is armed again
 * from the time it was due. Expiry happens as from the clock interrupt: nothing here may block or point then.
 *
 * observed: SystemArgument1 and 2 of a timer's DPC are the low and high half of the system time of the expiry.
 */
#include "nt/ke/state.h"

#include "trace/event.h"

void
ke_timer_init(void)
{
    list_init(&NT->ke->timers);
}

static struct ke_timer_node *
find_armed(PKTIMER timer)
{
    struct ke_timer_node *node;

    list_for_each (node, &NT->ke->timers, link)
        if (node->timer == timer)
            return node;
    return NULL;
}

static void
disarm(struct ke_timer_node *node)
{
    mtimer_cancel(&node->clock);
    list_del(&node->link);
    node->timer = NULL;
    mon_free(node, sizeof(*node));
}

static void
expire(struct mtimer *clock)
{
    struct ke_timer_node *node = list_entry(clock, struct ke_timer_node, clock);
    PKTIMER timer = node->timer;
    PKDPC dpc = timer->Dpc;
    uint64_t now = (uint64_t)ke_system_time();

    sched_touch((uint64_t)timer);
    trace_emit(EV_TIMER_FIRE, timer, (uint64_t)dpc);
    if (timer->Period != 0) {
        timer->DueTime.QuadPart += (uint64_t)timer->Period * 10000;
        mtimer_set(clock, timer->DueTime.QuadPart, expire);
    } else {
        disarm(node);
    }
    timer->Header.SignalState = 1;
    ke_signal(&timer->Header);
    if (dpc != NULL)
        ke_dpc_queue_from(dpc, (PVOID)(now & 0xffffffff), (PVOID)(now >> 32), clock->vp);
}

bool
ke_timer_set(PKTIMER timer, int64_t due, uint32_t period_ms, PKDPC dpc)
{
    struct ke_state *ke = NT->ke;
    struct ke_timer_node *node = find_armed(timer);
    bool was_set = node != NULL;

    sched_touch((uint64_t)timer);
    if (node == NULL) {
        node = mon_alloc(sizeof(*node));
        node->timer = timer;
        list_add_tail(&ke->timers, &node->link);
    }
    timer->Header.SignalState = 0;
    timer->DueTime.QuadPart = ke_due(due);
    timer->Dpc = dpc;
    timer->Period = period_ms;
    trace_emit(EV_TIMER_SET, timer, timer->DueTime.QuadPart, period_ms, (uint64_t)dpc);
    mtimer_set(&node->clock, timer->DueTime.QuadPart, expire);
    return was_set;
}

bool
ke_timer_cancel(PKTIMER timer)
{
    struct ke_timer_node *node = find_armed(timer);

    sched_touch((uint64_t)timer);
    trace_emit(EV_TIMER_CANCEL, timer, node != NULL);
    if (node == NULL)
        return false;
    disarm(node);
    return true;
}

VOID NTAPI
KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    ke_header_init(&Timer->Header, Type == NotificationTimer ? TimerNotificationObject : TimerSynchronizationObject,
                   sizeof(*Timer), 0);
    Timer->DueTime.QuadPart = 0;
    Timer->TimerListEntry.Flink = Timer->TimerListEntry.Blink = NULL;
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->TimerType = 0;
    Timer->Period = 0;
}

VOID NTAPI
KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN NTAPI
KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    return ke_timer_set(Timer, DueTime.QuadPart, 0, Dpc);
}

BOOLEAN NTAPI
KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    return ke_timer_set(Timer, DueTime.QuadPart, (uint32_t)Period, Dpc);
}

/* documented: the system may expire it up to TolerableDelay late; here never late. */
BOOLEAN NTAPI
KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    (void)TolerableDelay;
    return ke_timer_set(Timer, DueTime.QuadPart, Period, Dpc);
}

/* documented: TRUE if the timer was in the system's queue. A DPC that its expiry has queued already stays queued. */
BOOLEAN NTAPI
KeCancelTimer(PKTIMER Timer)
{
    return ke_timer_cancel(Timer);
}

BOOLEAN NTAPI
KeReadStateTimer(PKTIMER Timer)
{
    return Timer->Header.SignalState != 0;
}
