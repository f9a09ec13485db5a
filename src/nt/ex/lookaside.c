/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/lookaside.c - lookaside lists.
 *
 * Model: drivers allocate and free inline: pop the list, or call Allocate; push, or call Free when the list is as deep
 * as Depth. Here we only initialise and delete. Depth is 0, so every free reaches the pool and every allocation comes
 * from it: what a list would cache stays poisoned instead and a use after free is seen (chosen, as Driver Verifier's
 * special pool does).
 */
#include "nt/ex/ex.h"

static uint64_t
export_address(const char *name)
{
    return ddi_address(ke_site(name));
}

/* The two public layouts begin alike; the difference is the tail. */
static void
init(GENERAL_LOOKASIDE_POOL *l, uint64_t allocate, uint64_t free, POOL_TYPE type, SIZE_T size, ULONG tag)
{
    RtlZeroMemory(l, sizeof(*l));
    l->Depth = 0;
    l->MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
    l->Type = type;
    l->Tag = tag;
    l->Size = (ULONG)size;
    l->Allocate = (PALLOCATE_FUNCTION)allocate;
    l->Free = (PFREE_FUNCTION)free;
    l->ListEntry.Flink = l->ListEntry.Blink = &l->ListEntry;
}

/* Free what the list still holds. extended: Free takes the list too. */
static void
flush(GENERAL_LOOKASIDE_POOL *l, bool extended)
{
    PSLIST_ENTRY entry;

    while ((entry = ExpInterlockedPopEntrySList(&l->ListHead)) != NULL)
        if (extended)
            GUEST_CALL(NT->ex->lookaside_site, l->FreeEx, (uint64_t)entry, (uint64_t)l);
        else
            GUEST_CALL(NT->ex->lookaside_site, l->Free, (uint64_t)entry);
}

/* documented: Depth and Flags are reserved (POOL_NX_ALLOCATION, POOL_RAISE_IF_ALLOCATION_FAILURE may be set). */
static void
init_old(GENERAL_LOOKASIDE *l, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free, POOL_TYPE type, ULONG flags,
         SIZE_T size, ULONG tag)
{
    init((GENERAL_LOOKASIDE_POOL *)l, allocate != NULL ? (uint64_t)allocate : export_address("ExAllocatePoolWithTag"),
         free != NULL ? (uint64_t)free : export_address("ExFreePool"), type | (POOL_TYPE)flags, size, tag);
}

VOID NTAPI
ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    init_old(&Lookaside->L, Allocate, Free, NonPagedPool, Flags, Size, Tag);
}

VOID NTAPI
ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    flush((GENERAL_LOOKASIDE_POOL *)&Lookaside->L, false);
}

VOID NTAPI
ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                               ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    init_old(&Lookaside->L, Allocate, Free, PagedPool, Flags, Size, Tag);
}

VOID NTAPI
ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    flush((GENERAL_LOOKASIDE_POOL *)&Lookaside->L, false);
}

/* What AllocateEx and FreeEx are when the driver names none. */
PVOID NTAPI
ExpAllocateLookasideEx(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, PLOOKASIDE_LIST_EX Lookaside)
{
    (void)Lookaside;
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

VOID NTAPI
ExpFreeLookasideEx(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside)
{
    (void)Lookaside;
    ExFreePool(Buffer);
}

/*
 * ExInitializeLookasideListEx - documented: STATUS_INVALID_PARAMETER_4 for a pool type that is none,
 * _PARAMETER_5 for both flags or unknown ones. A size below that of a list entry is rounded up.
 */
NTSTATUS NTAPI
ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                            POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    if ((PoolType & 3) > PagedPool)
        return STATUS_INVALID_PARAMETER_4;
    if (Flags > EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        return STATUS_INVALID_PARAMETER_5;
    if (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        PoolType |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    if (Size < sizeof(PVOID))
        Size = sizeof(PVOID);
    init(&Lookaside->L, Allocate != NULL ? (uint64_t)Allocate : export_address("ExpAllocateLookasideEx"),
         Free != NULL ? (uint64_t)Free : export_address("ExpFreeLookasideEx"), PoolType, Size, Tag);
    return STATUS_SUCCESS;
}

VOID NTAPI
ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    flush(&Lookaside->L, true);
}

VOID NTAPI
ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    flush(&Lookaside->L, true);
}
