/* SPDX-License-Identifier: MIT */
/*
 * ndis/mdl.c - MDLs that NDIS makes over non-paged memory, and bytes of net buffers across MDL chains.
 *
 * Model: a net buffer's data are DataLength bytes of its MDL chain, DataOffset bytes after its start; CurrentMdl and
 * CurrentMdlOffset say the same for who does not want to walk.
 */
#include "ndis/buffers.h"

#include <string.h>

uint8_t *
ndis_mdl_bytes(const MDL *mdl)
{
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    return (uint8_t *)mdl->StartVa + mdl->ByteOffset; /* locked pages that nobody mapped: one flat address space */
}

void
ndis_mdl_init(MDL *mdl, void *bytes, uint32_t length)
{
    memset(mdl, 0, sizeof(*mdl));
    mdl->Size = (CSHORT)ndis_mdl_size(bytes, length);
    mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = bytes;
    mdl->StartVa = (void *)((uint64_t)bytes & ~0xfffull);
    mdl->ByteOffset = (ULONG)((uint64_t)bytes & 0xfff);
    mdl->ByteCount = length;
    for (uint64_t *page = (uint64_t *)(mdl + 1); page < (uint64_t *)((uint8_t *)mdl + mdl->Size); page++)
        *page = ((uint64_t)mdl->StartVa >> 12) + (uint64_t)(page - (uint64_t *)(mdl + 1));
}

size_t
ndis_mdl_size(const void *bytes, uint32_t length)
{
    uint64_t pages = (((uint64_t)bytes & 0xfff) + length + 0xfff) >> 12;

    return sizeof(MDL) + (pages ? pages : 1) * 8;
}

/*
 * NdisAllocateMdl - an MDL over non-paged memory.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   the MDL, the caller's until NdisFreeMdl; NULL without memory.
 */
PMDL NTAPI
NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, UINT Length)
{
    MDL *mdl = ndis_alloc(ndis_mdl_size(VirtualAddress, Length), NDIS_TAG_MDL, "MDL");

    (void)NdisHandle; /* says whose it is: rules know that from the call */
    if (mdl != NULL)
        ndis_mdl_init(mdl, VirtualAddress, Length);
    return mdl;
}

/* NdisFreeMdl - free an MDL of NdisAllocateMdl. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeMdl(PMDL Mdl)
{
    ndis_free(Mdl);
}

void
ndis_nb_set_current(NET_BUFFER *nb)
{
    MDL *mdl = nb->MdlChain;
    uint32_t offset = nb->DataOffset;

    while (mdl != NULL && offset >= mdl->ByteCount && mdl->Next != NULL) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    nb->CurrentMdl = mdl;
    nb->CurrentMdlOffset = offset;
}

/* Copy between a net buffer and flat memory; in: from memory into the buffer. */
static size_t
copy(const NET_BUFFER *nb, size_t offset, uint8_t *bytes, size_t length, bool in)
{
    const MDL *mdl = nb->MdlChain;
    size_t done = 0;

    if (offset >= nb->DataLength)
        return 0;
    if (length > nb->DataLength - offset)
        length = nb->DataLength - offset;
    offset += nb->DataOffset;
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

size_t
ndis_nb_read(const NET_BUFFER *nb, size_t offset, void *to, size_t length)
{
    return copy(nb, offset, to, length, false);
}

size_t
ndis_nb_write(NET_BUFFER *nb, size_t offset, const void *from, size_t length)
{
    return copy(nb, offset, (uint8_t *)from, length, true);
}

/*
 * Locked pages that nobody has mapped yet get an address where they hold data from offset on, up to length bytes; it
 * goes with the MDL. false: one of them got none.
 */
static bool
map_data(const NET_BUFFER *nb, size_t offset, size_t length)
{
    size_t left = offset < nb->DataLength ? nb->DataLength - offset : 0;
    size_t at = 0, first = nb->DataOffset + offset, end = first + (length < left ? length : left);

    for (MDL *mdl = nb->MdlChain; mdl != NULL && at < end; at += mdl->ByteCount, mdl = mdl->Next)
        if (at + mdl->ByteCount > first && !(mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) &&
            MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, LowPagePriority) == NULL)
            return false;
    return true;
}

/*
 * NdisGetDataBuffer - the first bytes of a net buffer in one piece.
 *
 * Source:    documented; assumed: data that is contiguous but not aligned as asked is copied to Storage.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   a pointer into the data, Storage, or NULL: there are fewer, they lie apart and there is no Storage, or an
 *            MDL could not be mapped.
 */
PVOID NTAPI
NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage, UINT AlignMultiple, UINT AlignOffset)
{
    const MDL *mdl = NetBuffer->CurrentMdl;
    uint32_t offset = NetBuffer->CurrentMdlOffset;

    if (NetBuffer->DataLength < BytesNeeded || BytesNeeded == 0 || !map_data(NetBuffer, 0, BytesNeeded))
        return NULL;
    if (mdl->ByteCount - offset >= BytesNeeded) {
        uint8_t *at = ndis_mdl_bytes(mdl) + offset;

        if (AlignMultiple <= 1 || ((uint64_t)at & (AlignMultiple - 1)) == AlignOffset)
            return at;
    }
    if (Storage == NULL)
        return NULL;
    ndis_nb_read(NetBuffer, 0, Storage, BytesNeeded);
    return Storage;
}

/*
 * NdisCopyFromNetBufferToNetBuffer - copy data; what does not fit the destination is not copied.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES (an MDL could not be mapped; nothing is copied).
 */
NDIS_STATUS NTAPI
NdisCopyFromNetBufferToNetBuffer(PNET_BUFFER Destination, ULONG DestinationOffset, ULONG BytesToCopy,
                                 const NET_BUFFER *Source, ULONG SourceOffset, PULONG BytesCopied)
{
    uint8_t piece[512];
    ULONG done = 0;

    *BytesCopied = 0;
    if (!map_data(Source, SourceOffset, BytesToCopy) || !map_data(Destination, DestinationOffset, BytesToCopy))
        return NDIS_STATUS_RESOURCES;
    while (done < BytesToCopy) {
        size_t want = BytesToCopy - done < sizeof(piece) ? BytesToCopy - done : sizeof(piece);
        size_t got = ndis_nb_read(Source, SourceOffset + done, piece, want);
        size_t put = ndis_nb_write(Destination, DestinationOffset + done, piece, got);

        done += (ULONG)put;
        if (put < want)
            break;
    }
    *BytesCopied = done;
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ retreat and advance */

/* An MDL with its memory behind it, as NDIS makes one to retreat into. */
static MDL *
retreat_mdl(uint32_t size)
{
    size_t head = (ndis_mdl_size((void *)0xfff, size) + 15) & ~15ull;
    MDL *mdl = ndis_alloc(head + size, NDIS_TAG_RETREAT, "retreat buffer");

    if (mdl != NULL)
        ndis_mdl_init(mdl, (uint8_t *)mdl + head, size);
    return mdl;
}

static MDL *
allocate_for_retreat(uint32_t size, NET_BUFFER_ALLOCATE_MDL_HANDLER handler)
{
    uint64_t mark;
    ULONG *buffer_size;
    MDL *mdl;

    if (handler == NULL)
        return retreat_mdl(size);
    mark = guest_mark();
    buffer_size = guest_alloc(sizeof(*buffer_size));
    *buffer_size = size;
    mdl = (MDL *)NDIS_CALL(ndis_site.ndisInvokeDispatch, (ndis_fn)handler, (uint64_t)buffer_size);
    guest_release(mark);
    return mdl;
}

/*
 * NdisRetreatNetBufferDataStart - make room in front of the data.
 *
 * Source:    documented. Assumed: unused space that is there is used up before new memory is chained in front.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES.
 */
NDIS_STATUS NTAPI
NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, ULONG DataBackFill,
                              NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler)
{
    if (NetBuffer->DataOffset >= DataOffsetDelta) {
        NetBuffer->DataOffset -= DataOffsetDelta;
    } else {
        uint32_t need = DataOffsetDelta - NetBuffer->DataOffset;
        MDL *mdl = allocate_for_retreat(need + DataBackFill, AllocateMdlHandler);

        if (mdl == NULL)
            return NDIS_STATUS_RESOURCES;
        mdl->Next = NetBuffer->MdlChain;
        NetBuffer->MdlChain = mdl;
        NetBuffer->DataOffset = mdl->ByteCount - need;
    }
    NetBuffer->DataLength += DataOffsetDelta;
    ndis_nb_set_current(NetBuffer);
    return NDIS_STATUS_SUCCESS;
}

static void
free_unused(NET_BUFFER *nb, NET_BUFFER_FREE_MDL_HANDLER handler)
{
    while (nb->MdlChain != NULL && nb->DataOffset >= nb->MdlChain->ByteCount &&
           (nb->MdlChain->Next != NULL || nb->DataLength == 0)) {
        MDL *mdl = nb->MdlChain;
        const struct heap_block *block = heap_find((uint64_t)mdl);
        bool ours = block != NULL && block->address == (uint64_t)mdl && block->tag == NDIS_TAG_RETREAT;

        if (!ours && handler == NULL)
            break; /* neither of us made it */
        nb->DataOffset -= mdl->ByteCount;
        nb->MdlChain = mdl->Next;
        mdl->Next = NULL;
        if (ours)
            ndis_free(mdl);
        else
            NDIS_CALL(ndis_site.ndisInvokeDispatch, (ndis_fn)handler, (uint64_t)mdl);
    }
}

/* NdisAdvanceNetBufferDataStart - give bytes in front of the data up. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, BOOLEAN FreeMdl,
                              NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    NetBuffer->DataOffset += DataOffsetDelta;
    NetBuffer->DataLength -= DataOffsetDelta;
    if (FreeMdl)
        free_unused(NetBuffer, FreeMdlHandler);
    ndis_nb_set_current(NetBuffer);
}

/* NdisRetreatNetBufferListDataStart - all net buffers or none. Source: documented. IRQL: <= DISPATCH_LEVEL */
NDIS_STATUS NTAPI
NdisRetreatNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta, ULONG DataBackFill,
                                  NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler,
                                  NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    for (NET_BUFFER *nb = NetBufferList->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        NDIS_STATUS status = NdisRetreatNetBufferDataStart(nb, DataOffsetDelta, DataBackFill, AllocateMdlHandler);

        if (status == NDIS_STATUS_SUCCESS)
            continue;
        for (NET_BUFFER *undo = NetBufferList->FirstNetBuffer; undo != nb; undo = undo->Next)
            NdisAdvanceNetBufferDataStart(undo, DataOffsetDelta, TRUE, FreeMdlHandler);
        return status;
    }
    return NDIS_STATUS_SUCCESS;
}

/* NdisAdvanceNetBufferListDataStart - the same for each net buffer. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisAdvanceNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta, BOOLEAN FreeMdl,
                                  NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler)
{
    for (NET_BUFFER *nb = NetBufferList->FirstNetBuffer; nb != NULL; nb = nb->Next)
        NdisAdvanceNetBufferDataStart(nb, DataOffsetDelta, FreeMdl, FreeMdlHandler);
}
