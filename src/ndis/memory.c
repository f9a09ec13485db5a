/* SPDX-License-Identifier: MIT */
/* ndis/memory.c - the pool in ndis's names. */
#include "ndis/ndis.h"

/*
 * NdisAllocateMemoryWithTag - nonpaged pool with a tag.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the caller takes *VirtualAddress until NdisFreeMemory.
 * Returns:   NDIS_STATUS_SUCCESS, NDIS_STATUS_FAILURE (then *VirtualAddress is NULL).
 */
NDIS_STATUS NTAPI
NdisAllocateMemoryWithTag(PVOID *VirtualAddress, UINT Length, ULONG Tag)
{
    *VirtualAddress = ExAllocatePoolWithTag(NonPagedPool, Length, Tag);
    return *VirtualAddress ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
}

/*
 * NdisAllocateMemoryWithTagPriority - the same with a handle and a priority, which only matters when memory is short.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL. Returns the memory or NULL.
 */
PVOID NTAPI
NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)NdisHandle;
    (void)Priority;
    return ExAllocatePoolWithTag(NonPagedPool, Length, Tag);
}

/*
 * NdisFreeMemory - give back what either of the above gave. documented: MemoryFlags is 0 for them, Length is not
 * looked at (observed: drivers pass 0).
 * IRQL: <= DISPATCH_LEVEL.
 */
void NTAPI
NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags)
{
    (void)Length;
    (void)MemoryFlags;
    ExFreePool(VirtualAddress);
}
