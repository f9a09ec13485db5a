/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/timer.c - timers and work items of NDIS 5.x.
 *
 * Model: a timer is a kernel timer and its DPC in the driver's memory. That of a miniport runs its function under the
 * miniport lock and, while it is set, stands in the queue that begins in the miniport block; a miniport that is halted
 * with one in it stops the machine (documented: bug check 0x7C, 0x09).
 */
#include "ndis/legacy/legacy.h"

#include "nt/nt.h"

static int64_t
relative(UINT ms)
{
    return -(int64_t)ms * 10000;
}

/* ------------------------------------------------------------------ protocols, or whoever has no adapter */

/*
 * NdisInitializeTimer - a timer that is not running. NdisSetTimer starts it once, NdisSetTimerEx with another context,
 * NdisSetPeriodicTimer again and again, NdisCancelTimer stops it.
 *
 * Source:    documented; observed: the DPC calls the driver's function itself, whose parameters are those of a DPC
 *            routine.
 * IRQL:      <= DISPATCH_LEVEL (documented: NdisInitializeTimer at PASSIVE_LEVEL)
 * Ownership: the timer is the caller's and must stay until it is cancelled.
 */
VOID NTAPI
NdisInitializeTimer(PNDIS_TIMER Timer, PNDIS_TIMER_FUNCTION TimerFunction, PVOID FunctionContext)
{
    KeInitializeTimer(&Timer->Timer);
    KeInitializeDpc(&Timer->Dpc, (PKDEFERRED_ROUTINE)TimerFunction, FunctionContext);
}

VOID NTAPI
NdisSetTimer(PNDIS_TIMER Timer, UINT MillisecondsToDelay)
{
    ke_timer_set(&Timer->Timer, relative(MillisecondsToDelay), 0, &Timer->Dpc);
}

VOID NTAPI
NdisSetTimerEx(PNDIS_TIMER Timer, UINT MillisecondsToDelay, PVOID FunctionContext)
{
    Timer->Dpc.DeferredContext = FunctionContext;
    NdisSetTimer(Timer, MillisecondsToDelay);
}

VOID NTAPI
NdisSetPeriodicTimer(PNDIS_TIMER Timer, UINT MillisecondsPeriod)
{
    ke_timer_set(&Timer->Timer, relative(MillisecondsPeriod), MillisecondsPeriod, &Timer->Dpc);
}

VOID NTAPI
NdisCancelTimer(PNDIS_TIMER Timer, PBOOLEAN TimerCancelled)
{
    *TimerCancelled = ke_timer_cancel(&Timer->Timer);
}

/* ------------------------------------------------------------------ miniports */

static void
unqueue(NDIS_MINIPORT_TIMER *timer)
{
    NDIS_MINIPORT_TIMER **at = (NDIS_MINIPORT_TIMER **)&timer->Miniport->TimerQueue;

    while (*at != NULL && *at != timer)
        at = &(*at)->NextDeferredTimer;
    if (*at == timer)
        *at = timer->NextDeferredTimer;
    timer->NextDeferredTimer = NULL;
}

static void
call(struct legacy_adapter *la, void *arg)
{
    NDIS_MINIPORT_TIMER *timer = arg;

    (void)la;
    NDIS_CALL(legacy_site.ndisMTimer5, (ndis_fn)timer->MiniportTimerFunction, (uint64_t)&timer->Dpc,
              (uint64_t)timer->MiniportTimerContext, 0, 0);
}

void
legacy_miniport_timer_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    NDIS_MINIPORT_TIMER *timer = (NDIS_MINIPORT_TIMER *)context;

    (void)dpc;
    (void)a1;
    (void)a2;
    sched_touch((uint64_t)timer);
    if (timer->Timer.Period == 0)
        unqueue(timer);
    legacy_run(legacy_adapter_of(timer->Miniport), call, timer);
}

/*
 * NdisMInitializeTimer - a miniport's timer, not running. NdisMSetTimer, NdisMSetPeriodicTimer and NdisMCancelTimer
 * as their namesakes above.
 *
 * Source:    documented: the function of a serialized miniport's timer runs under its lock.
 * IRQL:      <= DISPATCH_LEVEL (documented: NdisMInitializeTimer at PASSIVE_LEVEL)
 * Ownership: the timer is the caller's and must be cancelled before MiniportHalt returns.
 */
VOID NTAPI
NdisMInitializeTimer(PNDIS_MINIPORT_TIMER Timer, NDIS_HANDLE MiniportAdapterHandle, PNDIS_TIMER_FUNCTION TimerFunction,
                     PVOID FunctionContext)
{
    KeInitializeTimer(&Timer->Timer);
    KeInitializeDpc(&Timer->Dpc, (PKDEFERRED_ROUTINE)legacy_handler.miniport_timer_dpc, Timer);
    Timer->MiniportTimerFunction = TimerFunction;
    Timer->MiniportTimerContext = FunctionContext;
    Timer->Miniport = MiniportAdapterHandle;
    Timer->NextDeferredTimer = NULL;
}

static void
set(NDIS_MINIPORT_TIMER *timer, UINT ms, UINT period)
{
    sched_touch((uint64_t)timer->Miniport);
    unqueue(timer);
    timer->NextDeferredTimer = timer->Miniport->TimerQueue;
    timer->Miniport->TimerQueue = timer;
    ke_timer_set(&timer->Timer, relative(ms), period, &timer->Dpc);
}

VOID NTAPI
NdisMSetTimer(PNDIS_MINIPORT_TIMER Timer, UINT MillisecondsToDelay)
{
    set(Timer, MillisecondsToDelay, 0);
}

VOID NTAPI
NdisMSetPeriodicTimer(PNDIS_MINIPORT_TIMER Timer, UINT MillisecondsPeriod)
{
    set(Timer, MillisecondsPeriod, MillisecondsPeriod);
}

VOID NTAPI
NdisMCancelTimer(PNDIS_MINIPORT_TIMER Timer, PBOOLEAN TimerCancelled)
{
    sched_touch((uint64_t)Timer->Miniport);
    unqueue(Timer);
    *TimerCancelled = ke_timer_cancel(&Timer->Timer);
}

/* ------------------------------------------------------------------ work items */

static void
run_work(void *arg)
{
    NDIS_WORK_ITEM *item = arg;

    sched_touch((uint64_t)item);
    NDIS_CALL(legacy_site.ndisWorkItem5, (ndis_fn)item->Routine, (uint64_t)item, (uint64_t)item->Context);
}

/*
 * NdisScheduleWorkItem - call WorkItem->Routine at PASSIVE_LEVEL on a worker thread.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL. Ownership: lends the item until its routine is entered.
 * Returns:   NDIS_STATUS_SUCCESS
 */
NDIS_STATUS NTAPI
NdisScheduleWorkItem(PNDIS_WORK_ITEM WorkItem)
{
    if (!ex_work("NDIS work item", WorkItem, (uint64_t)WorkItem->Routine, run_work, WorkItem))
        machine_unsupported(legacy_site.ndisWorkItem5, "more worker threads at once than this machine has");
    return NDIS_STATUS_SUCCESS;
}
