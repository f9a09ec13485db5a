/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/event.c - KEVENT and KSEMAPHORE.
 *
 * Model: SignalState is the state; ke_signal() hands it to waiters. With Wait TRUE the caller promises that its next
 * call is a wait: documented, IRQL stays raised until that wait, which restores it.
 */
#include "nt/ke/state.h"

#include "image/image.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* The Wait argument of KeSetEvent, KeReleaseMutex, KeReleaseSemaphore. */
static void
wait_follows(BOOLEAN wait)
{
    PKTHREAD self;

    if (!wait)
        return;
    self = ps_self();
    self->WaitNext = TRUE;
    self->WaitIrql = irql_raise(irql_get() > IRQL_DISPATCH ? irql_get() : IRQL_DISPATCH);
}

/* ------------------------------------------------------------------ events */

void
ke_event_init(void *event, unsigned type, bool set)
{
    ke_header_init(&((KEVENT *)event)->Header,
                   type == NotificationEvent ? EventNotificationObject : EventSynchronizationObject, sizeof(KEVENT),
                   set);
}

static LONG
event_set(KEVENT *event)
{
    LONG previous = event->Header.SignalState;

    trace_emit(EV_EVENT_SET, event, previous);
    event->Header.SignalState = 1;
    if (previous == 0)
        ke_signal(&event->Header);
    return previous;
}

int32_t
ke_event_set(void *event)
{
    sched_touch((uint64_t)event);
    return event_set(event);
}

void
ke_event_clear(void *event)
{
    sched_touch((uint64_t)event);
    ((KEVENT *)event)->Header.SignalState = 0;
}

int32_t
ke_event_read(const void *event)
{
    sched_touch((uint64_t)event);
    return ((const KEVENT *)event)->Header.SignalState;
}

VOID NTAPI
KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    ke_event_init(Event, Type, State);
}

VOID NTAPI
KeClearEvent(PRKEVENT Event)
{
    Event->Header.SignalState = 0;
}

LONG NTAPI
KeReadStateEvent(PRKEVENT Event)
{
    return Event->Header.SignalState;
}

LONG NTAPI
KeResetEvent(PRKEVENT Event)
{
    LONG previous = Event->Header.SignalState;

    Event->Header.SignalState = 0;
    return previous;
}

LONG NTAPI
KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG previous = event_set(Event);

    (void)Increment;
    wait_follows(Wait);
    return previous;
}

/* documented: satisfies who waits now, then the event is not signalled. */
LONG NTAPI
KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG previous = event_set(Event);

    (void)Increment;
    Event->Header.SignalState = 0;
    wait_follows(Wait);
    return previous;
}

/* ------------------------------------------------------------------ semaphores */

VOID NTAPI
KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    ke_header_init(&Semaphore->Header, SemaphoreObject, sizeof(*Semaphore), Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI
KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    return Semaphore->Header.SignalState;
}

/* documented: raises STATUS_SEMAPHORE_LIMIT_EXCEEDED when the count would pass the limit, or does not grow. */
LONG NTAPI
KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    LONG previous = Semaphore->Header.SignalState;
    LONG count;

    (void)Increment;
    if (__builtin_add_overflow(previous, Adjustment, &count) || count > Semaphore->Limit || count < previous)
        seh_raise_status(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    Semaphore->Header.SignalState = count;
    ke_signal(&Semaphore->Header);
    wait_follows(Wait);
    return previous;
}

/* ------------------------------------------------------------------ mutexes */

VOID NTAPI
KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    ke_header_init(&Mutex->Header, MutantObject, sizeof(*Mutex), 1);
    Mutex->MutantListEntry.Flink = Mutex->MutantListEntry.Blink = NULL;
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
}

LONG NTAPI
KeReadStateMutex(PRKMUTEX Mutex)
{
    return Mutex->Header.SignalState;
}

/*
 * KeReleaseMutex
 *
 * Source:  documented: zero is returned when the mutex became free, else the state before; raises
 *          STATUS_MUTANT_NOT_OWNED for any but the owner, STATUS_ABANDONED for an abandoned one.
 * IRQL:    PASSIVE (documented: <= DISPATCH_LEVEL, that of the acquisition)
 */
LONG NTAPI
KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    PKTHREAD self = ps_self();
    LONG previous = Mutex->Header.SignalState;

    if (Mutex->OwnerThread != self) {
        ke_lock_misuse(Mutex, LOCK_MUTEX, Mutex->OwnerThread == NULL ? LOCK_MISUSE_NOT_HELD : LOCK_MISUSE_NOT_OWNER);
        seh_raise_status(Mutex->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED);
    }
    if (++Mutex->Header.SignalState == 1) {
        struct ke_lock *l = ke_lock_get(Mutex);

        ke_list_remove(&Mutex->MutantListEntry);
        Mutex->OwnerThread = NULL;
        self->KernelApcDisable = (SHORT)(self->KernelApcDisable + Mutex->ApcDisable);
        ke_lock_released(l, LOCK_MUTEX);
        ke_signal(&Mutex->Header);
    }
    wait_follows(Wait);
    return previous;
}
