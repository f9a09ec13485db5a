/* SPDX-License-Identifier: MIT */
/* ex_lock.c - spin locks of every spelling, fast and guarded mutexes, push locks, resources, rundown protection. */
#include "ddi.h"

static VOID
SpinLockSpellings(VOID)
{
    DDI_EXPORT(VOID, KeInitializeSpinLock, (PKSPIN_LOCK));
    DDI_EXPORT(KIRQL, KeAcquireSpinLockRaiseToSynch, (PKSPIN_LOCK));
    DDI_EXPORT(KIRQL, KfAcquireSpinLock, (PKSPIN_LOCK));
    DDI_EXPORT(VOID, KfReleaseSpinLock, (PKSPIN_LOCK, KIRQL));
    DDI_EXPORT(VOID, KiAcquireSpinLock, (PKSPIN_LOCK));
    DDI_EXPORT(VOID, KiReleaseSpinLock, (PKSPIN_LOCK));
    static KSPIN_LOCK lock;
    KIRQL old;

    lock = 77;
    pKeInitializeSpinLock(&lock);
    CHECK(lock == 0 && KeTestSpinLock(&lock));
    old = pKfAcquireSpinLock(&lock);
    CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL && !KeTestSpinLock(&lock));
    pKfReleaseSpinLock(&lock, old);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && KeTestSpinLock(&lock));
    old = pKeAcquireSpinLockRaiseToSynch(&lock);
    CHECK(KeGetCurrentIrql() > DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    pKiAcquireSpinLock(&lock);
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    pKiReleaseSpinLock(&lock);
    CHECK(KeTestSpinLock(&lock));
    KeLowerIrql(old);
}

static VOID
SpinLocksForDpc(VOID)
{
    DDI_EXPORT(KIRQL, KeAcquireSpinLockForDpc, (PKSPIN_LOCK));
    DDI_EXPORT(VOID, KeReleaseSpinLockForDpc, (PKSPIN_LOCK, KIRQL));
    DDI_EXPORT(VOID, KeAcquireInStackQueuedSpinLockForDpc, (PKSPIN_LOCK, PKLOCK_QUEUE_HANDLE));
    DDI_EXPORT(VOID, KeReleaseInStackQueuedSpinLockForDpc, (PKLOCK_QUEUE_HANDLE));
    static KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old, outer;

    KeInitializeSpinLock(&lock);
    old = pKeAcquireSpinLockForDpc(&lock);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    pKeReleaseSpinLockForDpc(&lock, old);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    pKeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    pKeReleaseInStackQueuedSpinLockForDpc(&handle);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &outer);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(outer);
}

static VOID
SharedLockConverts(VOID)
{
    static EX_SPIN_LOCK lock;
    KIRQL old = ExAcquireSpinLockShared(&lock);

    CHECK(ExTryConvertSharedSpinLockExclusive(&lock));
    ExReleaseSpinLockExclusive(&lock, old);
    old = ExAcquireSpinLockShared(&lock);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    CHECK(!ExTryConvertSharedSpinLockExclusive(&lock)); /* there is another reader */
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExReleaseSpinLockShared(&lock, old);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    KeLowerIrql(old);
}

static VOID
FastMutexUnsafe(VOID)
{
    DDI_EXPORT(VOID, ExEnterCriticalRegionAndAcquireFastMutexUnsafe, (PFAST_MUTEX));
    DDI_EXPORT(VOID, ExReleaseFastMutexUnsafeAndLeaveCriticalRegion, (PFAST_MUTEX));
    static FAST_MUTEX mutex;

    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL); /* documented: the unsafe one leaves the IRQL alone */
    CHECK(!ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
    pExEnterCriticalRegionAndAcquireFastMutexUnsafe(&mutex);
    CHECK(KeAreApcsDisabled() && !ExTryToAcquireFastMutex(&mutex));
    pExReleaseFastMutexUnsafeAndLeaveCriticalRegion(&mutex);
    CHECK(!KeAreApcsDisabled());
}

static VOID
GuardedMutex(VOID)
{
    DDI_EXPORT(VOID, KeAcquireGuardedMutexUnsafe, (PKGUARDED_MUTEX));
    DDI_EXPORT(VOID, KeReleaseGuardedMutexUnsafe, (PKGUARDED_MUTEX));
    static KGUARDED_MUTEX mutex;

    KeInitializeGuardedMutex(&mutex);
    CHECK(!KeAreAllApcsDisabled());
    KeAcquireGuardedMutex(&mutex);
    CHECK(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    CHECK(!KeAreAllApcsDisabled());
    CHECK(KeTryToAcquireGuardedMutex(&mutex) && KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    KeEnterGuardedRegion();
    CHECK(KeAreAllApcsDisabled());
    pKeAcquireGuardedMutexUnsafe(&mutex);
    CHECK(!KeTryToAcquireGuardedMutex(&mutex));
    pKeReleaseGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
    CHECK(!KeAreAllApcsDisabled());
}

static EX_PUSH_LOCK PushLock;
static volatile LONG Readers;

static VOID NTAPI
ReadsUnderPushLock(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    ExAcquirePushLockSharedEx(&PushLock, 0);
    InterlockedIncrement(&Readers);
    ExReleasePushLockSharedEx(&PushLock, 0);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
PushLocks(VOID)
{
    LARGE_INTEGER wait;
    HANDLE thread;

    wait.QuadPart = -10 * 1000;
    ExInitializePushLock(&PushLock);
    Readers = 0;
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusiveEx(&PushLock, 0);
    thread = DdiThread(ReadsUnderPushLock, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(Readers == 0); /* it waits for the writer */
    ExReleasePushLockExclusiveEx(&PushLock, 0);
    DdiJoin(thread);
    CHECK(Readers == 1);
    ExAcquirePushLockSharedEx(&PushLock, 0);
    thread = DdiThread(ReadsUnderPushLock, NULL);
    DdiJoin(thread); /* two readers do not wait */
    CHECK(Readers == 2);
    ExReleasePushLockEx(&PushLock, 0);
    ExAcquirePushLockExclusiveEx(&PushLock, 0);
    ExReleasePushLockEx(&PushLock, 0);
    KeLeaveCriticalRegion();
}

static ERESOURCE Resource;

static VOID NTAPI
WantsShared(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    CHECK(!ExAcquireSharedStarveExclusive(&Resource, FALSE)); /* held exclusively by another */
    CHECK(ExAcquireResourceSharedLite(&Resource, TRUE));
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI
WantsExclusive(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceExclusiveLite(&Resource, TRUE));
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
ResourceWaiters(VOID)
{
    DDI_EXPORT(ULONG, ExGetExclusiveWaiterCount, (PERESOURCE));
    DDI_EXPORT(ULONG, ExGetSharedWaiterCount, (PERESOURCE));
    LARGE_INTEGER wait;
    HANDLE reader, writer;

    wait.QuadPart = -10 * 1000;
    REQUIRE(ExInitializeResourceLite(&Resource) == STATUS_SUCCESS);
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceExclusiveLite(&Resource, TRUE));
    reader = DdiThread(WantsShared, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(pExGetSharedWaiterCount(&Resource) == 1 && pExGetExclusiveWaiterCount(&Resource) == 0);
    ExConvertExclusiveToSharedLite(&Resource); /* lets the reader in */
    DdiJoin(reader);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&Resource) && ExIsResourceAcquiredSharedLite(&Resource) == 1);
    writer = DdiThread(WantsExclusive, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(pExGetExclusiveWaiterCount(&Resource) == 1);
    CHECK(ExAcquireSharedStarveExclusive(&Resource, FALSE)); /* documented: past waiting writers */
    CHECK(ExIsResourceAcquiredSharedLite(&Resource) == 2);
    ExReleaseResourceLite(&Resource);
    ExReleaseResourceForThreadLite(&Resource, (ERESOURCE_THREAD)KeGetCurrentThread());
    DdiJoin(writer);
    CHECK(ExIsResourceAcquiredSharedLite(&Resource) == 0);
    CHECK(ExAcquireSharedWaitForExclusive(&Resource, TRUE));
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    CHECK(ExReinitializeResourceLite(&Resource) == STATUS_SUCCESS);
    CHECK(ExDeleteResourceLite(&Resource) == STATUS_SUCCESS);
}

static VOID
ResourceInOneCall(VOID)
{
    DDI_EXPORT(PVOID, ExEnterCriticalRegionAndAcquireResourceExclusive, (PERESOURCE));
    DDI_EXPORT(PVOID, ExEnterCriticalRegionAndAcquireResourceShared, (PERESOURCE));
    DDI_EXPORT(VOID, ExReleaseResourceAndLeaveCriticalRegion, (PERESOURCE));

    REQUIRE(ExInitializeResourceLite(&Resource) == STATUS_SUCCESS);
    pExEnterCriticalRegionAndAcquireResourceExclusive(&Resource);
    CHECK(KeAreApcsDisabled() && ExIsResourceAcquiredExclusiveLite(&Resource));
    pExReleaseResourceAndLeaveCriticalRegion(&Resource);
    CHECK(!KeAreApcsDisabled());
    pExEnterCriticalRegionAndAcquireResourceShared(&Resource);
    CHECK(KeAreApcsDisabled() && ExIsResourceAcquiredSharedLite(&Resource) == 1);
    pExReleaseResourceAndLeaveCriticalRegion(&Resource);
    CHECK(ExDeleteResourceLite(&Resource) == STATUS_SUCCESS);
}

static VOID
RundownCounts(VOID)
{
    static EX_RUNDOWN_REF ref;

    ExInitializeRundownProtection(&ref);
    CHECK(ExAcquireRundownProtectionEx(&ref, 3));
    ExReleaseRundownProtectionEx(&ref, 3);
    ExWaitForRundownProtectionRelease(&ref);
    ExRundownCompleted(&ref);
    CHECK(!ExAcquireRundownProtectionEx(&ref, 1));
}

static VOID
RundownCacheAware(VOID)
{
    DDI_EXPORT(VOID, ExInitializeRundownProtectionCacheAware, (PEX_RUNDOWN_REF_CACHE_AWARE, SIZE_T));
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, DDI_TAG);
    SIZE_T size = ExSizeOfRundownProtectionCacheAware();
    PVOID own;

    REQUIRE(ref != NULL);
    CHECK(ExAcquireRundownProtectionCacheAware(ref));
    CHECK(ExAcquireRundownProtectionCacheAwareEx(ref, 2));
    ExReleaseRundownProtectionCacheAware(ref);
    ExReleaseRundownProtectionCacheAwareEx(ref, 2);
    ExWaitForRundownProtectionReleaseCacheAware(ref);
    ExRundownCompletedCacheAware(ref);
    CHECK(!ExAcquireRundownProtectionCacheAware(ref));
    ExReInitializeRundownProtectionCacheAware(ref);
    CHECK(ExAcquireRundownProtectionCacheAware(ref));
    ExReleaseRundownProtectionCacheAware(ref);
    ExFreeCacheAwareRundownProtection(ref);

    CHECK(size > 0);
    own = ExAllocatePoolWithTag(NonPagedPoolNx, size, DDI_TAG);
    REQUIRE(own != NULL);
    pExInitializeRundownProtectionCacheAware(own, size);
    CHECK(ExAcquireRundownProtectionCacheAware(own));
    ExReleaseRundownProtectionCacheAware(own);
    ExFreePoolWithTag(own, DDI_TAG);
}

DDI_TESTS(lock, { "spin_lock_spellings", SpinLockSpellings }, { "spin_locks_for_dpc", SpinLocksForDpc },
          { "shared_lock_converts", SharedLockConverts }, { "fast_mutex_unsafe", FastMutexUnsafe },
          { "guarded_mutex", GuardedMutex }, { "push_locks", PushLocks }, { "resource_waiters", ResourceWaiters },
          { "resource_in_one_call", ResourceInOneCall }, { "rundown_counts", RundownCounts },
          { "rundown_cache_aware", RundownCacheAware });
