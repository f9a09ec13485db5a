/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/receive.c - receives from 5.x miniports: packets, and the lookahead path.
 *
 * Model: a packet goes up as an NBL over its chain. What its status says when it is indicated decides (documented):
 * RESOURCES lends it for the call, else it is above until it is returned. A serialized miniport reads the status after
 * the call: PENDING means that MiniportReturnPacket will come, anything else that it has the packet back. A
 * deserialized one may not look, and gets every packet by MiniportReturnPacket, never from inside its own indication:
 * those that came back meanwhile are returned from a DPC.
 * A frame of the lookahead path is made whole first, by MiniportTransferData if need be, and copied.
 * Start reading at: ndisMIndicatePacket().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#define PACKET_IN_USE 6u /* NDIS_BUGCHECK_RECVD_PACKET_IN_USE_BAD_REF_COUNT */

static uint32_t
receive_flags(bool lent)
{
    return (irql_get() == IRQL_DISPATCH ? NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL : 0) |
           (lent ? NDIS_RECEIVE_FLAGS_RESOURCES : 0);
}

/* ------------------------------------------------------------------ packets back to the miniport */

static void
return_packet(struct legacy_adapter *la, void *arg)
{
    struct packet_track *track = arg;

    trace_emit(EV_PACKET_RETURN, track->packet, (uint64_t)la->block);
    track->taken = PACKET_NOT_TAKEN;
    NDIS_CALL(legacy_site.ndisMReturnPacket5, (ndis_fn)la->ld->chars.ReturnPacketHandler, la->context,
              (uint64_t)track->packet);
    la->receives--;
    legacy_check_pause(la);
}

/* The NBL of a packet has come back. */
static void
came_back(struct legacy_adapter *la, struct packet_track *track)
{
    if (track->inside)
        track->returned = true;
    else
        legacy_run(la, return_packet, track);
}

uint64_t
legacy_return(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)args[1], *next;

    for (; nbl != NULL; nbl = next) {
        NDIS_PACKET *packet = nbl->MiniportReserved[0];
        void *flat = nbl->MiniportReserved[1];

        next = nbl->Next;
        nbl->Next = NULL;
        if (packet == NULL)
            NdisFreeMdl(nbl->FirstNetBuffer->MdlChain);
        NdisFreeNetBufferList(nbl);
        if (packet != NULL) {
            came_back(la, packet_track_of(packet));
            continue;
        }
        ndis_free(flat);
        la->receives--;
        legacy_check_pause(la);
    }
    return 0;
}

/* Deserialized: what came back inside an indication, one by one. */
void
legacy_receive_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    struct legacy_adapter *la = (struct legacy_adapter *)context;
    struct list_node *node;

    (void)dpc;
    (void)a1;
    (void)a2;
    sched_touch((uint64_t)la);
    while ((node = list_pop_head(&la->returns)) != NULL) {
        return_packet(la, list_entry(node, struct packet_track, behind));
        sched_touch((uint64_t)la);
    }
}

static void
return_later(struct legacy_adapter *la, struct packet_track *track)
{
    list_add_tail(&la->returns, &track->behind);
    ke_dpc_queue(&la->block->return_dpc, NULL, NULL);
}

/* ------------------------------------------------------------------ indicating packets */

/* After the indication of a packet that was not lent. */
static void
settle(struct legacy_adapter *la, struct packet_track *track)
{
    track->inside = false;
    if (la->deserialized) {
        if (track->returned)
            return_later(la, track);
        return;
    }
    NDIS_SET_PACKET_STATUS(track->packet, track->returned ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING);
    if (!track->returned)
        return;
    trace_emit(EV_PACKET_RETURN, track->packet, (uint64_t)la->block);
    track->taken = PACKET_NOT_TAKEN;
    la->receives--;
}

/* Show one run of packets of one kind; nbls: their NBLs, in the same order. */
static void
show(struct legacy_adapter *la, NDIS_PACKET **packets, unsigned count, NET_BUFFER_LIST *nbls, bool lent)
{
    NET_BUFFER_LIST *next;

    ndis_receive_up(&la->ad->layer, nbls, NDIS_DEFAULT_PORT_NUMBER, count, receive_flags(lent));
    for (unsigned i = 0; i < count; i++) {
        struct packet_track *track = packet_track_of(packets[i]);

        if (!lent) {
            settle(la, track);
            continue;
        }
        next = nbls->Next;
        nbls->Next = NULL;
        NdisFreeNetBufferList(nbls);
        nbls = next;
        trace_emit(EV_PACKET_RETURN, packets[i], (uint64_t)la->block);
        track->taken = PACKET_NOT_TAKEN;
        la->receives--;
    }
}

/* Nobody above is shown it: the miniport has it back as after an indication that nobody wanted. */
static void
refuse(struct legacy_adapter *la, struct packet_track *track, bool lent)
{
    if (lent)
        return;
    track->taken = PACKET_INDICATED;
    track->inside = track->returned = true;
    la->receives++;
    settle(la, track);
}

/* Take a packet from the miniport. NULL: it is not shown. */
static NET_BUFFER_LIST *
take(struct legacy_adapter *la, NDIS_PACKET **at, bool lent)
{
    NDIS_PACKET *packet = *at;
    struct packet_track *track = packet_track_of(packet);
    NET_BUFFER_LIST *nbl;

    if (track == NULL || track->taken != PACKET_NOT_TAKEN) { /* documented stop code; not from a pool: assumed */
        packet_misuse(packet, PACKET_INDICATED_TWICE, la->block, NDIS_LAYER_MINIPORT);
        machine_bugcheck(NDIS_BUGCHECK, PACKET_IN_USE, (uint64_t)la->block, (uint64_t)packet, (uint64_t)at);
    }
    nbl = la->running ? nbl_make(la->nbls, packet, la->ad, false) : NULL;
    if (nbl == NULL) {
        refuse(la, track, lent);
        return NULL;
    }
    trace_emit(EV_PACKET_INDICATE, packet, (uint64_t)la->block, lent);
    track->taken = lent ? PACKET_LENT : PACKET_INDICATED;
    track->inside = !lent;
    track->returned = false;
    la->receives++;
    return nbl;
}

static bool
is_lent(struct legacy_adapter *la, const NDIS_PACKET *packet)
{
    if (NDIS_GET_PACKET_STATUS(packet) == NDIS_STATUS_RESOURCES)
        return true;
    if (la->ld->chars.ReturnPacketHandler != NULL)
        return false;
    packet_misuse(packet, PACKET_NO_RETURN_HANDLER, la->block, NDIS_LAYER_MINIPORT);
    return true;
}

/*
 * A 5.x miniport indicates packets: NdisMIndicateReceivePacket leads here through the block.
 *
 * Source:    documented; assumed: with a serialized miniport a packet with NDIS_STATUS_RESOURCES makes all after it
 *            lent too (documented for what the driver does with them).
 * IRQL:      DISPATCH_LEVEL; <= for deserialized drivers.
 * Ownership: by the status of each packet, see the top of this file.
 */
VOID NTAPI
ndisMIndicatePacket(NDIS_HANDLE MiniportAdapterHandle, PPNDIS_PACKET Packets, UINT NumberOfPackets)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    NDIS_PACKET *run[16];
    NET_BUFFER_LIST *nbls = NULL, **end = &nbls;
    unsigned count = 0;
    bool lent = false;

    sched_touch((uint64_t)la);
    la->inside++;
    for (UINT i = 0; i < NumberOfPackets; i++) {
        NDIS_PACKET *packet = Packets[i];
        bool this_lent = is_lent(la, packet) || (lent && !la->deserialized);
        NET_BUFFER_LIST *nbl;

        if (count != 0 && (this_lent != lent || count == sizeof(run) / sizeof(run[0]))) {
            show(la, run, count, nbls, lent);
            count = 0;
            nbls = NULL;
            end = &nbls;
        }
        lent = this_lent;
        nbl = take(la, &Packets[i], lent);
        if (nbl == NULL)
            continue;
        *end = nbl;
        end = &nbl->Next;
        run[count++] = packet;
    }
    if (count != 0)
        show(la, run, count, nbls, lent);
    la->inside--;
    legacy_check_pause(la);
}

/* ------------------------------------------------------------------ the lookahead path */

/* The frame is whole: up with it. Takes it. */
static void
show_frame(struct legacy_adapter *la, uint8_t *frame, uint32_t size)
{
    MDL *mdl = la->running ? NdisAllocateMdl(NULL, frame, size) : NULL;
    NET_BUFFER_LIST *nbl = mdl != NULL ? NdisAllocateNetBufferAndNetBufferList(la->nbls, 0, 0, mdl, 0, size) : NULL;

    if (nbl == NULL) { /* lost, as a card without memory loses it */
        if (mdl != NULL)
            NdisFreeMdl(mdl);
        ndis_free(frame);
        return;
    }
    nbl->SourceHandle = la->ad;
    nbl->MiniportReserved[0] = NULL;
    nbl->MiniportReserved[1] = frame;
    la->receives++;
    la->inside++;
    ndis_receive_up(&la->ad->layer, nbl, NDIS_DEFAULT_PORT_NUMBER, 1, receive_flags(false));
    la->inside--;
    legacy_check_pause(la);
}

/* A packet over the part of the frame that the lookahead did not hold. */
static NDIS_PACKET *
rest_packet(struct legacy_adapter *la, uint8_t *at, uint32_t size)
{
    NDIS_PACKET *packet = packet_create(la->packets);

    if (packet == NULL)
        return NULL;
    packet->Private.Head = packet->Private.Tail = NdisAllocateMdl(NULL, at, size);
    if (packet->Private.Head != NULL)
        return packet;
    packet_free(packet);
    return NULL;
}

static void
transfer_done(struct legacy_adapter *la, NDIS_STATUS status, uint32_t bytes)
{
    struct legacy_transfer t = la->transfer;

    la->inside++; /* a pause waits until the frame is shown */
    NdisFreeMdl(t.packet->Private.Head);
    packet_free(t.packet);
    ndis_free(t.transferred);
    la->transfer.packet = NULL;
    if (status == NDIS_STATUS_SUCCESS && bytes <= t.size - t.have)
        show_frame(la, t.frame, t.header + t.have + bytes);
    else
        ndis_free(t.frame);
    la->inside--;
    legacy_check_pause(la);
}

/* Ask for the rest. documented: MiniportTransferData is called from inside the indication. */
static void
transfer(struct legacy_adapter *la, NDIS_HANDLE context)
{
    struct legacy_transfer *t = &la->transfer;
    UINT *transferred = ndis_alloc(sizeof(UINT), NDIS_SIG_PACKET, "bytes transferred");
    NDIS_PACKET *packet = NULL;
    NDIS_STATUS status;

    if (transferred != NULL)
        packet = rest_packet(la, t->frame + t->header + t->have, t->size - t->have);
    if (packet == NULL) {
        ndis_free(transferred);
        ndis_free(t->frame);
        return;
    }
    t->packet = packet;
    t->transferred = transferred;
    status = (NDIS_STATUS)NDIS_CALL(legacy_site.ndisMTransferData5, (ndis_fn)la->ld->chars.TransferDataHandler,
                                    (uint64_t)packet, (uint64_t)transferred, la->context, (uint64_t)context, t->have,
                                    t->size - t->have);
    if (status != NDIS_STATUS_PENDING && la->transfer.packet == packet)
        transfer_done(la, status, *transferred);
}

/*
 * EthFilterDprIndicateReceive - a 5.x miniport shows a header and some bytes after it: NdisMEthIndicateReceive leads
 * here through the block.
 *
 * Source:    documented. Assumed: NDIS fetches the rest at once, since NDIS 6 layers above want whole frames; a frame
 *            for which the miniport has no MiniportTransferData, or that comes while one is being transferred, is
 *            lost.
 * IRQL:      DISPATCH_LEVEL
 * Ownership: borrows the buffers.
 */
VOID NTAPI
EthFilterDprIndicateReceive(PVOID Filter, NDIS_HANDLE MacReceiveContext, PCHAR Address, PVOID HeaderBuffer,
                            UINT HeaderBufferSize, PVOID LookaheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    struct legacy_adapter *la = legacy_adapter_of(*(NDIS_MINIPORT_BLOCK **)Filter);
    uint32_t have = LookaheadBufferSize < PacketSize ? LookaheadBufferSize : PacketSize;
    uint8_t *frame;

    (void)Address; /* the header says it again */
    sched_touch((uint64_t)la);
    if (!la->running)
        return;
    if (have < PacketSize && (la->ld->chars.TransferDataHandler == NULL || la->transfer.packet != NULL))
        return;
    frame = ndis_alloc(HeaderBufferSize + PacketSize + 1, NDIS_SIG_PACKET, "received frame");
    if (frame == NULL)
        return;
    memcpy(frame, HeaderBuffer, HeaderBufferSize);
    memcpy(frame + HeaderBufferSize, LookaheadBuffer, have);
    if (have == PacketSize) {
        show_frame(la, frame, HeaderBufferSize + PacketSize);
        return;
    }
    la->transfer =
        (struct legacy_transfer){ .frame = frame, .header = HeaderBufferSize, .have = have, .size = PacketSize };
    transfer(la, MacReceiveContext);
}

/* NdisMEthIndicateReceiveComplete: a batch is over. NDIS 6 layers need no such word. Source: documented. */
VOID NTAPI
EthFilterDprIndicateReceiveComplete(PVOID Filter)
{
    sched_touch((uint64_t)legacy_adapter_of(*(NDIS_MINIPORT_BLOCK **)Filter));
}

/*
 * NdisMTransferDataComplete - MiniportTransferData had pended.
 *
 * Source: documented. IRQL: DISPATCH_LEVEL. Ownership: takes Packet.
 */
VOID NTAPI
NdisMTransferDataComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet, NDIS_STATUS Status,
                          UINT BytesTransferred)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);

    sched_touch((uint64_t)la);
    if (la->transfer.packet == NULL || la->transfer.packet != Packet) {
        packet_misuse(Packet, PACKET_COMPLETED_TWICE, MiniportAdapterHandle, NDIS_LAYER_MINIPORT);
        packet_free(Packet); /* as ndis.sys: reads it */
        return;
    }
    transfer_done(la, Status, BytesTransferred);
}
