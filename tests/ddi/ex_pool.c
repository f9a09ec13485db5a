/* SPDX-License-Identifier: MIT */
/* ex_pool.c - the rarer pool calls, lists under locks, sequenced lists, lookaside lists. */
#include "ddi.h"

static VOID
PoolsOfEveryKind(VOID)
{
    DDI_EXPORT(PVOID, ExAllocatePool, (POOL_TYPE, SIZE_T));
    DDI_EXPORT(PVOID, ExAllocatePoolWithQuota, (POOL_TYPE, SIZE_T));
    DDI_EXPORT(VOID, ExFreePool, (PVOID));
    PVOID p;

    p = pExAllocatePool(NonPagedPoolNx, 24);
    REQUIRE(p != NULL);
    pExFreePool(p);
    p = ExAllocatePoolWithTagPriority(PagedPool, 4096, DDI_TAG, LowPoolPriority);
    REQUIRE(p != NULL);
    CHECK(((ULONG_PTR)p & (PAGE_SIZE - 1)) == 0); /* documented: a page or more is page aligned */
    ExFreePoolWithTag(p, DDI_TAG);
    p = pExAllocatePoolWithQuota(PagedPool, 24);
    REQUIRE(p != NULL);
    pExFreePool(p);
    p = ExAllocatePoolWithQuotaTag(PagedPool, 24, DDI_TAG);
    REQUIRE(p != NULL);
    ExFreePoolWithTag(p, DDI_TAG);
}

static VOID
Pool3(VOID)
{
    PUCHAR p = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, DDI_TAG, NULL, 0);
    ULONG i, sum = 0;

    REQUIRE(p != NULL);
    for (i = 0; i < 100; i++)
        sum += p[i];
    CHECK(sum == 0);
    ExFreePool2(p, DDI_TAG, NULL, 0);
    CHECK(ExAllocatePool3(POOL_FLAG_NON_PAGED, 8, 0, NULL, 0) == NULL);                         /* no tag */
    CHECK(ExAllocatePool3(0x40000000, 8, DDI_TAG, NULL, 0) == NULL);                            /* no such flag */
    CHECK(ExAllocatePool3(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 8, DDI_TAG, NULL, 0) == NULL); /* two kinds */
}

static VOID
ListsUnderLock(VOID)
{
    static KSPIN_LOCK lock;
    static LIST_ENTRY head, a, b;
    static SINGLE_LIST_ENTRY single, one, two;

    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    CHECK(ExInterlockedInsertHeadList(&head, &a, &lock) == NULL); /* documented: NULL when it was empty */
    CHECK(ExInterlockedInsertHeadList(&head, &b, &lock) == &a);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &b);
    CHECK(ExInterlockedInsertTailList(&head, &b, &lock) == &a);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &a);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &b);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == NULL);
    CHECK(ExInterlockedInsertTailList(&head, &b, &lock) == NULL);

    single.Next = NULL;
    CHECK(ExInterlockedPushEntryList(&single, &one, &lock) == NULL);
    CHECK(ExInterlockedPushEntryList(&single, &two, &lock) == &one);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == &two);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == &one);
    CHECK(ExInterlockedPopEntryList(&single, &lock) == NULL);
}

static VOID
SumsUnderLock(VOID)
{
    static KSPIN_LOCK lock;
    ULONG sum = 40;
    LARGE_INTEGER large, more;

    KeInitializeSpinLock(&lock);
    CHECK(ExInterlockedAddUlong(&sum, 2, &lock) == 40 && sum == 42);
    large.QuadPart = 0xffffffff;
    more.QuadPart = 2;
    CHECK(ExInterlockedAddLargeInteger(&large, more, &lock).QuadPart == 0xffffffff);
    CHECK(large.QuadPart == 0x100000001LL);
}

static VOID
SequencedList(VOID)
{
    DDI_EXPORT(VOID, InitializeSListHead, (PSLIST_HEADER));
    DDI_EXPORT(PSLIST_ENTRY, ExInterlockedPushEntrySList, (PSLIST_HEADER, PSLIST_ENTRY, PKSPIN_LOCK));
    DDI_EXPORT(PSLIST_ENTRY, ExInterlockedPopEntrySList, (PSLIST_HEADER, PKSPIN_LOCK));
    DDI_EXPORT(PSLIST_ENTRY, ExInterlockedFlushSList, (PSLIST_HEADER));
    static SLIST_HEADER head;
    static SLIST_ENTRY a, b;
    static KSPIN_LOCK lock;

    head.Alignment = head.Region = ~0ULL;
    pInitializeSListHead(&head);
    CHECK(ExQueryDepthSList(&head) == 0);
    CHECK(pExInterlockedPushEntrySList(&head, &a, &lock) == NULL);
    CHECK(pExInterlockedPushEntrySList(&head, &b, &lock) == &a);
    CHECK(ExQueryDepthSList(&head) == 2);
    CHECK(pExInterlockedPopEntrySList(&head, &lock) == &b);
    CHECK(ExpInterlockedPushEntrySList(&head, &b) == &a);
    CHECK(pExInterlockedFlushSList(&head) == &b && b.Next == &a && a.Next == NULL);
    CHECK(ExQueryDepthSList(&head) == 0 && ExpInterlockedPopEntrySList(&head) == NULL);
    ExpInterlockedPushEntrySList(&head, &a);
    CHECK(ExpInterlockedFlushSList(&head) == &a);
    CHECK(ExpInterlockedFlushSList(&head) == NULL);
}

static VOID
PagedLookaside(VOID)
{
    static PAGED_LOOKASIDE_LIST list;
    PVOID entry;

    ExInitializePagedLookasideList(&list, NULL, NULL, 0, 200, DDI_TAG, 0);
    entry = ExAllocateFromPagedLookasideList(&list);
    CHECK(entry != NULL);
    if (entry != NULL) {
        RtlFillMemory(entry, 200, 0x5a);
        ExFreeToPagedLookasideList(&list, entry);
        entry = ExAllocateFromPagedLookasideList(&list); /* the same or another: how deep the list is, Windows says */
        CHECK(entry != NULL);
        if (entry != NULL)
            ExFreeToPagedLookasideList(&list, entry);
    }
    ExDeletePagedLookasideList(&list);
}

static VOID
LookasideRefuses(VOID)
{
    static LOOKASIDE_LIST_EX list;

    CHECK(ExInitializeLookasideListEx(&list, NULL, NULL, (POOL_TYPE)99, 0, 32, DDI_TAG, 0) ==
          STATUS_INVALID_PARAMETER_4);
    CHECK(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0x8000, 32, DDI_TAG, 0) ==
          STATUS_INVALID_PARAMETER_5);
}

DDI_TESTS(pool, { "pools_of_every_kind", PoolsOfEveryKind }, { "pool3", Pool3 }, { "lists_under_lock", ListsUnderLock },
          { "sums_under_lock", SumsUnderLock }, { "sequenced_list", SequencedList },
          { "paged_lookaside", PagedLookaside }, { "lookaside_refuses", LookasideRefuses });
