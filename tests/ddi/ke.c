/* SPDX-License-Identifier: MIT */
/* ke.c - IRQL, spin locks, dispatcher objects, DPCs, timers, threads, time. */
#include "ddi.h"

#define MS_100NS 10000LL

static VOID
RaiseAndLower(VOID)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(old == PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(old);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static VOID
SpinLockRaises(VOID)
{
    static KSPIN_LOCK lock;
    KIRQL old;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    CHECK(old == PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&lock));
    KeReleaseSpinLock(&lock, old);
    CHECK(KeTestSpinLock(&lock));
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static VOID
SpinLockAtDpcKeepsIrql(VOID)
{
    static KSPIN_LOCK lock;
    KIRQL old;

    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static VOID
QueuedSpinLock(VOID)
{
    static KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;

    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static NTSTATUS
Poll(PVOID Object)
{
    LARGE_INTEGER zero;

    zero.QuadPart = 0;
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &zero);
}

static VOID
NotificationEventStays(VOID)
{
    static KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(Poll(&event) == STATUS_TIMEOUT);
    CHECK(KeSetEvent(&event, IO_NO_INCREMENT, FALSE) == 0);
    CHECK(KeSetEvent(&event, IO_NO_INCREMENT, FALSE) != 0);
    CHECK(Poll(&event) == STATUS_SUCCESS);
    CHECK(Poll(&event) == STATUS_SUCCESS);
    CHECK(KeResetEvent(&event) != 0);
    CHECK(KeReadStateEvent(&event) == 0);
}

static VOID
SynchronizationEventIsTaken(VOID)
{
    static KEVENT event;

    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    CHECK(Poll(&event) == STATUS_SUCCESS);
    CHECK(Poll(&event) == STATUS_TIMEOUT);
}

static VOID
SemaphoreCounts(VOID)
{
    static KSEMAPHORE semaphore;

    KeInitializeSemaphore(&semaphore, 1, 3);
    CHECK(Poll(&semaphore) == STATUS_SUCCESS);
    CHECK(Poll(&semaphore) == STATUS_TIMEOUT);
    CHECK(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE) == 0);
    CHECK(KeReadStateSemaphore(&semaphore) == 2);
}

static VOID
MutexIsRecursive(VOID)
{
    static KMUTEX mutex;

    KeInitializeMutex(&mutex, 0);
    CHECK(Poll(&mutex) == STATUS_SUCCESS);
    CHECK(Poll(&mutex) == STATUS_SUCCESS);
    CHECK(KeReadStateMutex(&mutex) == -1);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
    CHECK(KeReadStateMutex(&mutex) == 1);
}

static VOID
WaitForAnyAndAll(VOID)
{
    static KEVENT first, second;
    PVOID objects[2] = { &first, &second };
    LARGE_INTEGER zero;

    zero.QuadPart = 0;
    KeInitializeEvent(&first, SynchronizationEvent, FALSE);
    KeInitializeEvent(&second, SynchronizationEvent, TRUE);
    CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &zero, NULL) == STATUS_TIMEOUT);
    CHECK(KeReadStateEvent(&second) != 0);
    CHECK(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &zero, NULL) == STATUS_WAIT_1);
    CHECK(KeReadStateEvent(&second) == 0);
}

static VOID
DelayMovesTime(VOID)
{
    LARGE_INTEGER before, after, ticks_before, ticks_after, wait;

    wait.QuadPart = -50 * MS_100NS;
    KeQuerySystemTime(&before);
    KeQueryTickCount(&ticks_before);
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &wait) == STATUS_SUCCESS);
    KeQuerySystemTime(&after);
    KeQueryTickCount(&ticks_after);
    CHECK(after.QuadPart - before.QuadPart >= 50 * MS_100NS);
    CHECK(ticks_after.QuadPart > ticks_before.QuadPart);
}

static struct {
    ULONG Order[4];
    ULONG Count;
    KIRQL Irql;
    PVOID First, Second;
} DpcRan;

static KEVENT DpcDone;

static VOID NTAPI
NoteDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);

    DpcRan.Irql = KeGetCurrentIrql();
    DpcRan.First = Argument1;
    DpcRan.Second = Argument2;
    if (DpcRan.Count < RTL_NUMBER_OF(DpcRan.Order))
        DpcRan.Order[DpcRan.Count++] = (ULONG)(ULONG_PTR)Context;
    KeSetEvent(&DpcDone, IO_NO_INCREMENT, FALSE);
}

static VOID
ResetDpc(VOID)
{
    RtlZeroMemory(&DpcRan, sizeof(DpcRan));
    KeInitializeEvent(&DpcDone, NotificationEvent, FALSE);
}

static VOID
DpcRunsAtDispatch(VOID)
{
    static KDPC dpc;

    ResetDpc();
    KeInitializeDpc(&dpc, NoteDpc, (PVOID)7);
    CHECK(KeInsertQueueDpc(&dpc, (PVOID)1, (PVOID)2));
    KeWaitForSingleObject(&DpcDone, Executive, KernelMode, FALSE, NULL);
    CHECK(DpcRan.Irql == DISPATCH_LEVEL);
    CHECK(DpcRan.Order[0] == 7 && DpcRan.First == (PVOID)1 && DpcRan.Second == (PVOID)2);
}

static VOID
DpcIsQueuedOnce(VOID)
{
    static KDPC dpc;
    KIRQL old;

    ResetDpc();
    KeInitializeDpc(&dpc, NoteDpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old); /* keeps it waiting on this processor */
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    CHECK(!KeInsertQueueDpc(&dpc, NULL, NULL));
    CHECK(KeRemoveQueueDpc(&dpc));
    CHECK(!KeRemoveQueueDpc(&dpc));
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    CHECK(DpcRan.Count == 0);
}

static VOID
DpcOrder(VOID)
{
    static KDPC one, two, important;
    KIRQL old;

    ResetDpc();
    KeInitializeDpc(&one, NoteDpc, (PVOID)1);
    KeInitializeDpc(&two, NoteDpc, (PVOID)2);
    KeInitializeDpc(&important, NoteDpc, (PVOID)3);
    KeSetImportanceDpc(&important, HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&one, NULL, NULL);
    KeInsertQueueDpc(&two, NULL, NULL);
    KeInsertQueueDpc(&important, NULL, NULL);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    CHECK(DpcRan.Count == 3);
    CHECK(DpcRan.Order[0] == 3 && DpcRan.Order[1] == 1 && DpcRan.Order[2] == 2);
}

static VOID
TimerFiresOnce(VOID)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due, wait;

    ResetDpc();
    due.QuadPart = -5 * MS_100NS;
    wait.QuadPart = -40 * MS_100NS;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, NoteDpc, (PVOID)9);
    CHECK(!KeSetTimer(&timer, due, &dpc));
    CHECK(KeSetTimer(&timer, due, &dpc)); /* set again: it was in the queue */
    CHECK(!KeReadStateTimer(&timer));
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateTimer(&timer));
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(DpcRan.Count == 1);
    CHECK(!KeCancelTimer(&timer));
}

static VOID
TimerCancelled(VOID)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due, wait;

    ResetDpc();
    due.QuadPart = -20 * MS_100NS;
    wait.QuadPart = -40 * MS_100NS;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, NoteDpc, NULL);
    KeSetTimer(&timer, due, &dpc);
    CHECK(KeCancelTimer(&timer));
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(DpcRan.Count == 0);
}

static VOID
TimerIsPeriodic(VOID)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due, wait;

    ResetDpc();
    due.QuadPart = -10 * MS_100NS;
    wait.QuadPart = -35 * MS_100NS;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, NoteDpc, (PVOID)1);
    KeSetTimerEx(&timer, due, 10, &dpc);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(KeCancelTimer(&timer)); /* a periodic timer is always in the queue */
    KeFlushQueuedDpcs();
    CHECK(DpcRan.Count == 3);
}

static volatile LONG ThreadSaw;

static VOID NTAPI
ThreadStart(PVOID Context)
{
    ThreadSaw = KeGetCurrentIrql() == PASSIVE_LEVEL ? (LONG)(ULONG_PTR)Context : -1;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
ThreadIsWaitedFor(VOID)
{
    HANDLE handle;
    PVOID thread;

    ThreadSaw = 0;
    REQUIRE(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadStart, (PVOID)5) ==
            STATUS_SUCCESS);
    if (ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL) ==
        STATUS_SUCCESS) {
        CHECK(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
        ObDereferenceObject(thread);
        CHECK(ThreadSaw == 5);
    } else {
        CHECK(!"ObReferenceObjectByHandle");
    }
    CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

static VOID
StallAndCounter(VOID)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER before = KeQueryPerformanceCounter(&frequency);
    LARGE_INTEGER after;

    KeStallExecutionProcessor(20);
    after = KeQueryPerformanceCounter(NULL);
    CHECK(frequency.QuadPart > 0);
    CHECK((after.QuadPart - before.QuadPart) * 1000000 >= 20 * frequency.QuadPart);
}

static VOID
CriticalRegion(VOID)
{
    CHECK(!KeAreApcsDisabled());
    KeEnterCriticalRegion();
    CHECK(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    CHECK(!KeAreApcsDisabled());
}

DDI_TESTS(ke, { "raise_and_lower", RaiseAndLower }, { "spin_lock_raises", SpinLockRaises },
          { "spin_lock_at_dpc_keeps_irql", SpinLockAtDpcKeepsIrql }, { "queued_spin_lock", QueuedSpinLock },
          { "notification_event_stays", NotificationEventStays },
          { "synchronization_event_is_taken", SynchronizationEventIsTaken }, { "semaphore_counts", SemaphoreCounts },
          { "mutex_is_recursive", MutexIsRecursive }, { "wait_for_any_and_all", WaitForAnyAndAll },
          { "delay_moves_time", DelayMovesTime }, { "dpc_runs_at_dispatch", DpcRunsAtDispatch },
          { "dpc_is_queued_once", DpcIsQueuedOnce }, { "dpc_order", DpcOrder }, { "timer_fires_once", TimerFiresOnce },
          { "timer_cancelled", TimerCancelled }, { "timer_is_periodic", TimerIsPeriodic },
          { "thread_is_waited_for", ThreadIsWaitedFor }, { "stall_and_counter", StallAndCounter },
          { "critical_region", CriticalRegion });
