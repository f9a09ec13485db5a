/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/wait.c - waiting for dispatcher objects.
 *
 * Model: as in Windows. A waiter links one KWAIT_BLOCK per object into the object's WaitListHead and blocks; whoever
 * changes an object's SignalState calls ke_signal(), which satisfies waits in the order they began, consumes the
 * signal on the waiter's behalf, unlinks all its blocks and wakes it with its status. So the state a waiter finds
 * is the state its waker left, and nobody can steal a signal in between.
 * Start reading at: wait_for(), then ke_signal().
 *
 * assumed: alerts and user APCs do not exist here, so WaitMode and Alertable change nothing.
 */
#include "nt/ke/state.h"

#include "image/image.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ lists in driver memory */

static _Noreturn void
list_damaged(LIST_ENTRY *entry)
{
    machine_bugcheck(0x139, 3, (uint64_t)entry, 0, 0); /* KERNEL_SECURITY_CHECK_FAILURE, corrupt list entry */
}

void
ke_list_insert_tail(LIST_ENTRY *head, LIST_ENTRY *entry)
{
    LIST_ENTRY *last = head->Blink;

    if (last->Flink != head)
        list_damaged(head);
    entry->Flink = head;
    entry->Blink = last;
    last->Flink = entry;
    head->Blink = entry;
}

void
ke_list_remove(LIST_ENTRY *entry)
{
    LIST_ENTRY *next = entry->Flink;
    LIST_ENTRY *prev = entry->Blink;

    if (next->Blink != entry || prev->Flink != entry)
        list_damaged(entry);
    prev->Flink = next;
    next->Blink = prev;
}

/* ------------------------------------------------------------------ satisfying */

void
ke_header_init(DISPATCHER_HEADER *h, unsigned type, size_t size_bytes, LONG state)
{
    h->Lock = 0;
    h->Type = (UCHAR)type;
    h->Size = (UCHAR)(size_bytes / sizeof(LONG));
    h->SignalState = state;
    h->WaitListHead.Flink = h->WaitListHead.Blink = &h->WaitListHead;
}

static bool
satisfiable(const DISPATCHER_HEADER *h, PKTHREAD thread)
{
    if (h->SignalState > 0)
        return true;
    return h->Type == MutantObject && ((const KMUTANT *)h)->OwnerThread == thread;
}

/* Consume h's signal for thread. STATUS_SUCCESS or STATUS_ABANDONED. */
static NTSTATUS
satisfy(DISPATCHER_HEADER *h, PKTHREAD thread)
{
    switch (h->Type) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
        h->SignalState = 0;
        break;
    case SemaphoreObject:
        h->SignalState--;
        break;
    case MutantObject: {
        KMUTANT *mutant = (KMUTANT *)h;

        if (--h->SignalState == 0) {
            struct ke_lock *l = ke_lock_get(mutant);

            mutant->OwnerThread = thread;
            thread->KernelApcDisable = (SHORT)(thread->KernelApcDisable - mutant->ApcDisable);
            ke_list_insert_tail(&thread->MutantListHead, &mutant->MutantListEntry);
            l->owner = (uint8_t)thread->Fiber;
            l->kind = LOCK_MUTEX;
            l->ip = guest_caller();
            if (mutant->Abandoned) {
                mutant->Abandoned = FALSE;
                return STATUS_ABANDONED;
            }
        }
        break;
    }
    default: /* notification events and timers, threads, processes stay signalled */
        break;
    }
    return STATUS_SUCCESS;
}

/* The running fiber's wait for h ended with success: if that made it a mutex's owner, say so. */
static void
tell_acquired(const DISPATCHER_HEADER *h)
{
    if (h->Type == MutantObject && h->SignalState == 0)
        trace_emit(EV_LOCK_ACQUIRE, h, LOCK_MUTEX);
}

static void
tell_satisfied(PVOID *objects, ULONG count, WAIT_TYPE type, NTSTATUS status)
{
    ULONG index = (ULONG)status & 0x3f;

    if (status == STATUS_TIMEOUT)
        return;
    for (ULONG i = 0; i < count; i++)
        if (type == WaitAll || i == index)
            tell_acquired(objects[i]);
}

/* Are all objects of thread's WaitAll ready? */
static bool
all_satisfiable(PKTHREAD thread)
{
    for (ULONG i = 0; i < thread->WaitCount; i++)
        if (!satisfiable(thread->WaitBlockList[i].Object, thread))
            return false;
    return true;
}

/* Take thread off every object it waits for and let it go on with status. */
static void
end_wait(PKTHREAD thread, NTSTATUS status)
{
    for (ULONG i = 0; i < thread->WaitCount; i++)
        ke_list_remove(&thread->WaitBlockList[i].WaitListEntry);
    thread->WaitBlockList = NULL;
    thread->WaitCount = 0;
    thread->WaitStatus = status;
    mtimer_cancel(&NT->ke->wait[thread->Fiber].clock);
    sched_wake(ps_fiber_of(thread));
}

void
ke_signal(DISPATCHER_HEADER *h)
{
    LIST_ENTRY *at = h->WaitListHead.Flink;

    while (at != &h->WaitListHead && h->SignalState > 0) {
        KWAIT_BLOCK *block = CONTAINING_RECORD(at, KWAIT_BLOCK, WaitListEntry);
        PKTHREAD thread = block->Thread;

        if (block->WaitType == WaitAny) {
            end_wait(thread, satisfy(h, thread) + block->WaitKey);
        } else if (all_satisfiable(thread)) {
            NTSTATUS status = STATUS_SUCCESS;

            for (ULONG i = 0; i < thread->WaitCount; i++) {
                status |= satisfy(thread->WaitBlockList[i].Object, thread);
                sched_touch((uint64_t)thread->WaitBlockList[i].Object);
            }
            end_wait(thread, status);
        } else {
            at = at->Flink;
            continue;
        }
        at = h->WaitListHead.Flink; /* blocks behind may have gone with that thread */
    }
}

/* ------------------------------------------------------------------ time */

uint64_t
ke_due(int64_t timeout)
{
    uint64_t now = machine_now();
    uint64_t due;

    if (timeout <= 0)
        return now + (uint64_t)-timeout;
    due = (uint64_t)timeout < machine->boot_time_100ns ? 0 : (uint64_t)timeout - machine->boot_time_100ns;
    return due > now ? due : now;
}

static void
wait_timed_out(struct mtimer *clock)
{
    uint32_t fiber = (uint32_t)(list_entry(clock, __typeof__(NT->ke->wait[0]), clock) - NT->ke->wait);
    PKTHREAD thread = ps_thread_of(&machine->fiber[fiber]);

    for (ULONG i = 0; i < thread->WaitCount; i++)
        sched_touch((uint64_t)thread->WaitBlockList[i].Object);
    end_wait(thread, STATUS_TIMEOUT);
}

static void
wake_fiber(struct mtimer *clock)
{
    uint32_t fiber = (uint32_t)(list_entry(clock, __typeof__(NT->ke->wait[0]), clock) - NT->ke->wait);

    sched_wake(&machine->fiber[fiber]);
}

void
ke_sleep(int64_t interval, const char *why)
{
    uint64_t due = ke_due(interval);

    if (due <= machine_now()) {
        sched_give_way();
        return;
    }
    mtimer_set(&NT->ke->wait[fiber_self()->id].clock, due, wake_fiber);
    sched_block(BLOCK_WAIT, 0, NULL, why);
}

/* ------------------------------------------------------------------ waiting */

struct wait {
    ULONG count;
    PVOID *objects;
    WAIT_TYPE type;
    const int64_t *timeout;
    PKWAIT_BLOCK blocks;
    const char *why;
};

/*
 * documented (0xC4: 0x120, 0x121, 0x122): a wait above DISPATCH_LEVEL, and one at DISPATCH_LEVEL that may block. From
 * a DPC the blocking itself is 0xB8. Chosen: as Driver Verifier, whether or not the object is signalled.
 */
static void
check_irql(const struct wait *w)
{
    unsigned irql = irql_get();
    UCHAR *shown;
    unsigned code;

    if (irql < IRQL_DISPATCH || (irql == IRQL_DISPATCH && w->timeout != NULL && *w->timeout == 0))
        return;
    if (fiber_self()->kind == FIBER_DPC || fiber_self()->kind == FIBER_ISR)
        machine_bugcheck(0xb8, (uint64_t)fiber_self()->thread, 0, fiber_self()->guest_sp, 0);
    code = irql > IRQL_DISPATCH ? 0x120 : w->timeout == NULL ? 0x121 : 0x122;
    shown = guest_alloc(1);
    *shown = (UCHAR)irql;
    machine_bugcheck(0xc4, code, (uint64_t)shown, (uint64_t)w->objects[0], (uint64_t)w->timeout);
}

/* documented: a mutex acquired MINLONG times raises STATUS_MUTANT_LIMIT_EXCEEDED. */
static void
check_mutant_limit(const DISPATCHER_HEADER *h, PKTHREAD thread)
{
    if (h->Type == MutantObject && h->SignalState == MINLONG && ((const KMUTANT *)h)->OwnerThread == thread)
        seh_raise_status(STATUS_MUTANT_LIMIT_EXCEEDED);
}

/* What can be had without waiting; false: nothing. */
static bool
try_now(const struct wait *w, PKTHREAD thread, NTSTATUS *status)
{
    *status = STATUS_SUCCESS;
    if (w->type == WaitAny) {
        for (ULONG i = 0; i < w->count; i++) {
            check_mutant_limit(w->objects[i], thread);
            if (satisfiable(w->objects[i], thread)) {
                *status = satisfy(w->objects[i], thread) + (NTSTATUS)i;
                return true;
            }
        }
        return false;
    }
    for (ULONG i = 0; i < w->count; i++) {
        check_mutant_limit(w->objects[i], thread);
        if (!satisfiable(w->objects[i], thread))
            return false;
    }
    for (ULONG i = 0; i < w->count; i++)
        *status |= satisfy(w->objects[i], thread);
    return true;
}

/* Who could end the wait, if that is known: the owner of a mutex, the thread waited for. */
static struct fiber *
owner_of(const DISPATCHER_HEADER *h)
{
    if (h->Type == MutantObject && ((const KMUTANT *)h)->OwnerThread != NULL)
        return ps_fiber_of(((const KMUTANT *)h)->OwnerThread);
    if (h->Type == ThreadObject)
        return ps_fiber_of((PKTHREAD)h);
    return NULL;
}

static const char *
words_for(const DISPATCHER_HEADER *h)
{
    switch (h->Type) {
    case EventNotificationObject:
    case EventSynchronizationObject:
        return "waits for an event";
    case MutantObject:
        return "waits for a mutex";
    case SemaphoreObject:
        return "waits for a semaphore";
    case TimerNotificationObject:
    case TimerSynchronizationObject:
        return "waits for a timer";
    case ThreadObject:
        return "waits for a thread to end";
    case ProcessObject:
        return "waits for a process to end";
    default:
        return "waits for an object";
    }
}

static NTSTATUS
wait_for(const struct wait *w)
{
    PKTHREAD thread = ps_self();
    uint64_t due = 0;
    NTSTATUS status;

    if (thread->WaitNext) { /* KeSetEvent(.., TRUE) raised IRQL for us */
        thread->WaitNext = FALSE;
        irql_lower(thread->WaitIrql);
    }
    check_irql(w);
    if (try_now(w, thread, &status))
        return status;
    if (w->timeout != NULL) {
        due = ke_due(*w->timeout);
        if (due <= machine_now())
            return STATUS_TIMEOUT;
    }
    for (ULONG i = 0; i < w->count; i++) {
        KWAIT_BLOCK *block = &w->blocks[i];
        DISPATCHER_HEADER *h = w->objects[i];

        block->WaitType = (UCHAR)w->type;
        block->BlockState = 0;
        block->WaitKey = (USHORT)i;
        block->SpareLong = 0;
        block->Thread = thread;
        block->Object = h;
        block->SparePtr = NULL;
        ke_list_insert_tail(&h->WaitListHead, &block->WaitListEntry);
    }
    thread->WaitBlockList = w->blocks;
    thread->WaitCount = w->count;
    if (w->timeout != NULL)
        mtimer_set(&NT->ke->wait[thread->Fiber].clock, due, wait_timed_out);
    sched_block(BLOCK_WAIT, (uint64_t)w->objects[0], owner_of(w->objects[0]),
                w->why != NULL ? w->why : words_for(w->objects[0]));
    sched_touch((uint64_t)w->objects[0]);
    return thread->WaitStatus;
}

int32_t
ke_wait(void *object, const int64_t *timeout, const char *why)
{
    struct wait w = { 1, &object, WaitAny, timeout, ps_self()->WaitBlock, why };
    NTSTATUS status;

    sched_touch((uint64_t)object);
    status = wait_for(&w);
    tell_satisfied(&object, 1, WaitAny, status);
    trace_emit(EV_EVENT_WAIT, object, (uint32_t)status);
    return status;
}

/* KeWaitForSingleObject - documented: STATUS_SUCCESS, _TIMEOUT; _ALERTED and _USER_APC need what is not here. */
NTSTATUS NTAPI
KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                      PLARGE_INTEGER Timeout)
{
    (void)WaitReason, (void)WaitMode, (void)Alertable;
    return ke_wait(Object, Timeout != NULL ? &Timeout->QuadPart : NULL, NULL);
}

NTSTATUS NTAPI
KeWaitForMutexObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                     PLARGE_INTEGER Timeout)
{
    return KeWaitForSingleObject(Object, WaitReason, WaitMode, Alertable, Timeout);
}

/*
 * KeWaitForMultipleObjects
 *
 * Source:  documented: more objects than MAXIMUM_WAIT_OBJECTS, or than THREAD_WAIT_OBJECTS without WaitBlockArray,
 *          is bugcheck 0xC, MAXIMUM_WAIT_OBJECTS_EXCEEDED.
 * IRQL:    as a wait for a single object.
 * Returns: STATUS_WAIT_0 + i, STATUS_ABANDONED_WAIT_0 + i, STATUS_TIMEOUT; STATUS_SUCCESS for WaitAll.
 */
NTSTATUS NTAPI
KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                         KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                         PKWAIT_BLOCK WaitBlockArray)
{
    struct wait w = { Count,
                      Object,
                      WaitType,
                      Timeout != NULL ? &Timeout->QuadPart : NULL,
                      WaitBlockArray != NULL ? WaitBlockArray : ps_self()->WaitBlock,
                      NULL };
    NTSTATUS status;

    (void)WaitReason, (void)WaitMode, (void)Alertable;
    if (Count == 0 || Count > (WaitBlockArray != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        machine_bugcheck(0xc, 0, 0, 0, 0);
    sched_point(OP_DDI, (uint64_t)Object[0]);
    for (ULONG i = 1; i < Count; i++)
        sched_touch((uint64_t)Object[i]);
    status = wait_for(&w);
    for (ULONG i = 0; i < Count; i++)
        sched_touch((uint64_t)Object[i]);
    tell_satisfied(Object, Count, WaitType, status);
    trace_emit(EV_EVENT_WAIT, Object[0], (uint32_t)status);
    return status;
}

/* documented: PASSIVE or APC_LEVEL; a zero interval gives way once. */
NTSTATUS NTAPI
KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    struct wait w = { 1, (PVOID[]){ NULL }, WaitAny, &Interval->QuadPart, NULL, NULL };

    (void)WaitMode, (void)Alertable;
    if (Interval->QuadPart != 0 || irql_get() > IRQL_DISPATCH)
        check_irql(&w);
    ke_sleep(Interval->QuadPart, "sleeps");
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ blocking of host code */

void
ke_block(struct ke_queue *q, uint64_t object, struct fiber *owner, const char *why)
{
    fiber_set_add(&q->fibers, fiber_self()->id);
    sched_block(BLOCK_INTERNAL, object, owner, why);
}

void
ke_unblock_all(struct ke_queue *q)
{
    struct fiber_set fibers = q->fibers;

    q->fibers = (struct fiber_set){ 0 };
    for (uint32_t id; (id = fiber_set_first(&fibers)) != 0; fiber_set_del(&fibers, id))
        sched_wake(&machine->fiber[id]);
}
