/* SPDX-License-Identifier: MIT */
/*
 * ndis/clone.c - NBLs derived from NBLs: clones, fragments, reassembled ones.
 *
 * Model: a derived NBL has net buffers and MDLs of its own that describe bytes of the original; no byte is copied.
 * Documented ("Derived NET_BUFFER_LIST Structures"): it comes without a context, and whoever made it sets
 * ParentNetBufferList and counts ChildRefCount; NDIS does not.
 */
#include "ndis/buffers.h"

#include <string.h>

static void
free_mdls(MDL *mdl)
{
    while (mdl != NULL) {
        MDL *next = mdl->Next;

        ndis_free(mdl);
        mdl = next;
    }
}

/* MDLs over length bytes of nb, offset bytes after its data start. NULL: no memory. */
static MDL *
describe(const NET_BUFFER *nb, uint32_t offset, uint32_t length)
{
    const MDL *mdl = nb->MdlChain;
    MDL *first = NULL, **end = &first;

    for (offset += nb->DataOffset; mdl != NULL && length > 0; mdl = mdl->Next) {
        uint32_t count = mdl->ByteCount;

        if (offset >= count) {
            offset -= count;
            continue;
        }
        count -= offset;
        if (count > length)
            count = length;
        *end = NdisAllocateMdl(NULL, ndis_mdl_bytes(mdl) + offset, count);
        if (*end == NULL) {
            free_mdls(first);
            return NULL;
        }
        end = &(*end)->Next;
        length -= count;
        offset = 0;
    }
    return first;
}

/* Add a net buffer over mdl to nbl; the first may be the one that came with it. */
static bool
add_nb(NET_BUFFER_LIST *nbl, NDIS_HANDLE pool, MDL *mdl, uint32_t offset, size_t length)
{
    NET_BUFFER *nb = nbl->FirstNetBuffer, **end = &nbl->FirstNetBuffer;

    if (nb != NULL && nb->MdlChain == NULL && nb->stDataLength == 0 && nb->Next == NULL) {
        nb->MdlChain = mdl;
        nb->DataOffset = offset;
        nb->stDataLength = length;
        ndis_nb_set_current(nb);
        return true;
    }
    while (*end != NULL)
        end = &(*end)->Next;
    if (pool == NULL)
        pool = ndis_default_nb_pool();
    if (pool != NULL)
        *end = NdisAllocateNetBuffer(pool, mdl, offset, length);
    return *end != NULL;
}

static NET_BUFFER_LIST *
derive(const NET_BUFFER_LIST *from, NDIS_HANDLE pool)
{
    NET_BUFFER_LIST *nbl;

    if (pool == NULL)
        pool = ndis_default_nbl_pool();
    nbl = pool != NULL ? NdisAllocateNetBufferList(pool, 0, 0) : NULL;
    if (nbl == NULL)
        return NULL;
    memcpy(nbl->NetBufferListInfo, from->NetBufferListInfo, sizeof(nbl->NetBufferListInfo));
    nbl->NblFlags = from->NblFlags;
    return nbl;
}

/* Free a derived NBL; keep_mdls: they are the original's. */
static void
undo(NET_BUFFER_LIST *nbl, bool keep_mdls)
{
    NET_BUFFER *nb = nbl->FirstNetBuffer, *next;

    for (; nb != NULL; nb = next) {
        next = nb->Next;
        if (!keep_mdls)
            free_mdls(nb->MdlChain);
        nb->MdlChain = NULL;
        if (nb->NdisPoolHandle != NULL)
            NdisFreeNetBuffer(nb);
    }
    nbl->FirstNetBuffer = NULL;
    NdisFreeNetBufferList(nbl);
}

/*
 * NdisAllocateCloneNetBufferList - an NBL over the same data.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   the clone, the caller's until NdisFreeCloneNetBufferList with the same flags; NULL.
 */
PNET_BUFFER_LIST NTAPI
NdisAllocateCloneNetBufferList(PNET_BUFFER_LIST OriginalNetBufferList, NDIS_HANDLE NetBufferListPoolHandle,
                               NDIS_HANDLE NetBufferPoolHandle, ULONG AllocateCloneFlags)
{
    bool original = (AllocateCloneFlags & NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS) != 0;
    NET_BUFFER_LIST *clone = derive(OriginalNetBufferList, NetBufferListPoolHandle);

    if (clone == NULL)
        return NULL;
    for (const NET_BUFFER *nb = OriginalNetBufferList->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        MDL *mdl = original ? nb->CurrentMdl : describe(nb, 0, nb->DataLength);

        if ((mdl == NULL && nb->DataLength != 0) ||
            !add_nb(clone, NetBufferPoolHandle, mdl, original ? nb->CurrentMdlOffset : 0, nb->stDataLength)) {
            if (!original)
                free_mdls(mdl);
            undo(clone, original);
            return NULL;
        }
    }
    return clone;
}

/* NdisFreeCloneNetBufferList - free a clone with what belongs to it. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeCloneNetBufferList(PNET_BUFFER_LIST CloneNetBufferList, ULONG FreeCloneFlags)
{
    undo(CloneNetBufferList, (FreeCloneFlags & NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS) != 0);
}

/*
 * NdisAllocateFragmentNetBufferList - each net buffer cut into pieces of at most MaximumLength bytes.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   the new NBL, the caller's until NdisFreeFragmentNetBufferList; NULL.
 */
PNET_BUFFER_LIST NTAPI
NdisAllocateFragmentNetBufferList(PNET_BUFFER_LIST OriginalNetBufferList, NDIS_HANDLE NetBufferListPool,
                                  NDIS_HANDLE NetBufferPool, ULONG StartOffset, ULONG MaximumLength,
                                  ULONG DataOffsetDelta, ULONG DataBackFill, ULONG AllocateFragmentFlags)
{
    NET_BUFFER_LIST *nbl;

    (void)AllocateFragmentFlags; /* documented: none defined */
    if (MaximumLength == 0 || (nbl = derive(OriginalNetBufferList, NetBufferListPool)) == NULL)
        return NULL;
    for (const NET_BUFFER *nb = OriginalNetBufferList->FirstNetBuffer; nb != NULL; nb = nb->Next)
        for (uint32_t at = StartOffset; at < nb->DataLength; at += MaximumLength) {
            uint32_t length = nb->DataLength - at < MaximumLength ? nb->DataLength - at : MaximumLength;
            MDL *mdl = describe(nb, at, length);

            if (mdl == NULL || !add_nb(nbl, NetBufferPool, mdl, 0, length)) {
                free_mdls(mdl);
                undo(nbl, false);
                return NULL;
            }
        }
    if (DataOffsetDelta != 0 &&
        NdisRetreatNetBufferListDataStart(nbl, DataOffsetDelta, DataBackFill, NULL, NULL) != NDIS_STATUS_SUCCESS) {
        undo(nbl, false);
        return NULL;
    }
    return nbl;
}

/* NdisFreeFragmentNetBufferList - undo it. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeFragmentNetBufferList(PNET_BUFFER_LIST FragmentNetBufferList, ULONG DataOffsetDelta, ULONG FreeFragmentFlags)
{
    (void)FreeFragmentFlags;
    if (DataOffsetDelta != 0)
        NdisAdvanceNetBufferListDataStart(FragmentNetBufferList, DataOffsetDelta, TRUE, NULL);
    undo(FragmentNetBufferList, false);
}

/*
 * NdisAllocateReassembledNetBufferList - all net buffers of an NBL as one.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   the new NBL, the caller's until NdisFreeReassembledNetBufferList; NULL.
 */
PNET_BUFFER_LIST NTAPI
NdisAllocateReassembledNetBufferList(PNET_BUFFER_LIST FragmentNetBufferList,
                                     NDIS_HANDLE NetBufferAndNetBufferListPoolHandle, ULONG StartOffset,
                                     ULONG DataOffsetDelta, ULONG DataBackFill, ULONG AllocateReassembleFlags)
{
    NET_BUFFER_LIST *nbl = derive(FragmentNetBufferList, NetBufferAndNetBufferListPoolHandle);
    MDL *first = NULL, **end = &first;
    size_t length = 0;

    (void)AllocateReassembleFlags; /* documented: none defined */
    if (nbl == NULL)
        return NULL;
    for (const NET_BUFFER *nb = FragmentNetBufferList->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        if (nb->DataLength <= StartOffset)
            continue;
        *end = describe(nb, StartOffset, nb->DataLength - StartOffset);
        if (*end == NULL)
            goto fail;
        length += nb->DataLength - StartOffset;
        while (*end != NULL)
            end = &(*end)->Next;
    }
    if (!add_nb(nbl, NULL, first, 0, length))
        goto fail;
    if (DataOffsetDelta == 0 ||
        NdisRetreatNetBufferListDataStart(nbl, DataOffsetDelta, DataBackFill, NULL, NULL) == NDIS_STATUS_SUCCESS)
        return nbl;
    first = NULL; /* the net buffer's by now */
fail:
    free_mdls(first);
    undo(nbl, false);
    return NULL;
}

/* NdisFreeReassembledNetBufferList - undo it. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeReassembledNetBufferList(PNET_BUFFER_LIST ReassembledNetBufferList, ULONG DataOffsetDelta,
                                 ULONG FreeReassembleFlags)
{
    (void)FreeReassembleFlags;
    if (DataOffsetDelta != 0)
        NdisAdvanceNetBufferListDataStart(ReassembledNetBufferList, DataOffsetDelta, TRUE, NULL);
    undo(ReassembledNetBufferList, false);
}

/* NdisCopySendNetBufferListInfo - out-of-band data of a send. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisCopySendNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList, PNET_BUFFER_LIST SrcNetBufferList)
{
    memcpy(DestNetBufferList->NetBufferListInfo, SrcNetBufferList->NetBufferListInfo,
           sizeof(DestNetBufferList->NetBufferListInfo));
}

/* NdisCopyReceiveNetBufferListInfo - out-of-band data of a receive. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisCopyReceiveNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList, PNET_BUFFER_LIST SrcNetBufferList)
{
    memcpy(DestNetBufferList->NetBufferListInfo, SrcNetBufferList->NetBufferListInfo,
           sizeof(DestNetBufferList->NetBufferListInfo));
}
