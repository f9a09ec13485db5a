/* SPDX-License-Identifier: MIT */
/*
 * wirenic/receive.c - frames from the wire into the stack.
 *
 * Model: a buffer is free, or being filled by the DPC, or with the stack. Frames are read straight into buffers, the
 * one freed last first. What offload words say becomes out-of-band information if that offload is on and was activated
 * (OID_OFFLOAD_ENCAPSULATION, documented: not before); else the processor does here what the words ask: fills in the
 * checksum, cuts the frame into segments. A frame for which there is no buffer is read and counted. So is one that
 * nobody wants, but from a wire that is played: it waits until a packet filter is set.
 *
 * assumed: the checksum field of a frame whose checksum is said to have succeeded may hold the pseudo header's sum only
 * (docs/assumptions.md), as it does between machines on one virtual switch.
 */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "machine/machine.h"
#include "ndis/nbl.h"
#include "ndis/ndis.h"

enum wn_cast
wn_cast(const uint8_t *frame)
{
    static const uint8_t broadcast[WN_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (!(frame[0] & 1))
        return WN_UNICAST;
    return memcmp(frame, broadcast, WN_ADDRESS) == 0 ? WN_BROADCAST : WN_MULTICAST;
}

/* ------------------------------------------------------------------ buffers */

static NDIS_HANDLE
create_pool(struct wn_adapter *a)
{
    uint64_t mark = guest_mark();
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_HANDLE pool;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    p->fAllocateNetBuffer = TRUE;
    p->PoolTag = WN_TAG;
    pool = NdisAllocateNetBufferListPool(a->handle, p);
    guest_release(mark);
    return pool;
}

static void *
allocate(struct wn_adapter *a, uint32_t size)
{
    return NdisAllocateMemoryWithTagPriority(a->handle, size, WN_TAG, NormalPoolPriority);
}

NDIS_STATUS
wn_create_buffers(struct wn_adapter *a)
{
    a->pool = create_pool(a);
    a->spare = frame_memory(a->handle, a->frame_max, WN_TAG);
    a->bounce = allocate(a, WIRE_GSO_MAX);
    a->buffers = allocate(a, a->receive_buffers * (uint32_t)sizeof(*a->buffers));
    if (a->pool == NULL || a->spare == NULL || a->bounce == NULL || a->buffers == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(a->buffers, 0, a->receive_buffers * sizeof(*a->buffers));
    for (uint32_t i = 0; i < a->receive_buffers; i++) {
        struct wn_buffer *b = &a->buffers[i];

        b->data = frame_memory(a->handle, a->frame_max, WN_TAG);
        if (b->data != NULL)
            b->mdl = NdisAllocateMdl(a->handle, b->data, a->frame_max);
        if (b->mdl != NULL)
            b->nbl = NdisAllocateNetBufferAndNetBufferList(a->pool, 0, 0, b->mdl, 0, 0);
        if (b->nbl == NULL)
            return NDIS_STATUS_RESOURCES;
        b->nbl->SourceHandle = a->handle;
        b->nbl->MiniportReserved[0] = b;
        b->next = a->free;
        a->free = b;
    }
    return NDIS_STATUS_SUCCESS;
}

/* Frees what wn_create_buffers() made, also when it failed half way. */
void
wn_destroy_buffers(struct wn_adapter *a)
{
    for (uint32_t i = 0; a->buffers != NULL && i < a->receive_buffers; i++) {
        if (a->buffers[i].nbl != NULL)
            NdisFreeNetBufferList(a->buffers[i].nbl);
        if (a->buffers[i].mdl != NULL)
            NdisFreeMdl(a->buffers[i].mdl);
        if (a->buffers[i].data != NULL)
            frame_memory_free(a->buffers[i].data);
    }
    if (a->buffers != NULL)
        NdisFreeMemory(a->buffers, 0, 0);
    if (a->bounce != NULL)
        NdisFreeMemory(a->bounce, 0, 0);
    if (a->spare != NULL)
        frame_memory_free(a->spare);
    if (a->pool != NULL)
        NdisFreeNetBufferListPool(a->pool);
}

/* rx_lock held. NULL: none is left. */
static struct wn_buffer *
take_buffer(struct wn_adapter *a)
{
    struct wn_buffer *b = a->free;

    if (b != NULL) {
        a->free = b->next;
        b->taken = true;
    }
    return b;
}

static void
give_buffer(struct wn_adapter *a, struct wn_buffer *b)
{
    b->taken = false;
    b->next = a->free;
    a->free = b;
}

VOID NTAPI
WnReturn(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    struct wn_adapter *a = MiniportAdapterContext;
    NET_BUFFER_LIST *nbl, *next;
    LONG count = 0;

    UNREFERENCED_PARAMETER(ReturnFlags);
    NdisAcquireSpinLock(&a->rx_lock);
    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        struct wn_buffer *b = nbl->MiniportReserved[0];

        next = nbl->Next;
        if (b->taken) {
            give_buffer(a, b);
            count++;
        } else { /* a second buffer of the same memory would be two frames in one */
            trace_emit(EV_NBL_MISUSE, nbl, NDIS_NBL_RETURNED_TWICE, (uint64_t)a->handle, NDIS_LAYER_MINIPORT);
        }
    }
    NdisReleaseSpinLock(&a->rx_lock);
    if (wn_release_busy(a, count)) /* last: it may end a pause, and the adapter with it */
        NdisMPauseComplete(a->handle);
}

/* ------------------------------------------------------------------ one frame */

/* Does the packet filter let it pass? rx_lock held. */
static bool
wanted(const struct wn_adapter *a, const uint8_t *frame)
{
    if (a->filter & NDIS_PACKET_TYPE_PROMISCUOUS)
        return true;
    switch (wn_cast(frame)) {
    case WN_BROADCAST:
        return a->filter & NDIS_PACKET_TYPE_BROADCAST;
    case WN_UNICAST:
        return (a->filter & NDIS_PACKET_TYPE_DIRECTED) && memcmp(frame, a->address, WN_ADDRESS) == 0;
    default:
        break;
    }
    if (a->filter & NDIS_PACKET_TYPE_ALL_MULTICAST)
        return true;
    for (uint32_t i = 0; (a->filter & NDIS_PACKET_TYPE_MULTICAST) && i < a->multicast_count; i++)
        if (memcmp(frame, a->multicast[i], WN_ADDRESS) == 0)
            return true;
    return false;
}

/* What the stack is told of the checksums; false: it may not be told, so the frame must have them. */
static bool
checksum_info(const struct wn_adapter *a, const uint8_t *frame, uint32_t length, const struct wire_offload *o,
              NET_BUFFER_LIST *nbl)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO c = { .Value = NULL };
    uint32_t on = a->active ? a->config : 0;
    struct wire_headers h;
    bool tcp, udp;

    if (!(o->flags & (WIRE_NEEDS_CSUM | WIRE_DATA_VALID)))
        return true;
    if (wire_headers(frame, length, &h) != NULL)
        return false;
    tcp = h.protocol == WIRE_TCP && (on & (h.version == 4 ? WN_RX_TCP4 : WN_RX_TCP6));
    udp = h.protocol == WIRE_UDP && (on & (h.version == 4 ? WN_RX_UDP4 : WN_RX_UDP6));
    c.Receive.TcpChecksumSucceeded = tcp;
    c.Receive.UdpChecksumSucceeded = udp;
    nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] = c.Value;
    return tcp || udp;
}

/*
 * A tag goes out of band, as far as that is switched on. A VLAN that could not be told stays where it is: else the
 * frame would seem to be of none.
 */
static void
describe_tag(const struct wn_adapter *a, struct wn_buffer *b, uint32_t length)
{
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag;
    NET_BUFFER *nb = b->nbl->FirstNetBuffer;
    uint32_t skip;

    if (!(a->tags & WN_TAG_VLAN) && length > WIRE_HEADER + 1 && ((b->data[14] & 15) != 0 || b->data[15] != 0))
        return;
    tag.Value = frame_take_tag(b->data, length, &skip, NULL);
    if (!(a->tags & WN_TAG_PRIORITY))
        tag.TagHeader.UserPriority = 0;
    b->nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo] = tag.Value;
    nb->CurrentMdlOffset = nb->DataOffset = skip;
    nb->DataLength = length - skip;
}

/* The frame of `length` bytes in b is complete: make its NBL say so. */
static void
describe(struct wn_adapter *a, struct wn_buffer *b, uint32_t length, const struct wire_offload *o)
{
    NET_BUFFER_LIST *nbl = b->nbl;
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    enum wn_cast cast = wn_cast(b->data);
    NDIS_RSC_NBL_INFO rsc = { .Value = NULL };

    memset(nbl->NetBufferListInfo, 0, sizeof(nbl->NetBufferListInfo));
    nbl->Next = NULL;
    nbl->Status = NDIS_STATUS_SUCCESS;
    nbl->NblFlags = 0;
    b->mdl->ByteCount = length;
    nb->CurrentMdl = nb->MdlChain = b->mdl;
    nb->CurrentMdlOffset = nb->DataOffset = 0;
    nb->DataLength = length;
    if (!checksum_info(a, b->data, length, o, nbl))
        wire_csum_fill(b->data, length, o);
    if (o->gso != WIRE_GSO_NONE) {
        rsc.Info.CoalescedSegCount = (USHORT)wire_segments(o, length);
        nbl->NetBufferListInfo[TcpRecvSegCoalesceInfo] = rsc.Value;
    }
    a->rx.frames[cast]++;
    a->rx.bytes[cast] += length;
    if (a->tags != 0)
        describe_tag(a, b, length);
}

/* May a joined frame go up as it is? documented (RSC): only with the checksum known to be right. */
static bool
may_stay_joined(const struct wn_adapter *a, const struct wire_offload *o)
{
    uint32_t need = o->gso == WIRE_GSO_TCP4 ? WN_RSC4 | WN_RX_TCP4 : o->gso == WIRE_GSO_TCP6 ? WN_RSC6 | WN_RX_TCP6 : 0;

    return need != 0 && a->active && (a->config & need) == need;
}

/* assumed: as hardware, an adapter drops what its MTU, with a VLAN tag, does not allow (docs/assumptions.md). */
static bool
is_oversize(const struct wn_adapter *a, uint32_t length)
{
    return length > a->mtu + WIRE_HEADER + 4;
}

/* ------------------------------------------------------------------ bursts */

struct chain {
    NET_BUFFER_LIST *first, **end;
    ULONG count;
};

static void
chain_add(struct chain *c, struct wn_buffer *b)
{
    *c->end = b->nbl;
    c->end = &b->nbl->Next;
    c->count++;
}

/* A joined frame in b is cut into buffers of their own. rx_lock held. */
static void
cut(struct wn_adapter *a, struct wn_buffer *b, uint32_t length, const struct wire_offload *o, struct chain *c)
{
    static const struct wire_offload none;
    unsigned count = wire_segments(o, length);

    if (is_oversize(a, (uint32_t)o->hdr_len + o->gso_size)) {
        a->rx.errors += count;
        count = 0;
    }
    for (unsigned i = 0; i < count; i++) {
        struct wn_buffer *segment = take_buffer(a);

        if (segment == NULL) {
            a->no_buffer++;
            a->rx.discards += count - i;
            break;
        }
        describe(a, segment, wire_segment(b->data, length, o, i, segment->data), &none);
        chain_add(c, segment);
    }
    give_buffer(a, b);
}

/* Frames for which there is no buffer, or no one to give them to. */
static unsigned
discard(struct wn_adapter *a, unsigned budget, bool no_buffer)
{
    struct wire_rx rx = { .buffer = a->spare, .room = a->frame_max, .margins = true };
    unsigned got = 0;

    while (got < budget && wire_receive(a->wire, &rx, 1) == 1)
        got++;
    a->rx.discards += got;
    if (no_buffer)
        a->no_buffer += got;
    return got;
}

static unsigned
take_buffers(struct wn_adapter *a, struct wn_buffer **buffer, struct wire_rx *rx, unsigned max)
{
    unsigned count = 0;

    for (; count < max && (buffer[count] = take_buffer(a)) != NULL; count++)
        rx[count] = (struct wire_rx){ .buffer = buffer[count]->data, .room = a->frame_max, .margins = true };
    return count;
}

/* Taking many buffers for few frames costs more than the frames. */
static void
adapt(struct wn_adapter *a, unsigned count, unsigned got)
{
    if (got == count && a->burst < WIRE_BURST)
        a->burst *= 2;
    else if (got < count / 4 && a->burst > WN_BURST_MIN)
        a->burst /= 2;
}

bool
wn_listen(struct wn_adapter *a)
{
    bool listen = !wire_info(a->wire)->played || (a->running && a->filter != 0);

    wire_listen(a->wire, listen);
    return listen;
}

static unsigned
receive(struct wn_adapter *a, unsigned budget)
{
    struct wn_buffer *buffer[WIRE_BURST];
    struct wire_rx rx[WIRE_BURST];
    struct chain chain = { .first = NULL, .end = &chain.first };
    unsigned count = 0, got;
    bool running, listen;

    NdisAcquireSpinLock(&a->rx_lock);
    running = a->running;
    listen = wn_listen(a);
    if (running && listen) {
        wn_take_busy(a, 1); /* this call */
        count = take_buffers(a, buffer, rx, budget < a->burst ? budget : a->burst);
    }
    NdisReleaseSpinLock(&a->rx_lock);
    if (!listen) {
        return 0;
    } else if (count == 0) {
        got = discard(a, budget, running);
    } else {
        got = wire_receive(a->wire, rx, count);
        adapt(a, count, got);
        NdisAcquireSpinLock(&a->rx_lock);
        while (count > got)
            give_buffer(a, buffer[--count]);
        for (unsigned i = 0; i < got; i++) {
            if (!wanted(a, buffer[i]->data)) {
                give_buffer(a, buffer[i]);
            } else if (rx[i].offload.gso == WIRE_GSO_NONE && is_oversize(a, rx[i].length)) {
                a->rx.errors++;
                give_buffer(a, buffer[i]);
            } else if (rx[i].offload.gso != WIRE_GSO_NONE && !may_stay_joined(a, &rx[i].offload)) {
                cut(a, buffer[i], rx[i].length, &rx[i].offload, &chain);
            } else {
                describe(a, buffer[i], rx[i].length, &rx[i].offload);
                chain_add(&chain, buffer[i]);
            }
        }
        NdisReleaseSpinLock(&a->rx_lock);
    }
    if (chain.count > 0) {
        wn_take_busy(a, (LONG)chain.count);
        NdisMIndicateReceiveNetBufferLists(a->handle, chain.first, NDIS_DEFAULT_PORT_NUMBER, chain.count,
                                           NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    }
    if (running && wn_release_busy(a, 1))
        NdisMPauseComplete(a->handle);
    return got;
}

unsigned
wn_poll(struct wn_adapter *a, unsigned budget)
{
    unsigned got;

    wn_send_more(a);
    got = receive(a, budget);
    if (got > 0) {
        a->quiet = 0;
    } else if (a->quiet++ % WN_NEWS_EVERY == 0) {
        wire_poll(a->wire);
        wn_link(a);
    }
    return got;
}
