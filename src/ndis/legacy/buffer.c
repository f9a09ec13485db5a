/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/buffer.c - buffers of NDIS 5.x, which are MDLs, and chains of them in packets.
 *
 * Model: a buffer comes from the I/O manager's MDLs, because the macro that frees one calls IoFreeMdl. A buffer pool
 * is a handle and no memory (documented: on Windows NT pools of buffers do not limit).
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/buffers.h"

uint32_t
chain_length(const MDL *mdl)
{
    uint32_t length = 0;

    for (; mdl != NULL; mdl = mdl->Next)
        length += mdl->ByteCount;
    return length;
}

size_t
chain_copy(const MDL *mdl, size_t offset, uint8_t *bytes, size_t length, bool in)
{
    size_t done = 0;

    for (; mdl != NULL && done < length; mdl = mdl->Next) {
        size_t count = mdl->ByteCount;
        uint8_t *at;

        if (offset >= count) {
            offset -= count;
            continue;
        }
        at = ndis_mdl_bytes(mdl) + offset;
        count -= offset;
        if (count > length - done)
            count = length - done;
        memcpy(in ? at : bytes + done, in ? bytes + done : at, count);
        done += count;
        offset = 0;
    }
    return done;
}

/* NdisAllocateBufferPool, NdisFreeBufferPool - Source: documented. IRQL: <= DISPATCH_LEVEL. Status: SUCCESS. */
VOID NTAPI
NdisAllocateBufferPool(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors)
{
    struct ndis_object *pool = ndis_object_alloc(NDIS_SIG_BUFFER_POOL, sizeof(*pool), "buffer pool");

    (void)NumberOfDescriptors;
    *PoolHandle = pool;
    *Status = pool != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

VOID NTAPI
NdisFreeBufferPool(NDIS_HANDLE PoolHandle)
{
    ndis_free(PoolHandle);
}

/*
 * NdisAllocateBuffer - a buffer over non-paged memory.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the caller takes *Buffer until NdisFreeBuffer.
 * Status:    NDIS_STATUS_SUCCESS, _FAILURE (then *Buffer is NULL).
 */
VOID NTAPI
NdisAllocateBuffer(PNDIS_STATUS Status, PNDIS_BUFFER *Buffer, NDIS_HANDLE PoolHandle, PVOID VirtualAddress, UINT Length)
{
    MDL *mdl = IoAllocateMdl(VirtualAddress, Length, FALSE, FALSE, NULL);

    (void)PoolHandle;
    *Buffer = mdl;
    *Status = mdl != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
}

/*
 * NdisCopyBuffer - a buffer over part of another's memory.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL. Ownership: the caller takes *Buffer.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES; _FAILURE for a range outside (assumed).
 */
VOID NTAPI
NdisCopyBuffer(PNDIS_STATUS Status, PNDIS_BUFFER *Buffer, NDIS_HANDLE PoolHandle, PVOID MemoryDescriptor, UINT Offset,
               UINT Length)
{
    MDL *from = MemoryDescriptor, *mdl;
    uint8_t *at = ndis_mdl_bytes(from) + Offset;

    (void)PoolHandle;
    *Buffer = NULL;
    *Status = NDIS_STATUS_FAILURE;
    if (Offset > from->ByteCount || Length > from->ByteCount - Offset)
        return;
    *Status = NDIS_STATUS_RESOURCES;
    mdl = IoAllocateMdl(at, Length, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return;
    MmBuildMdlForNonPagedPool(mdl);
    *Buffer = mdl;
    *Status = NDIS_STATUS_SUCCESS;
}

/* The functions for which the headers have macros; ndis.sys exports them too. documented. IRQL: <= DISPATCH_LEVEL */
VOID NTAPI
NdisFreeBuffer(PNDIS_BUFFER Buffer)
{
    IoFreeMdl(Buffer);
}

VOID NTAPI
NdisAdjustBufferLength(PNDIS_BUFFER Buffer, UINT Length)
{
    Buffer->ByteCount = Length;
}

ULONG NTAPI
NdisBufferLength(PNDIS_BUFFER Buffer)
{
    return MmGetMdlByteCount(Buffer);
}

PVOID NTAPI
NdisBufferVirtualAddress(PNDIS_BUFFER Buffer)
{
    return MmGetSystemAddressForMdlSafe(Buffer, HighPagePriority);
}

VOID NTAPI
NdisQueryBufferOffset(PNDIS_BUFFER Buffer, PUINT Offset, PUINT Length)
{
    *Offset = MmGetMdlByteOffset(Buffer);
    *Length = MmGetMdlByteCount(Buffer);
}

VOID NTAPI
NdisQueryBufferSafe(PNDIS_BUFFER Buffer, PVOID *VirtualAddress, PUINT Length, UINT Priority)
{
    if (VirtualAddress != NULL)
        *VirtualAddress = MmGetSystemAddressForMdlSafe(Buffer, Priority);
    *Length = MmGetMdlByteCount(Buffer);
}

VOID NTAPI
NdisGetFirstBufferFromPacketSafe(PNDIS_PACKET Packet, PNDIS_BUFFER *FirstBuffer, PVOID *FirstBufferVA,
                                 PUINT FirstBufferLength, PUINT TotalBufferLength, ULONG Priority)
{
    MDL *first = Packet->Private.Head;

    *FirstBuffer = first;
    *FirstBufferVA = first != NULL ? MmGetSystemAddressForMdlSafe(first, Priority) : NULL;
    *FirstBufferLength = first != NULL ? first->ByteCount : 0;
    *TotalBufferLength = chain_length(first);
}

VOID NTAPI
NdisGetFirstBufferFromPacket(PNDIS_PACKET Packet, PNDIS_BUFFER *FirstBuffer, PVOID *FirstBufferVA,
                             PUINT FirstBufferLength, PUINT TotalBufferLength)
{
    NdisGetFirstBufferFromPacketSafe(Packet, FirstBuffer, FirstBufferVA, FirstBufferLength, TotalBufferLength,
                                     HighPagePriority);
}

/* ------------------------------------------------------------------ chains */

/*
 * NdisUnchainBufferAtFront, NdisUnchainBufferAtBack - take a buffer off a packet; NULL if it has none.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL. Ownership: *Buffer is the caller's.
 */
VOID NTAPI
NdisUnchainBufferAtFront(PNDIS_PACKET Packet, PNDIS_BUFFER *Buffer)
{
    MDL *first = Packet->Private.Head;

    *Buffer = first;
    if (first == NULL)
        return;
    Packet->Private.Head = first->Next;
    first->Next = NULL;
    Packet->Private.ValidCounts = FALSE;
}

VOID NTAPI
NdisUnchainBufferAtBack(PNDIS_PACKET Packet, PNDIS_BUFFER *Buffer)
{
    MDL *before = Packet->Private.Head, *last = Packet->Private.Tail;

    *Buffer = NULL;
    if (before == NULL)
        return;
    *Buffer = last;
    if (before == last) {
        Packet->Private.Head = NULL;
    } else {
        while (before->Next != last)
            before = before->Next;
        before->Next = NULL;
        Packet->Private.Tail = before;
    }
    Packet->Private.ValidCounts = FALSE;
}

/*
 * NdisCopyFromPacketToPacketSafe - copy bytes from one chain to another; as many as both have.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
VOID NTAPI
NdisCopyFromPacketToPacketSafe(PNDIS_PACKET Destination, UINT DestinationOffset, UINT BytesToCopy, PNDIS_PACKET Source,
                               UINT SourceOffset, PUINT BytesCopied, ULONG Priority)
{
    UINT done = 0;

    (void)Priority;
    while (done < BytesToCopy) {
        uint8_t bytes[256];
        size_t n = BytesToCopy - done < sizeof(bytes) ? BytesToCopy - done : sizeof(bytes);

        n = chain_copy(Source->Private.Head, SourceOffset + done, bytes, n, false);
        n = chain_copy(Destination->Private.Head, DestinationOffset + done, bytes, n, true);
        if (n == 0)
            break;
        done += (UINT)n;
    }
    *BytesCopied = done;
}

VOID NTAPI
NdisCopyFromPacketToPacket(PNDIS_PACKET Destination, UINT DestinationOffset, UINT BytesToCopy, PNDIS_PACKET Source,
                           UINT SourceOffset, PUINT BytesCopied)
{
    NdisCopyFromPacketToPacketSafe(Destination, DestinationOffset, BytesToCopy, Source, SourceOffset, BytesCopied,
                                   NormalPagePriority);
}
