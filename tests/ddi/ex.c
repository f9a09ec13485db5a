/* SPDX-License-Identifier: MIT */
/* ex.c - pools, lookaside lists, rundown protection, mutexes, resources. */
#include "ddi.h"

static VOID
PoolIsAligned(VOID)
{
    PVOID small = ExAllocatePoolWithTag(NonPagedPoolNx, 1, DDI_TAG);
    PVOID page = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, DDI_TAG);

    CHECK(small != NULL && ((ULONG_PTR)small & (MEMORY_ALLOCATION_ALIGNMENT - 1)) == 0);
    CHECK(page != NULL && ((ULONG_PTR)page & (PAGE_SIZE - 1)) == 0);
    if (small != NULL)
        ExFreePoolWithTag(small, DDI_TAG);
    if (page != NULL)
        ExFreePoolWithTag(page, DDI_TAG);
}

static VOID
PoolsAreDistinct(VOID)
{
    PUCHAR a = ExAllocatePoolWithTag(NonPagedPoolNx, 24, DDI_TAG);
    PUCHAR b = ExAllocatePoolWithTag(PagedPool, 24, DDI_TAG);

    if (a != NULL && b != NULL) {
        RtlFillMemory(a, 24, 0xaa);
        RtlFillMemory(b, 24, 0xbb);
        CHECK(a[23] == 0xaa && b[0] == 0xbb);
    } else {
        CHECK(!"allocated");
    }
    if (a != NULL)
        ExFreePool(a);
    if (b != NULL)
        ExFreePool(b);
}

static VOID
Pool2Zeroes(VOID)
{
    PUCHAR p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 200, DDI_TAG);
    ULONG i;
    ULONG others = 0;

    REQUIRE(p != NULL);
    for (i = 0; i < 200; i++)
        others += p[i] != 0;
    CHECK(others == 0);
    ExFreePoolWithTag(p, DDI_TAG);
}

static VOID
Lookaside(VOID)
{
    static NPAGED_LOOKASIDE_LIST list;
    PVOID first;
    PVOID second;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, DDI_TAG, 0);
    first = ExAllocateFromNPagedLookasideList(&list);
    second = ExAllocateFromNPagedLookasideList(&list);
    CHECK(first != NULL && second != NULL && first != second);
    if (first != NULL)
        ExFreeToNPagedLookasideList(&list, first);
    if (second != NULL)
        ExFreeToNPagedLookasideList(&list, second);
    ExDeleteNPagedLookasideList(&list);
}

static VOID
LookasideEx(VOID)
{
    static LOOKASIDE_LIST_EX list;
    PVOID entry;

    REQUIRE(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 32, DDI_TAG, 0) == STATUS_SUCCESS);
    entry = ExAllocateFromLookasideListEx(&list);
    CHECK(entry != NULL);
    if (entry != NULL)
        ExFreeToLookasideListEx(&list, entry);
    ExFlushLookasideListEx(&list);
    ExDeleteLookasideListEx(&list);
}

static VOID
RundownRefuses(VOID)
{
    static EX_RUNDOWN_REF ref;

    ExInitializeRundownProtection(&ref);
    CHECK(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    CHECK(!ExAcquireRundownProtection(&ref));
    ExReInitializeRundownProtection(&ref);
    CHECK(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
}

static EX_RUNDOWN_REF WaitedRef;
static KEVENT Acquired;
static volatile LONG Released;

static VOID NTAPI
HoldsRundown(PVOID Context)
{
    LARGE_INTEGER wait;

    UNREFERENCED_PARAMETER(Context);

    wait.QuadPart = -10 * 1000 * 10; /* 10 ms */
    if (ExAcquireRundownProtection(&WaitedRef)) {
        KeSetEvent(&Acquired, IO_NO_INCREMENT, FALSE);
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        InterlockedExchange(&Released, 1);
        ExReleaseRundownProtection(&WaitedRef);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
RundownWaits(VOID)
{
    HANDLE handle;

    ExInitializeRundownProtection(&WaitedRef);
    KeInitializeEvent(&Acquired, NotificationEvent, FALSE);
    Released = 0;
    REQUIRE(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, HoldsRundown, NULL) == STATUS_SUCCESS);
    KeWaitForSingleObject(&Acquired, Executive, KernelMode, FALSE, NULL);
    ExWaitForRundownProtectionRelease(&WaitedRef);
    CHECK(Released == 1);
    CHECK(ZwWaitForSingleObject(handle, FALSE, NULL) == STATUS_SUCCESS);
    ZwClose(handle);
}

static VOID
FastMutexRaisesToApc(VOID)
{
    static FAST_MUTEX mutex;

    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    CHECK(KeGetCurrentIrql() == APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    CHECK(ExTryToAcquireFastMutex(&mutex));
    CHECK(KeGetCurrentIrql() == APC_LEVEL);
    ExReleaseFastMutex(&mutex);
}

static VOID
ResourceIsRecursive(VOID)
{
    static ERESOURCE resource;

    REQUIRE(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE));
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE));
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    KeLeaveCriticalRegion();
    CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
}

static VOID
SharedSpinLock(VOID)
{
    static EX_SPIN_LOCK lock;
    KIRQL old;

    old = ExAcquireSpinLockShared(&lock);
    CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExReleaseSpinLockShared(&lock, old);
    old = ExAcquireSpinLockExclusive(&lock);
    ExReleaseSpinLockExclusive(&lock, old);
}

DDI_TESTS(ex, { "pool_is_aligned", PoolIsAligned }, { "pools_are_distinct", PoolsAreDistinct },
          { "pool2_zeroes", Pool2Zeroes }, { "lookaside", Lookaside }, { "lookaside_ex", LookasideEx },
          { "rundown_refuses", RundownRefuses }, { "rundown_waits", RundownWaits },
          { "fast_mutex_raises_to_apc", FastMutexRaisesToApc }, { "resource_is_recursive", ResourceIsRecursive },
          { "shared_spin_lock", SharedSpinLock });
