/* SPDX-License-Identifier: MIT */
/*
 * wirenic/send.c - net buffers onto the wire.
 *
 * Model: sends are queued and the queue is put on the wire at once, up to WIRE_BURST net buffers per call, by
 * reference: a frame is the pieces its MDLs describe. What the wire has no room for stays queued until the DPC finds
 * room (wn_send_more). Only headers are ever copied: where a large send needs its lengths and pseudo header in place.
 *
 * Offloads (documented: "Offloading Checksum Tasks", "Offloading the Segmentation of Large TCP Packets"): for a
 * checksum the transport put the pseudo header's sum into the checksum's place, as the wire wants it. For a large send
 * that sum lacks the length, and IP's length field says nothing reliable: both are filled in here.
 */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "machine/machine.h"
#include "ndis/nbl.h"

#define PIECES 256u /* of one burst */

/* One call of wire_send() under construction. */
struct burst {
    struct wire_tx tx[WIRE_BURST];
    struct iovec iov[PIECES];
    uint8_t head[WIRE_BURST][FRAME_HEAD + FRAME_TAG];
    unsigned count, pieces;
    bool bounced; /* the one bounce buffer is in use */
};

/* ------------------------------------------------------------------ one frame */

static bool
is_large(const NET_BUFFER_LIST *nbl)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO lso = {
        .Value = nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo]
    };

    return lso.LsoV2Transmit.MSS != 0;
}

/* A large send: its headers, made whole in `head`. Returns their length; 0: it is none. */
static uint32_t
large_head(const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb, uint8_t *head, struct wire_offload *o)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO lso = {
        .Value = nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo]
    };
    uint32_t length = nb->DataLength, have = length < FRAME_HEAD ? length : FRAME_HEAD, total;
    struct wire_headers h;
    uint16_t pseudo;

    have = (uint32_t)ndis_nb_read(nb, 0, head, have);
    if (wire_headers(head, have, &h) != NULL || h.protocol != WIRE_TCP || h.l4 + 20 > have)
        return 0;
    total = h.l4 + (uint32_t)(head[h.l4 + 12] >> 4) * 4;
    if (total < h.l4 + 20 || total > have || total >= length || lso.LsoV2Transmit.MSS > 65535)
        return 0;
    *o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = (uint16_t)h.l4, .csum_offset = 16 };
    if (length - total > lso.LsoV2Transmit.MSS) {
        o->gso = h.version == 4 ? WIRE_GSO_TCP4 : WIRE_GSO_TCP6;
        o->gso_size = (uint16_t)lso.LsoV2Transmit.MSS;
        o->hdr_len = (uint16_t)total;
        if (head[h.l4 + 13] & 0x80) /* CWR */
            o->flags |= WIRE_ECN;
    }
    wire_ip_fill(head, &h, length - h.l3);
    pseudo = wire_pseudo(head, &h, length - h.l4);
    memcpy(head + h.l4 + 16, &pseudo, 2);
    return total;
}

/* A checksum to be filled in. Returns how many bytes of `head` replace the frame's first: 0 unless IP's is one, too. */
static bool
checksum_words(const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb, uint8_t *copy, struct wire_offload *o, uint32_t *used)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO c = { .Value = nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] };
    struct wire_headers h;
    const uint8_t *head;
    size_t have;

    *used = 0;
    if (!c.Transmit.IsIPv4 && !c.Transmit.IsIPv6)
        return true;
    head = frame_head(nb, copy, &have);
    if (wire_headers(head, have, &h) != NULL)
        return false;
    if (c.Transmit.IpHeaderChecksum && h.version == 4) {
        if (head != copy)
            memcpy(copy, head, h.l4 <= FRAME_HEAD && h.l4 <= have ? h.l4 : 0);
        if (h.l4 > FRAME_HEAD || h.l4 > have)
            return false;
        wire_ip_fill(copy, &h, nb->DataLength - h.l3);
        *used = h.l4;
    }
    if (c.Transmit.TcpChecksum || c.Transmit.UdpChecksum)
        *o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM,
                                    .csum_start = (uint16_t)h.l4,
                                    .csum_offset = c.Transmit.TcpChecksum ? 16 : 6 };
    return true;
}

/* Ieee8021QNetBufferListInfo as far as it is to be heeded. */
static PVOID
tag_of(const struct wn_adapter *a, const NET_BUFFER_LIST *nbl)
{
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag = { .Value = nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo] };

    if (!(a->tags & WN_TAG_PRIORITY))
        tag.TagHeader.UserPriority = 0;
    if (!(a->tags & WN_TAG_VLAN))
        tag.TagHeader.VlanId = 0;
    return tag.TagHeader.UserPriority != 0 || tag.TagHeader.VlanId != 0 ? tag.Value : NULL;
}

enum add { ADDED, NO_ROOM, BAD };

/* Put nb into the burst. NO_ROOM: send the burst first. */
static enum add
add_frame(struct wn_adapter *a, struct burst *b, const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb)
{
    struct wire_tx *tx = &b->tx[b->count];
    struct iovec *iov = &b->iov[b->pieces];
    uint8_t *head = b->head[b->count];
    unsigned room = PIECES - b->pieces, max;
    uint32_t copied = 0, head_length; /* the frame's bytes that `head` is in place of */
    PVOID tag;
    int pieces;

    if (b->count == WIRE_BURST || room < 4)
        return NO_ROOM;
    max = (room < WIRE_IOV_MAX ? room : WIRE_IOV_MAX) - 1;
    tx->offload = (struct wire_offload){ 0 };
    if (is_large(nbl)) {
        copied = large_head(nbl, nb, head, &tx->offload);
        if (copied == 0)
            return BAD;
    } else if (nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] != NULL &&
               !checksum_words(nbl, nb, head, &tx->offload, &copied)) {
        return BAD;
    }
    head_length = copied;
    tag = a->tags != 0 ? tag_of(a, nbl) : NULL;
    if (tag != NULL && (head_length = frame_put_tag(tag, nb, head, &copied, &tx->offload)) == 0)
        return BAD;
    if (copied != 0)
        *iov++ = (struct iovec){ head, head_length };
    pieces = frame_pieces(nb, copied, iov, max);
    if (pieces == FRAME_UNMAPPED)
        return BAD;
    if (pieces == FRAME_TOO_MANY) {
        if (b->count > 0)
            return NO_ROOM; /* it may have room in a burst of its own; if not, it is bounced there */
        if (nb->DataLength > WIRE_GSO_MAX || ndis_nb_read(nb, 0, a->bounce, nb->DataLength) != nb->DataLength)
            return BAD;
        *iov = (struct iovec){ a->bounce + copied, nb->DataLength - copied };
        pieces = 1;
    }
    tx->iov = &b->iov[b->pieces];
    tx->iov_count = (unsigned)pieces + (copied != 0);
    tx->length = nb->DataLength - copied + head_length;
    b->pieces += tx->iov_count;
    b->count++;
    return ADDED;
}

/* ------------------------------------------------------------------ the queue */

static void
count_sent(struct wn_adapter *a, const struct wire_tx *tx, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct iovec *first = &tx[i].iov[0];
        enum wn_cast cast = first->iov_len >= WN_ADDRESS ? wn_cast(first->iov_base) : WN_UNICAST;

        a->tx.frames[cast]++;
        a->tx.bytes[cast] += tx[i].length;
    }
}

/* nbl is wholly on the wire (or failed): documented, what a large send's words say then. */
static void
finish(NET_BUFFER_LIST *nbl)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO lso = {
        .Value = nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo]
    };
    uint32_t payload = 0;

    if (lso.LsoV2Transmit.MSS == 0)
        return;
    if (lso.Transmit.Type == NDIS_TCP_LARGE_SEND_OFFLOAD_V1_TYPE) {
        uint32_t offset = lso.LsoV1Transmit.TcpHeaderOffset;
        uint8_t data_offset = 5 << 4;

        for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
            ndis_nb_read(nb, offset + 12, &data_offset, 1);
            payload += nb->DataLength - offset - (uint32_t)(data_offset >> 4) * 4;
        }
        lso.Value = NULL;
        lso.LsoV1TransmitComplete.TcpPayload = payload;
    } else {
        lso.Value = NULL;
        lso.LsoV2TransmitComplete.Type = NDIS_TCP_LARGE_SEND_OFFLOAD_V2_TYPE;
    }
    nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo] = lso.Value;
}

/* The cursor moves on by one net buffer; NBLs that are through go to *done. */
static void
advance(struct wn_adapter *a, NET_BUFFER_LIST ***done)
{
    NET_BUFFER_LIST *nbl = a->queue;

    if (a->next != NULL)
        a->next = a->next->Next;
    while (a->next == NULL && nbl != NULL) {
        finish(nbl);
        a->queue = nbl->Next;
        a->queued--;
        nbl->Next = NULL;
        **done = nbl;
        *done = &nbl->Next;
        nbl = a->queue;
        a->next = nbl != NULL ? nbl->FirstNetBuffer : NULL;
    }
    if (a->queue == NULL)
        a->queue_end = &a->queue;
}

/* tx_lock held: onto the wire with what it takes. Returns the NBLs that are through; *count of them. */
static NET_BUFFER_LIST *
put_on_wire(struct wn_adapter *a, LONG *count)
{
    NET_BUFFER_LIST *chain = NULL, **done = &chain;
    uint32_t before = a->queued;
    struct burst b;

    while (a->queue != NULL) {
        NET_BUFFER_LIST *nbl = a->queue;
        NET_BUFFER *nb = a->next;
        enum add added = BAD;
        unsigned sent;

        b.count = b.pieces = 0;
        for (; nb != NULL; nb = nb->Next != NULL ? nb->Next : nbl != NULL ? nbl->FirstNetBuffer : NULL) {
            added = add_frame(a, &b, nbl, nb);
            if (added != ADDED)
                break;
            if (nb->Next == NULL)
                nbl = nbl->Next; /* one without net buffers ends the burst, and is stepped over by advance() */
        }
        sent = b.count > 0 ? wire_send(a->wire, b.tx, b.count) : 0;
        count_sent(a, b.tx, sent);
        for (unsigned i = 0; i < sent; i++)
            advance(a, &done);
        if (sent < b.count)
            break; /* no room: the DPC goes on */
        if (b.count == 0) {
            if (a->next != NULL) { /* a frame that cannot be sent */
                a->queue->Status = NDIS_STATUS_INVALID_DATA;
                a->tx.errors++;
            }
            advance(a, &done);
        }
    }
    *count = (LONG)(before - a->queued);
    return chain;
}

/* The last thing done with the adapter: it may end a pause. */
static void
complete(struct wn_adapter *a, NET_BUFFER_LIST *nbls, LONG count, ULONG flags)
{
    if (count == 0)
        return;
    NdisMSendNetBufferListsComplete(a->handle, nbls, flags);
    if (wn_release_busy(a, count))
        NdisMPauseComplete(a->handle);
}

/* Complete without sending. */
static void
refuse(struct wn_adapter *a, NET_BUFFER_LIST *nbls, NDIS_STATUS status, ULONG flags)
{
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
        nbl->Status = status;
    if (nbls != NULL)
        NdisMSendNetBufferListsComplete(a->handle, nbls, flags);
}

/* tx_lock held: append what there is room for. Returns the first that there is none for. */
static NET_BUFFER_LIST *
enqueue(struct wn_adapter *a, NET_BUFFER_LIST *nbls)
{
    NET_BUFFER_LIST *last = NULL, *rest = nbls;
    LONG count = 0;

    for (; rest != NULL && a->queued + (uint32_t)count < a->send_max; rest = rest->Next, count++) {
        rest->Status = NDIS_STATUS_SUCCESS;
        last = rest;
    }
    if (last == NULL)
        return nbls;
    last->Next = NULL;
    if (a->queue == NULL)
        a->next = nbls->FirstNetBuffer;
    *a->queue_end = nbls;
    a->queue_end = &last->Next;
    a->queued += (uint32_t)count;
    wn_take_busy(a, count);
    return rest;
}

VOID NTAPI
WnSend(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    struct wn_adapter *a = MiniportAdapterContext;
    ULONG flags = NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;
    NET_BUFFER_LIST *done = NULL, *rest = NetBufferList;
    NDIS_STATUS status = NDIS_STATUS_RESOURCES; /* of those that were too many */
    LONG count = 0;

    UNREFERENCED_PARAMETER(PortNumber);
    NdisAcquireSpinLock(&a->tx_lock);
    if (a->running) {
        bool waiting = a->queue != NULL;

        rest = enqueue(a, NetBufferList);
        if (!waiting)
            done = put_on_wire(a, &count);
        for (NET_BUFFER_LIST *nbl = rest; nbl != NULL; nbl = nbl->Next)
            a->tx.discards++;
    } else {
        status = NDIS_STATUS_PAUSED;
    }
    if (rest != NULL)
        wn_take_busy(a, 1); /* the adapter stays until they are refused */
    NdisReleaseSpinLock(&a->tx_lock);
    complete(a, done, count, flags);
    if (rest != NULL) {
        refuse(a, rest, status, flags);
        if (wn_release_busy(a, 1) && status != NDIS_STATUS_PAUSED)
            NdisMPauseComplete(a->handle);
    }
}

void
wn_send_more(struct wn_adapter *a)
{
    NET_BUFFER_LIST *done;
    LONG count;

    if (a->queue == NULL) /* a hint; whoever queues puts on the wire itself */
        return;
    NdisAcquireSpinLock(&a->tx_lock);
    done = put_on_wire(a, &count);
    NdisReleaseSpinLock(&a->tx_lock);
    complete(a, done, count, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
}

/* Take out of the queue what `wanted` names by its cancel ID; all if everything is set. */
static NET_BUFFER_LIST *
take_out(struct wn_adapter *a, bool everything, void *id, LONG *count)
{
    NET_BUFFER_LIST **at = &a->queue, *out = NULL, **end = &out;

    *count = 0;
    while (*at != NULL) {
        NET_BUFFER_LIST *nbl = *at;
        bool begun = nbl == a->queue && a->next != nbl->FirstNetBuffer; /* part of it is on the wire */

        if (!everything && (begun || NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl) != id)) {
            at = &nbl->Next;
            continue;
        }
        *at = nbl->Next;
        nbl->Next = NULL;
        *end = nbl;
        end = &nbl->Next;
        ++*count;
        if (at == &a->queue)
            a->next = a->queue != NULL ? a->queue->FirstNetBuffer : NULL;
    }
    a->queue_end = at;
    a->queued -= (uint32_t)*count;
    return out;
}

static void
abort_sends(struct wn_adapter *a, bool everything, void *id, NDIS_STATUS status)
{
    NET_BUFFER_LIST *out;
    LONG count;

    NdisAcquireSpinLock(&a->tx_lock);
    out = take_out(a, everything, id, &count);
    NdisReleaseSpinLock(&a->tx_lock);
    for (NET_BUFFER_LIST *nbl = out; nbl != NULL; nbl = nbl->Next)
        nbl->Status = status;
    complete(a, out, count, 0);
}

/* A pause begins; its own part of busy is still there, so it does not end in here. */
void
wn_send_abort(struct wn_adapter *a)
{
    abort_sends(a, true, NULL, NDIS_STATUS_PAUSED);
}

VOID NTAPI
WnCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    abort_sends(MiniportAdapterContext, false, CancelId, NDIS_STATUS_SEND_ABORTED);
}
