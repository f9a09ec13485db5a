/* SPDX-License-Identifier: MIT */
/*
 * hostif/data.c - frames from Linux down to the adapter, frames of the adapter up to Linux.
 *
 * Model: down, a frame is read into a send buffer; what Linux left to do is asked of the adapter if it does that now,
 * and done here otherwise. A frame that is to be cut needs a buffer for each segment: what there is none for waits, and
 * Linux is not read on meanwhile.
 * Up, a frame is the pieces its MDLs describe; a checksum that the adapter says is right, and frames it joined, reach
 * Linux as a checksum still to be made (with the pseudo header's sum in its place, in a copy of the headers), so that
 * what Linux passes on to a real network is right, too.
 */
#include "builtin/hostif/hostif.h"

#include <string.h>

#include "base/figure.h"
#include "machine/machine.h"
#include "ndis/nbl.h"

#define PIECES 256u
#define WINDOW_MIN   2u
#define WINDOW_TRIES 4096u /* sends that were taken before one more is tried */

/* ------------------------------------------------------------------ buffers */

static NDIS_HANDLE
create_pool(void)
{
    uint64_t mark = guest_mark();
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_HANDLE pool;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    p->fAllocateNetBuffer = TRUE;
    p->PoolTag = HI_TAG;
    pool = NdisAllocateNetBufferListPool(*hi_driver, p);
    guest_release(mark);
    return pool;
}

NDIS_STATUS
hi_create_buffers(struct hi_binding *b)
{
    const struct wire_info *info = wire_info(b->hostif->wire);
    uint32_t size = info->depth * (uint32_t)sizeof(*b->buffers);

    b->waiting_end = &b->waiting;
    b->frame_max = info->frame_max;
    b->buffer_count = b->window = info->depth;
    b->pool = create_pool();
    b->buffers = NdisAllocateMemoryWithTagPriority(*hi_driver, size, HI_TAG, NormalPoolPriority);
    if (b->pool == NULL || b->buffers == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(b->buffers, 0, size);
    for (unsigned i = 0; i < b->buffer_count; i++) {
        struct hi_buffer *buffer = &b->buffers[i];

        buffer->data = frame_memory(*hi_driver, b->frame_max, HI_TAG);
        if (buffer->data != NULL)
            buffer->mdl = NdisAllocateMdl(*hi_driver, buffer->data, b->frame_max);
        if (buffer->mdl != NULL)
            buffer->nbl = NdisAllocateNetBufferAndNetBufferList(b->pool, 0, 0, buffer->mdl, 0, 0);
        if (buffer->nbl == NULL)
            return NDIS_STATUS_RESOURCES;
        buffer->nbl->ProtocolReserved[0] = buffer;
        buffer->next = b->free;
        b->free = buffer;
    }
    return NDIS_STATUS_SUCCESS;
}

/* Frees what hi_create_buffers() made, also when it failed half way. */
void
hi_destroy_buffers(struct hi_binding *b)
{
    for (unsigned i = 0; b->buffers != NULL && i < b->buffer_count; i++) {
        if (b->buffers[i].nbl != NULL)
            NdisFreeNetBufferList(b->buffers[i].nbl);
        if (b->buffers[i].mdl != NULL)
            NdisFreeMdl(b->buffers[i].mdl);
        if (b->buffers[i].data != NULL)
            frame_memory_free(b->buffers[i].data);
    }
    if (b->buffers != NULL)
        NdisFreeMemory(b->buffers, 0, 0);
    if (b->pool != NULL)
        NdisFreeNetBufferListPool(b->pool);
}

static struct hi_buffer *
take_buffer(struct hi_binding *b)
{
    struct hi_buffer *buffer = b->free;

    if (buffer != NULL)
        b->free = buffer->next;
    return buffer;
}

static void
give_buffer(struct hi_binding *b, struct hi_buffer *buffer)
{
    buffer->next = b->free;
    b->free = buffer;
}

/* ------------------------------------------------------------------ from Linux */

/* The adapter is to fill in the checksum; false: it cannot, or the frame is none it knows. */
static bool
ask_checksum(const struct hi_binding *b, const uint8_t *frame, uint32_t length, const struct wire_offload *o,
             NET_BUFFER_LIST *nbl)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO c = { .Value = NULL };
    struct wire_headers h;
    bool tcp, udp;

    if (wire_headers(frame, length, &h) != NULL || h.l4 != o->csum_start || h.l4 > 1023)
        return false;
    tcp = h.protocol == WIRE_TCP && o->csum_offset == 16 && (b->offloads & (h.version == 4 ? HI_TCP4 : HI_TCP6));
    udp = h.protocol == WIRE_UDP && o->csum_offset == 6 && (b->offloads & (h.version == 4 ? HI_UDP4 : HI_UDP6));
    if (!tcp && !udp)
        return false;
    c.Transmit.IsIPv4 = h.version == 4;
    c.Transmit.IsIPv6 = h.version == 6;
    c.Transmit.TcpChecksum = tcp;
    c.Transmit.UdpChecksum = udp;
    c.Transmit.TcpHeaderOffset = h.l4;
    nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] = c.Value;
    return true;
}

/* The adapter is to cut the frame. documented: the pseudo header's sum then is without the length. */
static bool
ask_segments(const struct hi_binding *b, uint8_t *frame, uint32_t length, const struct wire_offload *o,
             NET_BUFFER_LIST *nbl)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO lso = { .Value = NULL };
    struct wire_headers h;
    uint16_t pseudo;

    if (!(b->offloads & (o->gso == WIRE_GSO_TCP4   ? HI_LSO4
                         : o->gso == WIRE_GSO_TCP6 ? HI_LSO6
                                                   : 0)) ||
        o->csum_start > 1023 || wire_headers(frame, length, &h) != NULL)
        return false;
    lso.LsoV2Transmit.MSS = o->gso_size;
    lso.LsoV2Transmit.TcpHeaderOffset = o->csum_start;
    lso.LsoV2Transmit.Type = NDIS_TCP_LARGE_SEND_OFFLOAD_V2_TYPE;
    lso.LsoV2Transmit.IPVersion = h.version == 4 ? NDIS_TCP_LARGE_SEND_OFFLOAD_IPv4 : NDIS_TCP_LARGE_SEND_OFFLOAD_IPv6;
    pseudo = wire_pseudo(frame, &h, 0);
    memcpy(frame + o->csum_start + o->csum_offset, &pseudo, 2);
    nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo] = lso.Value;
    return true;
}

struct chain {
    NET_BUFFER_LIST *first, **end;
    LONG count;
};

/* The frame is `length` bytes from `offset` on; tag: its Ieee8021QNetBufferListInfo. */
static void
chain_add(struct hi_binding *b, struct chain *c, struct hi_buffer *buffer, uint32_t offset, uint32_t length, PVOID tag)
{
    NET_BUFFER_LIST *nbl = buffer->nbl;
    NET_BUFFER *nb = nbl->FirstNetBuffer;

    nbl->SourceHandle = b->handle;
    nbl->Next = NULL;
    NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, b->cancel_id);
    nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo] = tag;
    buffer->mdl->ByteCount = offset + length;
    nb->CurrentMdl = nb->MdlChain = buffer->mdl;
    nb->CurrentMdlOffset = nb->DataOffset = offset;
    nb->DataLength = length;
    *c->end = nbl;
    c->end = &nbl->Next;
    c->count++;
    b->out++;
}

/* lock held. The next segments of a frame that nobody below cuts. false: no room or no buffer is left, and it waits. */
static bool
cut(struct hi_binding *b, struct hi_buffer *buffer, struct chain *c)
{
    const uint8_t *frame = buffer->data + buffer->cut.skip;

    for (; buffer->cut.next < buffer->cut.count; buffer->cut.next++) {
        struct hi_buffer *segment = b->out < b->window ? take_buffer(b) : NULL;
        uint32_t length;

        if (segment == NULL)
            return false;
        memset(segment->nbl->NetBufferListInfo, 0, sizeof(segment->nbl->NetBufferListInfo));
        length = wire_segment(frame, buffer->cut.length, &buffer->cut.offload, buffer->cut.next, segment->data);
        chain_add(b, c, segment, 0, length, buffer->cut.tag);
    }
    give_buffer(b, buffer);
    return true;
}

/* lock held. A frame of Linux's on its way down. false: it waits for a buffer. */
static bool
prepare(struct hi_binding *b, struct hi_buffer *buffer, struct chain *c)
{
    struct wire_offload o = buffer->rx.offload;
    uint32_t skip = 0, length = buffer->rx.length;
    NET_BUFFER_LIST *nbl = buffer->nbl;
    uint8_t *frame;
    PVOID tag;

    if (buffer->cut.count > 0)
        return cut(b, buffer, c);
    if (o.gso == WIRE_GSO_NONE && length > b->mtu + WIRE_HEADER + 4) {
        figure_add(&b->hostif->stats.refused, 1);
        give_buffer(b, buffer);
        return true;
    }
    memset(nbl->NetBufferListInfo, 0, sizeof(nbl->NetBufferListInfo));
    tag = b->tags ? frame_take_tag(buffer->data, length, &skip, &o) : NULL;
    frame = buffer->data + skip;
    length -= skip;
    if (o.gso != WIRE_GSO_NONE && !ask_segments(b, frame, length, &o, nbl)) {
        buffer->cut.skip = skip;
        buffer->cut.length = length;
        buffer->cut.offload = o;
        buffer->cut.tag = tag;
        buffer->cut.next = 0;
        buffer->cut.count = wire_segments(&o, length);
        return cut(b, buffer, c);
    }
    if (o.gso == WIRE_GSO_NONE && (o.flags & WIRE_NEEDS_CSUM) && !ask_checksum(b, frame, length, &o, nbl))
        wire_csum_fill(frame, length, &o);
    chain_add(b, c, buffer, skip, length, tag);
    return true;
}

/* lock held. What waits, as far as there are room and buffers. */
static void
prepare_waiting(struct hi_binding *b, struct chain *c)
{
    struct hi_buffer *buffer, *next;

    for (buffer = b->waiting; buffer != NULL && b->out < b->window; buffer = next) {
        next = buffer->next; /* it may be free afterwards */
        if (!prepare(b, buffer, c))
            break;
    }
    b->waiting = buffer;
    if (buffer == NULL)
        b->waiting_end = &b->waiting;
}

unsigned
hi_drop_waiting(struct hi_binding *b)
{
    struct hi_buffer *buffer;
    unsigned count = 0;

    for (; (buffer = b->waiting) != NULL; count++) {
        b->waiting = buffer->next;
        give_buffer(b, buffer);
    }
    b->waiting_end = &b->waiting;
    return count;
}

/* What Linux sends while nobody takes it. */
static unsigned
discard(struct hostif *h, unsigned budget)
{
    struct wire_rx rx = { .buffer = h->spare, .room = wire_info(h->wire)->frame_max };
    unsigned got = 0;

    while (got < budget && wire_receive(h->wire, &rx, 1) == 1)
        got++;
    figure_add(&h->stats.down, got);
    return got;
}

/* lock held. Nothing is to be read until a send is back. */
static void
starve(struct hi_binding *b)
{
    if (!b->starved)
        wire_listen(b->hostif->wire, false);
    b->starved = true;
}

static unsigned
read_frames(struct hi_binding *b, struct hi_buffer **buffer, unsigned count, struct chain *c)
{
    struct hostif *h = b->hostif;
    struct wire_rx rx[WIRE_BURST];
    unsigned got;

    for (unsigned i = 0; i < count; i++)
        rx[i] = (struct wire_rx){ .buffer = buffer[i]->data, .room = b->frame_max, .margins = true };
    got = wire_receive(h->wire, rx, count);
    if (got == count && h->burst < WIRE_BURST)
        h->burst *= 2; /* taking many buffers for few frames costs more than the frames */
    else if (got < count / 4 && h->burst > HI_BURST_MIN)
        h->burst /= 2;
    figure_add(&h->stats.from_linux, got);
    NdisAcquireSpinLock(&b->lock);
    while (count > got)
        give_buffer(b, buffer[--count]);
    for (unsigned i = 0; i < got; i++) {
        buffer[i]->rx = rx[i];
        buffer[i]->cut.count = 0;
        buffer[i]->next = NULL;
        *b->waiting_end = buffer[i];
        b->waiting_end = &buffer[i]->next;
    }
    prepare_waiting(b, c);
    if (b->waiting != NULL)
        starve(b);
    if (!b->running) /* paused meanwhile */
        figure_add(&h->stats.down, hi_drop_waiting(b));
    NdisReleaseSpinLock(&b->lock);
    return got;
}

/*
 * An adapter that fails sends for lack of room tells how much it has: what is still out. The rest is better left with
 * Linux, whose senders slow down, than lost. Now and then one more is tried.
 */
static void
fit_window(struct hi_binding *b)
{
    NdisAcquireSpinLock(&b->lock);
    if (b->no_room) {
        b->window = b->out > WINDOW_MIN ? b->out : WINDOW_MIN;
        b->taken = 0;
    } else if (b->taken >= WINDOW_TRIES && b->window < b->buffer_count) {
        b->window++;
        b->taken = 0;
    }
    b->no_room = false;
    NdisReleaseSpinLock(&b->lock);
}

unsigned
hi_poll(struct hostif *h, unsigned budget)
{
    struct hi_binding *b = h->binding;
    struct hi_buffer *buffer[WIRE_BURST];
    struct chain chain = { .first = NULL, .end = &chain.first };
    unsigned count = 0, most, got;
    bool running = false;

    if (b != NULL) {
        NdisAcquireSpinLock(&b->lock);
        running = b->running;
        if (running) {
            hi_take_busy(b, 1); /* this call */
            prepare_waiting(b, &chain);
            most = b->buffer_count / 2; /* the others are for segments, lest all wait */
            most = b->waiting != NULL ? 0 : budget < most ? budget : most;
            while (count < most && count < h->burst && b->out + count < b->window &&
                   (buffer[count] = take_buffer(b)) != NULL)
                count++;
            if (count == 0)
                starve(b);
        }
        NdisReleaseSpinLock(&b->lock);
    }
    if (!running)
        got = discard(h, budget);
    else
        got = count > 0 ? read_frames(b, buffer, count, &chain) : 0;
    if (chain.count > 0) {
        hi_take_busy(b, chain.count);
        NdisSendNetBufferLists(b->handle, chain.first, NDIS_DEFAULT_PORT_NUMBER, NDIS_SEND_FLAGS_DISPATCH_LEVEL);
        fit_window(b);
    }
    if (running)
        hi_release_busy(b, 1);
    if (got > 0)
        h->quiet = 0;
    else if (h->quiet++ % HI_NEWS_EVERY == 0)
        wire_poll(h->wire);
    return got;
}

VOID NTAPI
HiSendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    struct hi_binding *b = ProtocolBindingContext;
    NET_BUFFER_LIST *nbl, *next;
    bool starved;
    LONG count = 0;

    UNREFERENCED_PARAMETER(SendCompleteFlags);
    NdisAcquireSpinLock(&b->lock);
    for (nbl = NetBufferList; nbl != NULL; nbl = next, count++) {
        next = nbl->Next;
        if (nbl->Status == NDIS_STATUS_SUCCESS)
            b->taken++;
        else
            figure_add(&b->hostif->stats.refused, 1);
        b->no_room = b->no_room || nbl->Status == NDIS_STATUS_RESOURCES;
        give_buffer(b, nbl->ProtocolReserved[0]);
    }
    b->out -= (uint32_t)count;
    starved = b->starved;
    b->starved = false;
    if (starved)
        wire_listen(b->hostif->wire, true);
    NdisReleaseSpinLock(&b->lock);
    if (starved)
        KeInsertQueueDpc(b->hostif->dpc, NULL, NULL);
    hi_release_busy(b, count);
}

/* ------------------------------------------------------------------ to Linux */

struct burst {
    struct wire_tx tx[WIRE_BURST];
    struct iovec iov[PIECES];
    uint8_t head[WIRE_BURST][FRAME_HEAD + FRAME_TAG];
    unsigned count, pieces;
};

/*
 * What the adapter said of the frame, as words, with the headers they want in `head`. Returns how many bytes of it
 * replace the frame's first; 0: none.
 */
static uint32_t
words_of(const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb, uint8_t *head, struct wire_offload *o)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO c = { .Value = nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] };
    NDIS_RSC_NBL_INFO rsc = { .Value = nbl->NetBufferListInfo[TcpRecvSegCoalesceInfo] };
    bool tcp = c.Receive.TcpChecksumSucceeded, udp = c.Receive.UdpChecksumSucceeded;
    uint32_t length = nb->DataLength, have, header;
    struct wire_headers h;
    uint16_t pseudo;

    if (!tcp && !udp)
        return 0;
    have = (uint32_t)ndis_nb_read(nb, 0, head, length < FRAME_HEAD ? length : FRAME_HEAD);
    if (wire_headers(head, have, &h) != NULL || h.protocol != (tcp ? WIRE_TCP : WIRE_UDP) ||
        h.l4 + (tcp ? 20u : 8u) > have)
        return 0;
    header = h.l4 + (tcp ? (uint32_t)(head[h.l4 + 12] >> 4) * 4 : 8);
    if (header > have)
        return 0;
    *o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = (uint16_t)h.l4, .csum_offset = tcp ? 16 : 6 };
    if (tcp && rsc.Info.CoalescedSegCount > 1 && length > header) {
        o->gso = h.version == 4 ? WIRE_GSO_TCP4 : WIRE_GSO_TCP6;
        o->hdr_len = (uint16_t)header;
        o->gso_size = (uint16_t)((length - header + rsc.Info.CoalescedSegCount - 1u) / rsc.Info.CoalescedSegCount);
    }
    pseudo = wire_pseudo(head, &h, length - h.l4);
    memcpy(head + h.l4 + o->csum_offset, &pseudo, 2);
    return header;
}

static void
flush(struct hostif *h, struct burst *b)
{
    unsigned sent = b->count > 0 ? wire_send(h->wire, b->tx, b->count) : 0;

    figure_add(&h->stats.to_linux, sent);
    figure_add(&h->stats.dropped, b->count - sent);
    b->count = b->pieces = 0;
}

/* A frame in one piece, in the bounce buffer, `head` in place of its first `copied` bytes. false: it cannot be read. */
static bool
bounce(struct hostif *h, const NET_BUFFER *nb, const uint8_t *head, uint32_t head_length, uint32_t copied,
       struct iovec *iov)
{
    uint32_t rest = nb->DataLength - copied;

    if (rest + head_length > WIRE_GSO_MAX || ndis_nb_read(nb, copied, h->bounce + head_length, rest) != rest)
        return false;
    memcpy(h->bounce, head, head_length);
    *iov = (struct iovec){ h->bounce, head_length + rest };
    return true;
}

/* lock held: bounce is one. */
static void
add_frame(struct hostif *h, struct burst *b, const NET_BUFFER_LIST *nbl, const NET_BUFFER *nb)
{
    PVOID tag = nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo];
    struct wire_tx *tx;
    struct iovec *iov;
    uint32_t copied, head_length;
    uint8_t *head;
    int pieces;

    if (b->count == WIRE_BURST || PIECES - b->pieces < WIRE_IOV_MAX)
        flush(h, b);
    tx = &b->tx[b->count];
    head = b->head[b->count];
    iov = tx->iov = &b->iov[b->pieces];
    tx->offload = (struct wire_offload){ 0 };
    copied = head_length = words_of(nbl, nb, head, &tx->offload);
    if (tag != NULL && (head_length = frame_put_tag(tag, nb, head, &copied, &tx->offload)) == 0) {
        figure_add(&h->stats.dropped, 1);
        return;
    }
    tx->length = nb->DataLength - copied + head_length;
    if (copied != 0)
        *iov++ = (struct iovec){ head, head_length };
    pieces = frame_pieces(nb, copied, iov, WIRE_IOV_MAX - 1);
    if (pieces == FRAME_UNMAPPED) {
        figure_add(&h->stats.dropped, 1);
        return;
    }
    tx->iov_count = (unsigned)pieces + (copied != 0);
    if (pieces != FRAME_TOO_MANY && (tx->offload.flags == 0 || wire_info(h->wire)->checksums)) {
        b->pieces += tx->iov_count;
        b->count++;
        return;
    }
    /* in too many pieces, or for a wire without words: at once, since there is one bounce buffer */
    if (!bounce(h, nb, head, head_length, copied, tx->iov)) {
        figure_add(&h->stats.dropped, 1);
        return;
    }
    tx->iov_count = 1;
    if (tx->offload.flags != 0 && !wire_info(h->wire)->checksums) {
        wire_csum_fill(h->bounce, tx->length, &tx->offload);
        tx->offload = (struct wire_offload){ 0 };
    }
    b->count++;
    b->pieces++;
    flush(h, b);
}

VOID NTAPI
HiReceive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
          ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    struct hi_binding *binding = ProtocolBindingContext;
    struct hostif *h = binding->hostif;
    struct burst b;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    b.count = b.pieces = 0;
    NdisAcquireSpinLock(&binding->lock);
    for (const NET_BUFFER_LIST *nbl = NetBufferLists; nbl != NULL; nbl = nbl->Next)
        for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next)
            add_frame(h, &b, nbl, nb);
    flush(h, &b);
    NdisReleaseSpinLock(&binding->lock);
    if (NDIS_TEST_RECEIVE_CAN_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(binding->handle, NetBufferLists,
                                 NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(ReceiveFlags) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL
                                                                                   : 0);
}
