/* SPDX-License-Identifier: MIT */
/* ndis/memory.c - the pool in ndis's names. */
#include "ndis/misc.h"
#include "nt/ex/ex.h"

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

/* NdisFreeMemoryWithTagPriority - the pair of the allocation with a priority. documented. IRQL: <= DISPATCH_LEVEL. */
VOID NTAPI
NdisFreeMemoryWithTagPriority(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, ULONG Tag)
{
    (void)NdisHandle;
    ex_pool_free(VirtualAddress, Tag);
}

/* NdisFreeMemoryWithTag - Source: assumed from its name and its twin's page. IRQL: <= DISPATCH_LEVEL. */
VOID NTAPI
NdisFreeMemoryWithTag(PVOID VirtualAddress, ULONG Tag)
{
    ex_pool_free(VirtualAddress, Tag);
}

/* NdisAllocateMemory - NDIS 5's allocation; MemoryFlags must be 0 here (assumed: other memory needs hardware). */
NDIS_STATUS NTAPI
NdisAllocateMemory(PVOID *VirtualAddress, UINT Length, UINT MemoryFlags, NDIS_PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    (void)HighestAcceptableAddress;
    *VirtualAddress = NULL;
    if (MemoryFlags != 0)
        return NDIS_STATUS_FAILURE;
    return NdisAllocateMemoryWithTag(VirtualAddress, Length, 0x6D4E444Eu);
}

/*
 * NdisAllocateGenericObject - a handle for who has none. NdisFreeGenericObject - its end.
 *
 * Source:    documented; assumed: the header's type; Caller and CallersCaller are for debugging only, the second is
 *            zero here.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the caller's until NdisFreeGenericObject. Returns NULL without memory.
 */
PNDIS_GENERIC_OBJECT NTAPI
NdisAllocateGenericObject(PDRIVER_OBJECT DriverObject, ULONG Tag, USHORT Size)
{
    NDIS_GENERIC_OBJECT *object = ex_pool_alloc(NonPagedPool, sizeof(*object) + Size, Tag, EX_POOL_ZERO);

    if (object == NULL)
        return NULL;
    ndis_header_set(&object->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(*object));
    object->Caller = (PVOID)guest_caller();
    object->DriverObject = DriverObject;
    return object;
}

VOID NTAPI
NdisFreeGenericObject(PNDIS_GENERIC_OBJECT NdisObject)
{
    ex_pool_free(NdisObject, 0);
}

/* NdisQueryBuffer - address and length of an MDL. Source: documented; a NULL VirtualAddress is allowed. */
VOID NTAPI
NdisQueryBuffer(PNDIS_BUFFER Buffer, PVOID *VirtualAddress, PUINT Length)
{
    if (VirtualAddress != NULL)
        *VirtualAddress = MmGetSystemAddressForMdlSafe(Buffer, NormalPagePriority);
    *Length = MmGetMdlByteCount(Buffer);
}
