/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/protocol_io.c - what a 5.x protocol sends, receives and asks.
 *
 * Model: a packet it sends goes down as an NBL over the packet's chain. An NBL that comes up is shown net buffer by net
 * buffer, each as a packet of ours; the protocol says by the number ProtocolReceivePacket returns how often it will
 * call NdisReturnPackets for it, and the NBL goes back when all its packets are. Without that handler the protocol is
 * shown header and data by ProtocolReceive and copies.
 * Start reading at: ndisPSend(), legacy_p_receive().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/buffers.h"

#define HEADER 14u /* of an Ethernet frame */

/* ------------------------------------------------------------------ sends */

/*
 * A 5.x protocol sends a packet: NdisSend leads here through the open block.
 *
 * Source:    documented; assumed: it always pends.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes Packet until ProtocolSendComplete, which may run before this returns.
 * Returns:   NDIS_STATUS_PENDING, _CLOSING, _RESOURCES.
 */
NDIS_STATUS NTAPI
ndisPSend(NDIS_HANDLE NdisBindingHandle, PNDIS_PACKET Packet)
{
    struct legacy_open *lo = legacy_open_of(NdisBindingHandle);
    struct packet_track *track = packet_track_of(Packet);
    struct legacy_binding *lb;
    NET_BUFFER_LIST *nbl;

    sched_touch((uint64_t)lo);
    if (lo->closing)
        return NDIS_STATUS_CLOSING;
    lb = lo->binding;
    if (track != NULL && track->taken != PACKET_NOT_TAKEN)
        packet_misuse(Packet, PACKET_SENT_TWICE, NdisBindingHandle, NDIS_LAYER_PROTOCOL);
    nbl = nbl_make(lb->nbls, Packet, lb->b, true);
    if (nbl == NULL)
        return NDIS_STATUS_RESOURCES;
    trace_emit(EV_PACKET_SEND, Packet, (uint64_t)NdisBindingHandle);
    if (track != NULL)
        track->taken = PACKET_SENT;
    nbl->ProtocolReserved[1] = lo;
    lo->sends++;
    ndis_binding_count(&lb->b->layer.ledger->own_sends, 1); /* as NdisSendNetBufferLists does: the close waits for it */
    ndis_send_down(&lb->b->layer, nbl, NDIS_DEFAULT_PORT_NUMBER,
                   irql_get() == IRQL_DISPATCH ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0);
    return NDIS_STATUS_PENDING;
}

static void
send_complete(struct legacy_open *lo, NDIS_PACKET *packet, NDIS_STATUS status)
{
    struct packet_track *track = packet_track_of(packet);

    if (track != NULL)
        track->taken = PACKET_NOT_TAKEN;
    if (status == NDIS_STATUS_SEND_ABORTED) /* as send.c */
        status = NDIS_STATUS_REQUEST_ABORTED;
    NDIS_SET_PACKET_STATUS(packet, status);
    trace_emit(EV_PACKET_COMPLETE, packet, (uint64_t)lo->block, (uint32_t)status);
    NDIS_CALL(legacy_site.ndisPSendComplete5, (ndis_fn)lo->binding->protocol->chars.SendCompleteHandler, lo->context,
              (uint64_t)packet, (uint32_t)status);
}

/* Documented: a packet of NdisSendPackets that cannot be sent is completed like any other. */
VOID NTAPI
ndisPSendPackets(NDIS_HANDLE NdisBindingHandle, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    struct legacy_open *lo = legacy_open_of(NdisBindingHandle);

    for (UINT i = 0; i < NumberOfPackets; i++) {
        NDIS_STATUS status = ndisPSend(NdisBindingHandle, PacketArray[i]);

        if (status == NDIS_STATUS_PENDING)
            continue;
        legacy_enter(lo);
        send_complete(lo, PacketArray[i], status);
        legacy_leave(lo);
    }
}

uint64_t
legacy_p_send_complete(const uint64_t *args)
{
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)args[1], *next;

    for (; nbl != NULL; nbl = next) {
        NDIS_PACKET *packet = nbl->ProtocolReserved[0];
        struct legacy_open *lo = nbl->ProtocolReserved[1];
        NDIS_STATUS status = nbl->Status;

        next = nbl->Next;
        nbl->Next = NULL;
        NdisFreeNetBufferList(nbl);
        legacy_enter(lo);
        lo->sends--;
        send_complete(lo, packet, status);
        legacy_leave(lo);
    }
    return 0;
}

/* NdisCancelSendPackets - Source: documented. IRQL: <= DISPATCH_LEVEL */
VOID NTAPI
NdisCancelSendPackets(NDIS_HANDLE NdisBindingHandle, PVOID CancelId)
{
    NdisCancelSendNetBufferLists(legacy_open_of(NdisBindingHandle)->binding->b, CancelId);
}

/* ------------------------------------------------------------------ receives */

static uintptr_t *
packets_left(NET_BUFFER_LIST *nbl)
{
    return (uintptr_t *)&nbl->ProtocolReserved[0];
}

/* One packet of the NBL is done. lent: it goes back when the call returns. */
static void
nbl_done(struct legacy_binding *lb, NET_BUFFER_LIST *nbl, bool lent)
{
    if (--*packets_left(nbl) != 0 || lent)
        return;
    NdisReturnNetBufferLists(lb->b, nbl, irql_get() == IRQL_DISPATCH ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0);
}

static void
packet_back(struct legacy_open *lo, struct packet_track *track)
{
    NET_BUFFER_LIST *nbl = packet_nbl(track->packet);
    bool lent = track->resources;

    trace_emit(EV_PACKET_RETURN, track->packet, (uint64_t)lo->block);
    track->given = PACKET_NOT_GIVEN;
    packet_unmake(track);
    lo->receives--;
    nbl_done(lo->binding, nbl, lent);
}

static void
show_packet(struct legacy_open *lo, struct packet_track *track)
{
    NDIS_PACKET *packet = track->packet;
    int held;

    track->shown = true;
    held = (int)NDIS_CALL(legacy_site.ndisPReceivePacket5, (ndis_fn)lo->binding->protocol->chars.ReceivePacketHandler,
                          lo->context, (uint64_t)packet);
    track->shown = false;
    if (track->resources && held != 0) {
        packet_misuse(packet, PACKET_HELD_RESOURCES, lo->block, NDIS_LAYER_PROTOCOL);
        held = 0;
        track->refs = 0;
    }
    track->refs += held;
    if (track->refs <= 0)
        packet_back(lo, track);
}

/* Bytes behind the header that a protocol is shown. documented: at least as many as it set; assumed: at least 128. */
static uint32_t
lookahead(const struct legacy_binding *lb)
{
    return lb->b->lookahead > 128 ? lb->b->lookahead : 128;
}

/*
 * The lookahead path: as little as was promised is shown (chosen: who relies on more is found). What the protocol does
 * not copy in this call is lost to it.
 */
static void
show_data(struct legacy_open *lo, struct packet_track *track)
{
    const MDL *mdl = track->packet->Private.Head;
    uint32_t size = chain_length(mdl), have = mdl != NULL ? mdl->ByteCount : 0;
    uint32_t header = have < HEADER ? have : HEADER;
    uint8_t *bytes = mdl != NULL ? ndis_mdl_bytes(mdl) : NULL;

    have -= header;
    if (have > lookahead(lo->binding))
        have = lookahead(lo->binding);
    NDIS_CALL(legacy_site.ndisPReceive5, (ndis_fn)lo->binding->protocol->chars.ReceiveHandler, lo->context,
              (uint64_t)track->packet, (uint64_t)bytes, header, (uint64_t)(bytes + header), have, size - header);
    packet_back(lo, track);
}

static void
show(struct legacy_open *lo, NET_BUFFER_LIST *nbl, NET_BUFFER *nb, bool lent)
{
    struct legacy_binding *lb = lo->binding;
    struct packet_track *track = packet_make(lb->packets, nbl, nb, HEADER + lookahead(lb));

    if (track == NULL)
        return; /* lost, as a card without memory loses it */
    ++*packets_left(nbl);
    lo->receives++;
    track->given = PACKET_AT_PROTOCOL;
    track->holder = lo;
    track->resources = lent;
    NDIS_SET_PACKET_STATUS(track->packet, lent ? NDIS_STATUS_RESOURCES : NDIS_STATUS_SUCCESS);
    NDIS_SET_PACKET_HEADER_SIZE(track->packet, HEADER);
    trace_emit(EV_PACKET_INDICATE, track->packet, (uint64_t)lo->block, lent);
    if (lb->protocol->chars.ReceivePacketHandler != NULL)
        show_packet(lo, track);
    else
        show_data(lo, track);
}

/* What one open gets of a chain. It is entered. */
static void
show_chain(struct legacy_open *lo, NET_BUFFER_LIST *nbls, bool lent)
{
    const struct legacy_protocol *lp = lo->binding->protocol;
    bool shown = false;

    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
        if (ndis_filter_wants(lo->packet_filter, lo->binding->b->layer.adapter, nbl))
            for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL && !lo->closing; nb = nb->Next) {
                show(lo, nbl, nb, lent);
                shown = true;
            }
    if (shown && lp->chars.ReceiveCompleteHandler != NULL)
        NDIS_CALL(legacy_site.ndisPReceiveComplete5, (ndis_fn)lp->chars.ReceiveCompleteHandler, lo->context);
}

uint64_t
legacy_p_receive(const uint64_t *args)
{
    struct legacy_binding *lb = (struct legacy_binding *)args[0];
    NET_BUFFER_LIST *nbls = (NET_BUFFER_LIST *)args[1], *nbl, *next;
    bool lent = (args[4] & NDIS_RECEIVE_FLAGS_RESOURCES) != 0;

    for (nbl = nbls; nbl != NULL; nbl = nbl->Next)
        *packets_left(nbl) = 1;
    for (struct legacy_open *lo = legacy_next_open(lb, NULL); lo != NULL; lo = legacy_next_open(lb, lo))
        show_chain(lo, nbls, lent);
    for (nbl = nbls; nbl != NULL; nbl = next) {
        next = nbl->Next;
        if (!lent)
            nbl->Next = NULL;
        nbl_done(lb, nbl, lent);
    }
    return 0;
}

/*
 * NdisReturnPackets - a 5.x protocol is done with packets it kept.
 *
 * Source:    documented: once per packet and number that ProtocolReceivePacket returned. A packet it does not have is
 *            an event, and is then looked at as ndis.sys does: one that is gone faults.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes the packets.
 */
VOID NTAPI
NdisReturnPackets(PNDIS_PACKET *PacketsToReturn, UINT NumberOfPackets)
{
    for (UINT i = 0; i < NumberOfPackets; i++) {
        NDIS_PACKET *packet = PacketsToReturn[i];
        struct packet_track *track = packet_track_of(packet);
        struct legacy_open *lo;

        if (track == NULL || track->given != PACKET_AT_PROTOCOL) {
            packet_misuse(packet, PACKET_RETURNED_TWICE, NULL, NDIS_LAYER_PROTOCOL);
            packet_nbl(packet);
            continue;
        }
        lo = track->holder;
        sched_touch((uint64_t)lo);
        track->refs--;
        if (track->refs > 0 || track->shown)
            continue;
        legacy_enter(lo);
        packet_back(lo, track);
        legacy_leave(lo);
    }
}

/*
 * NdisGetReceivedPacket - the packet behind what ProtocolReceive is being shown.
 *
 * Source: documented. IRQL: DISPATCH_LEVEL. Ownership: lent for the call of ProtocolReceive.
 */
PNDIS_PACKET NTAPI
NdisGetReceivedPacket(NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacContext)
{
    sched_touch((uint64_t)legacy_open_of(NdisBindingHandle));
    return MacContext;
}

/*
 * A 5.x protocol copies what ProtocolReceive shows: NdisTransferData leads here through the open block.
 *
 * Source:    documented: ByteOffset counts from behind the header. Assumed: it never pends.
 * IRQL:      DISPATCH_LEVEL
 * Ownership: borrows Packet.
 * Returns:   NDIS_STATUS_SUCCESS
 */
NDIS_STATUS NTAPI
ndisPTransferData(NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacReceiveContext, UINT ByteOffset, UINT BytesToTransfer,
                  PNDIS_PACKET Packet, PUINT BytesTransferred)
{
    sched_touch((uint64_t)legacy_open_of(NdisBindingHandle));
    NdisCopyFromPacketToPacket(Packet, 0, BytesToTransfer, MacReceiveContext, HEADER + ByteOffset, BytesTransferred);
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ requests, status */

/* A 5.x request on its way as an NDIS 6 one. Heap. */
struct request5 {
    struct ndis_object object;
    NDIS_OID_REQUEST request; /* what goes down */
    NDIS_REQUEST *original;
    struct legacy_open *open;
};

uint32_t
legacy_shared_filter(NDIS_OID_REQUEST *request, uint32_t value, bool taken)
{
    struct legacy_open *lo = list_entry(request, struct request5, request)->open;

    if (taken)
        lo->packet_filter = value;
    return value | legacy_filter_of_others(lo);
}

static NDIS_STATUS
request_done(struct request5 *own, NDIS_STATUS status)
{
    NDIS_REQUEST *r = own->original;

    if (r->RequestType == NdisRequestSetInformation) {
        r->DATA.SET_INFORMATION.BytesRead = own->request.DATA.SET_INFORMATION.BytesRead;
        r->DATA.SET_INFORMATION.BytesNeeded = own->request.DATA.SET_INFORMATION.BytesNeeded;
    } else {
        r->DATA.QUERY_INFORMATION.BytesWritten = own->request.DATA.QUERY_INFORMATION.BytesWritten;
        r->DATA.QUERY_INFORMATION.BytesNeeded = own->request.DATA.QUERY_INFORMATION.BytesNeeded;
    }
    own->open->requests--;
    ndis_free(own);
    return status;
}

/*
 * A 5.x protocol asks: NdisRequest leads here through the open block.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes NdisRequest and its buffer until it returns other than NDIS_STATUS_PENDING or until
 *            ProtocolRequestComplete.
 * Returns:   what the layer below says, NDIS_STATUS_PENDING, _CLOSING, _RESOURCES, _NOT_SUPPORTED for a type that is
 *            neither query nor set.
 */
NDIS_STATUS NTAPI
ndisPRequest(NDIS_HANDLE NdisBindingHandle, PNDIS_REQUEST NdisRequest)
{
    struct legacy_open *lo = legacy_open_of(NdisBindingHandle);
    struct request5 *own;
    NDIS_STATUS status;

    sched_touch((uint64_t)lo);
    if (lo->closing)
        return NDIS_STATUS_CLOSING;
    if (NdisRequest->RequestType > NdisRequestQueryStatistics)
        return NDIS_STATUS_NOT_SUPPORTED;
    own = ndis_object_alloc(NDIS_SIG_REQUEST, sizeof(*own), "request of a 5.x protocol");
    if (own == NULL)
        return NDIS_STATUS_RESOURCES;
    own->original = NdisRequest;
    own->open = lo;
    ndis_header_set(&own->request.Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    own->request.RequestType = NdisRequest->RequestType;
    own->request.DATA.QUERY_INFORMATION.Oid = NdisRequest->DATA.QUERY_INFORMATION.Oid;
    own->request.DATA.QUERY_INFORMATION.InformationBuffer = NdisRequest->DATA.QUERY_INFORMATION.InformationBuffer;
    own->request.DATA.QUERY_INFORMATION.InformationBufferLength =
        NdisRequest->DATA.QUERY_INFORMATION.InformationBufferLength;
    lo->requests++;
    status = NdisOidRequest(lo->binding->b, &own->request);
    return status == NDIS_STATUS_PENDING ? status : request_done(own, status);
}

uint64_t
legacy_p_oid_complete(const uint64_t *args)
{
    struct request5 *own = list_entry((NDIS_OID_REQUEST *)args[1], struct request5, request);
    struct legacy_open *lo = own->open;
    NDIS_REQUEST *original = own->original;
    NDIS_STATUS status = (NDIS_STATUS)args[2];

    legacy_enter(lo);
    request_done(own, status);
    NDIS_CALL(legacy_site.ndisPRequestComplete5, (ndis_fn)lo->binding->protocol->chars.RequestCompleteHandler,
              lo->context, (uint64_t)original, (uint32_t)status);
    legacy_leave(lo);
    return 0;
}

uint64_t
legacy_p_status(const uint64_t *args)
{
    struct legacy_binding *lb = (struct legacy_binding *)args[0];
    const NDIS_PROTOCOL_CHARACTERISTICS *chars = &lb->protocol->chars;
    const NDIS_STATUS_INDICATION *s = (const NDIS_STATUS_INDICATION *)args[1];
    NDIS_STATUS code = s->StatusCode;
    uint64_t buffer = (uint64_t)s->StatusBuffer, size = s->StatusBufferSize;

    if (code == NDIS_STATUS_LINK_STATE) { /* documented: what it was before NDIS 6 */
        const NDIS_LINK_STATE *link = s->StatusBuffer;

        code = link->MediaConnectState == MediaConnectStateConnected ? NDIS_STATUS_MEDIA_CONNECT
                                                                     : NDIS_STATUS_MEDIA_DISCONNECT;
        buffer = size = 0;
    }
    for (struct legacy_open *lo = legacy_next_open(lb, NULL); lo != NULL; lo = legacy_next_open(lb, lo)) {
        NDIS_CALL(legacy_site.ndisPStatus5, (ndis_fn)chars->StatusHandler, lo->context, (uint32_t)code, buffer, size);
        if (chars->StatusCompleteHandler != NULL)
            NDIS_CALL(legacy_site.ndisPStatus5, (ndis_fn)chars->StatusCompleteHandler, lo->context);
    }
    return 0;
}

/* ------------------------------------------------------------------ the block's functions, by their own names */

/* What the macros of the headers do. Source: documented. IRQL: <= DISPATCH_LEVEL */
VOID NTAPI
NdisSend(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, PNDIS_PACKET Packet)
{
    *Status = ndisPSend(NdisBindingHandle, Packet);
}

VOID NTAPI
NdisSendPackets(NDIS_HANDLE NdisBindingHandle, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    ndisPSendPackets(NdisBindingHandle, PacketArray, NumberOfPackets);
}

VOID NTAPI
NdisRequest(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, PNDIS_REQUEST NdisRequest)
{
    *Status = ndisPRequest(NdisBindingHandle, NdisRequest);
}

VOID NTAPI
NdisTransferData(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacReceiveContext, UINT ByteOffset,
                 UINT BytesToTransfer, PNDIS_PACKET Packet, PUINT BytesTransferred)
{
    *Status =
        ndisPTransferData(NdisBindingHandle, MacReceiveContext, ByteOffset, BytesToTransfer, Packet, BytesTransferred);
}

void
legacy_open_handlers(NDIS_OPEN_BLOCK *open)
{
    const struct legacy_handlers *h = &legacy_handler;

    open->SendHandler = (void *)h->p_send;
    open->SendPacketsHandler = (void *)h->p_send_packets;
    open->TransferDataHandler = (void *)h->p_transfer;
    open->ResetHandler = (void *)h->p_reset;
    open->RequestHandler = (void *)h->p_request;
}
