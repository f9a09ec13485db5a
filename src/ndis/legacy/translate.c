/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/translate.c - NBLs as packets and packets as NBLs.
 *
 * Model: nothing is copied where a chain of MDLs can stand for the data. A net buffer whose data are its MDLs, whole,
 * lends its chain; one that begins or ends inside an MDL gets MDLs made over the range. A receiver of NDIS 5.x may rely
 * on the header and lookahead being in the first buffer (documented); where they are not, the data are copied.
 * Per-packet information that both sides have the same way goes along: checksums, 802.1Q, the cancel id.
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/buffers.h"

static const struct {
    uint8_t packet, nbl;
} information[] = {
    { TcpIpChecksumPacketInfo, TcpIpChecksumNetBufferListInfo },
    { Ieee8021QInfo, Ieee8021QNetBufferListInfo },
};

static void
set_chain(NDIS_PACKET *packet, MDL *head)
{
    packet->Private.Head = head;
    packet->Private.Tail = head;
    while (packet->Private.Tail != NULL && packet->Private.Tail->Next != NULL)
        packet->Private.Tail = packet->Private.Tail->Next;
    packet->Private.ValidCounts = FALSE;
}

static void
free_chain(MDL *mdl)
{
    MDL *next;

    for (; mdl != NULL; mdl = next) {
        next = mdl->Next;
        NdisFreeMdl(mdl);
    }
}

/* MDLs over the data of nb, exactly. NULL: no memory. */
static MDL *
exact_chain(const NET_BUFFER *nb)
{
    uint32_t offset = nb->CurrentMdlOffset, left = nb->DataLength;
    MDL *head = NULL, **end = &head;

    for (const MDL *mdl = nb->CurrentMdl; mdl != NULL && left != 0; mdl = mdl->Next) {
        uint32_t count = mdl->ByteCount - offset;

        if (count > left)
            count = left;
        if (count != 0) {
            *end = NdisAllocateMdl(NULL, ndis_mdl_bytes(mdl) + offset, count);
            if (*end == NULL) {
                free_chain(head);
                return NULL;
            }
            end = &(*end)->Next;
        }
        left -= count;
        offset = 0;
    }
    return head;
}

/* One MDL over a copy of the data; *flat gets the copy. */
static MDL *
flat_chain(const NET_BUFFER *nb, void **flat)
{
    uint8_t *bytes = ndis_alloc(nb->DataLength, NDIS_SIG_PACKET, "packet data");
    MDL *mdl = bytes != NULL ? NdisAllocateMdl(NULL, bytes, nb->DataLength) : NULL;

    if (mdl == NULL) {
        ndis_free(bytes);
        return NULL;
    }
    ndis_nb_read(nb, 0, bytes, nb->DataLength);
    *flat = bytes;
    return mdl;
}

static bool
give_chain(struct packet_track *track, NET_BUFFER *nb, uint32_t contiguous)
{
    uint32_t first = nb->CurrentMdl != NULL ? nb->CurrentMdl->ByteCount - nb->CurrentMdlOffset : 0;
    MDL *chain = nb->CurrentMdl;

    if (contiguous > nb->DataLength)
        contiguous = nb->DataLength;
    if (nb->DataLength == 0)
        return true;
    if (first < contiguous) {
        chain = flat_chain(nb, &track->flat);
        track->own_mdls = true;
    } else if (nb->CurrentMdlOffset != 0 || chain_length(chain) != nb->DataLength) {
        chain = exact_chain(nb);
        track->own_mdls = true;
    }
    set_chain(track->packet, chain);
    return chain != NULL;
}

struct packet_track *
packet_make(struct packet_pool *pool, NET_BUFFER_LIST *nbl, NET_BUFFER *nb, uint32_t contiguous)
{
    NDIS_PACKET *packet = packet_create(pool);
    struct packet_track *track;

    if (packet == NULL)
        return NULL;
    track = packet_track_of(packet);
    if (!give_chain(track, nb, contiguous)) {
        packet_unmake(track);
        return NULL;
    }
    packet->Reserved[0] = (ULONG_PTR)nbl;
    packet->Private.Flags |= NDIS_FLAGS_XLATE_AT_TOP;
    NDIS_PER_PACKET_INFO_FROM_PACKET(packet, OriginalNetBufferList) = nbl;
    NDIS_SET_PACKET_CANCEL_ID(packet, NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl));
    for (unsigned i = 0; i < sizeof(information) / sizeof(information[0]); i++)
        NDIS_PER_PACKET_INFO_FROM_PACKET(packet, information[i].packet) = nbl->NetBufferListInfo[information[i].nbl];
    return track;
}

void
packet_unmake(struct packet_track *track)
{
    NDIS_PACKET *packet = track->packet;

    if (track->own_mdls)
        free_chain(packet->Private.Head);
    ndis_free(track->flat);
    packet_free(packet);
}

/* As ndis.sys finds it: through the packet. Of one that was freed this is no address. */
NET_BUFFER_LIST *
packet_nbl(const NDIS_PACKET *packet)
{
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)packet->Reserved[0];

    sched_touch((uint64_t)nbl->SourceHandle);
    return nbl;
}

NET_BUFFER_LIST *
nbl_make(NDIS_HANDLE pool, NDIS_PACKET *packet, NDIS_HANDLE source, bool send)
{
    MDL *head = packet->Private.Head;
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, head, 0, chain_length(head));

    if (nbl == NULL)
        return NULL;
    nbl->SourceHandle = source;
    for (unsigned i = 0; i < sizeof(information) / sizeof(information[0]); i++)
        nbl->NetBufferListInfo[information[i].nbl] = NDIS_PER_PACKET_INFO_FROM_PACKET(packet, information[i].packet);
    if (send) {
        NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, NDIS_GET_PACKET_CANCEL_ID(packet));
        nbl->ProtocolReserved[0] = packet;
    } else {
        nbl->MiniportReserved[0] = packet;
    }
    return nbl;
}

NDIS_HANDLE
nbl_pool_create(NDIS_HANDLE owner)
{
    uint64_t mark = guest_mark();
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_HANDLE pool;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->fAllocateNetBuffer = TRUE;
    p->PoolTag = NDIS_SIG_PACKET;
    pool = NdisAllocateNetBufferListPool(owner, p);
    guest_release(mark);
    return pool;
}
