/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/send.c - sends to 5.x miniports.
 *
 * Model: each net buffer becomes a packet; the NBL is complete when the last of its packets is (the count stands in the
 * NBL's MiniportReserved). documented: packets for a serialized miniport wait in a queue; NDIS_STATUS_RESOURCES puts
 * one, and with MiniportSendPackets all after it, back to the queue's head until NdisMSendComplete or
 * NdisMSendResourcesAvailable. A deserialized miniport is handed everything, and its answer counts only where
 * MiniportSend returns one.
 * What each generation says of a send that was given up has a number of its own (documented on the pages of the
 * handlers); NDIS turns the one into the other (assumed).
 * Start reading at: legacy_send(), give().
 */
#include "ndis/legacy/legacy.h"

#include "nt/profile.h"

#define PACKETS_MAX 16u

static uintptr_t *
packets_left(NET_BUFFER_LIST *nbl)
{
    return (uintptr_t *)&nbl->MiniportReserved[0];
}

static uint32_t
complete_flags(void)
{
    return irql_get() == IRQL_DISPATCH ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;
}

/* One packet of it is done, or was never made. */
static void
nbl_done(struct legacy_adapter *la, NET_BUFFER_LIST *nbl, NDIS_STATUS status)
{
    if (status != NDIS_STATUS_SUCCESS)
        nbl->Status = status == NDIS_STATUS_REQUEST_ABORTED ? NDIS_STATUS_SEND_ABORTED : status;
    if (--*packets_left(nbl) != 0)
        return;
    trace_emit(EV_PACKET_NBL, nbl, (uint64_t)la->ad, (uint32_t)nbl->Status);
    ndis_send_complete_up(&la->ad->layer, nbl, complete_flags());
}

/* The packet is done: what stands for it above is told, and it is gone. */
static void
packet_done(struct legacy_adapter *la, struct packet_track *track, NDIS_STATUS status)
{
    NET_BUFFER_LIST *nbl = packet_nbl(track->packet);

    list_del(&track->node);
    track->given = PACKET_NOT_GIVEN;
    trace_emit(EV_PACKET_COMPLETE, track->packet, (uint64_t)la->block, (uint32_t)status);
    if (track->listed)
        legacy_list_free(track->packet);
    track->listed = false;
    packet_unmake(track);
    nbl_done(la, nbl, status);
    la->sends--;
    legacy_check_pause(la);
}

static void
give_to(struct legacy_adapter *la, struct packet_track *track)
{
    list_del(&track->node);
    list_add_tail(&la->given, &track->node);
    track->given = PACKET_AT_MINIPORT;
    track->age = 0;
    trace_emit(EV_PACKET_SEND, track->packet, (uint64_t)la->block);
}

/* Back to the head of the queue. */
static void
requeue(struct legacy_adapter *la, struct packet_track *track)
{
    list_del(&track->node);
    list_add_head(&la->queue, &track->node);
    track->given = PACKET_QUEUED;
    la->blocked = true;
}

/* Is the packet still at the miniport? It may be complete, and gone, when the handler returns. */
static bool
still_there(const NDIS_PACKET *packet, const struct packet_track *track)
{
    return track->packet == packet && track->given == PACKET_AT_MINIPORT;
}

static void
answered(struct legacy_adapter *la, struct packet_track *track, NDIS_PACKET *packet, NDIS_STATUS status)
{
    if (!still_there(packet, track) || status == NDIS_STATUS_PENDING)
        return;
    if (status == NDIS_STATUS_RESOURCES && !la->deserialized)
        requeue(la, track);
    else {
        if (status == NDIS_STATUS_RESOURCES)
            packet_misuse(packet, PACKET_RESOURCES_DEFERRED, la->block, NDIS_LAYER_MINIPORT);
        packet_done(la, track, status);
    }
}

static void
send_one(struct legacy_adapter *la, struct packet_track *track)
{
    NDIS_PACKET *packet = track->packet;
    NDIS_STATUS status;

    give_to(la, track);
    la->in_send = true;
    status = (NDIS_STATUS)NDIS_CALL(legacy_site.ndisMSendPackets5, (ndis_fn)la->ld->chars.SendHandler, la->context,
                                    (uint64_t)packet, packet->Private.Flags);
    la->in_send = false;
    answered(la, track, packet, status);
}

/* The first `count` packets of the list, in one call of MiniportSendPackets. */
static void
send_array(struct legacy_adapter *la, struct list *from, unsigned count)
{
    uint64_t mark = guest_mark();
    NDIS_PACKET **array = guest_alloc(sizeof(*array) * count);
    struct packet_track *tracks[PACKETS_MAX];
    NDIS_PACKET *packets[PACKETS_MAX];
    unsigned first;

    for (unsigned i = 0; i < count; i++) {
        tracks[i] = list_entry(list_first(from), struct packet_track, node);
        packets[i] = array[i] = tracks[i]->packet;
        NDIS_SET_PACKET_STATUS(packets[i], NDIS_STATUS_PENDING); /* assumed: who sets none keeps the packet */
        give_to(la, tracks[i]);
    }
    la->in_send = true;
    NDIS_CALL(legacy_site.ndisMSendPackets5, (ndis_fn)la->ld->chars.SendPacketsHandler, la->context, (uint64_t)array,
              count);
    la->in_send = false;
    guest_release(mark);
    if (la->deserialized)
        return; /* documented: its packets are complete when it says so by NdisMSendComplete, and not by a status */
    for (first = 0; first < count; first++) {
        if (!still_there(packets[first], tracks[first]))
            continue;
        if (NDIS_GET_PACKET_STATUS(packets[first]) == NDIS_STATUS_RESOURCES)
            break; /* documented: this one and all after it */
        answered(la, tracks[first], packets[first], NDIS_GET_PACKET_STATUS(packets[first]));
    }
    for (unsigned i = count; i-- > first;)
        if (still_there(packets[i], tracks[i]))
            requeue(la, tracks[i]);
}

/* Hand over what stands in the list: the queue of a serialized miniport, or what just came for a deserialized one. */
static void
give(struct legacy_adapter *la, struct list *list)
{
    while (!list_empty(list) && (la->deserialized || (!la->blocked && !la->resetting))) {
        unsigned count = 0;
        struct list_node *node;

        if (la->ld->chars.SendPacketsHandler == NULL) {
            send_one(la, list_entry(list_first(list), struct packet_track, node));
            continue;
        }
        for (node = list_first(list); node != NULL && count < la->max_packets; node = list_next(list, node))
            count++;
        send_array(la, list, count);
    }
}

static void
give_queue(struct legacy_adapter *la, void *arg)
{
    (void)arg;
    give(la, &la->queue);
}

void
legacy_send_kick(struct legacy_adapter *la)
{
    la->blocked = false;
    if (!list_empty(&la->queue))
        legacy_run(la, give_queue, NULL);
}

/* Packets for one NBL, onto the list. */
static void
make_packets(struct legacy_adapter *la, NET_BUFFER_LIST *nbl, struct list *list)
{
    *packets_left(nbl) = 1; /* until all are made */
    nbl->Status = NDIS_STATUS_SUCCESS;
    for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        struct packet_track *track = packet_make(la->packets, nbl, nb, 0);

        if (track != NULL && la->sg_lists) {
            track->listed = legacy_list_make(track->packet);
            if (!track->listed) {
                packet_unmake(track);
                track = NULL;
            }
        }
        if (track == NULL) {
            nbl->Status = NDIS_STATUS_RESOURCES;
            continue;
        }
        ++*packets_left(nbl);
        la->sends++;
        track->holder = la;
        track->given = PACKET_QUEUED;
        list_add_tail(list, &track->node);
    }
    nbl_done(la, nbl, NDIS_STATUS_SUCCESS);
}

uint64_t
legacy_send(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)args[1], *next;
    struct list mine;

    sched_touch((uint64_t)la);
    list_init(&mine);
    for (; nbl != NULL; nbl = next) {
        next = nbl->Next;
        nbl->Next = NULL;
        if (!la->running || la->resetting) {
            nbl->Status = la->resetting ? NDIS_STATUS_RESET_IN_PROGRESS : NDIS_STATUS_PAUSED;
            ndis_send_complete_up(&la->ad->layer, nbl, complete_flags());
            continue;
        }
        make_packets(la, nbl, la->deserialized ? &mine : &la->queue);
    }
    if (la->deserialized)
        give(la, &mine);
    else if (!list_empty(&la->queue) && !la->blocked)
        legacy_run(la, give_queue, NULL);
    return 0;
}

/* ------------------------------------------------------------------ the other way round */

static void
drop(struct legacy_adapter *la, struct list *list, NDIS_STATUS status, const void *cancel_id)
{
    struct packet_track *track, *next;

    list_for_each_safe (track, next, list, node)
        if (cancel_id == NULL || NDIS_GET_PACKET_CANCEL_ID(track->packet) == cancel_id)
            packet_done(la, track, status);
}

void
legacy_send_drop_queue(struct legacy_adapter *la, NDIS_STATUS status)
{
    drop(la, &la->queue, status, NULL);
}

void
legacy_send_drop_given(struct legacy_adapter *la, NDIS_STATUS status)
{
    drop(la, &la->given, status, NULL);
}

static void
cancel_at_miniport(struct legacy_adapter *la, void *id)
{
    NDIS_CALL(legacy_site.ndisMCancelSends5, (ndis_fn)la->ld->chars.CancelSendPacketsHandler, la->context,
              (uint64_t)id);
}

uint64_t
legacy_cancel_send(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];
    void *id = (void *)args[1];

    sched_touch((uint64_t)la);
    drop(la, &la->queue, NDIS_STATUS_REQUEST_ABORTED, id);
    if (la->ld->chars.CancelSendPacketsHandler != NULL)
        legacy_run(la, cancel_at_miniport, id);
    return 0;
}

/*
 * NdisMSendComplete - a 5.x miniport is done with a packet it pended.
 *
 * Source:    documented; the macro in the headers leads here through the block. A packet the miniport does not have is
 *            an event, and is then looked at as ndis.sys does: one that is gone faults.
 * IRQL:      DISPATCH_LEVEL (documented: <= for deserialized drivers)
 * Ownership: takes Packet.
 */
VOID NTAPI
NdisMSendComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    struct packet_track *track = packet_track_of(Packet);

    sched_touch((uint64_t)la);
    if (track == NULL || track->given != PACKET_AT_MINIPORT || track->holder != la) {
        packet_misuse(Packet, PACKET_COMPLETED_TWICE, MiniportAdapterHandle, NDIS_LAYER_MINIPORT);
        packet_nbl(Packet);
        return;
    }
    packet_done(la, track, Status);
    if (!la->deserialized && !la->in_send && nt_profile_ask(PROFILE_LEGACY_DOUBLE_FREE))
        packet_free_again(Packet); /* what that release does wrong */
    if (!la->deserialized && la->blocked)
        legacy_send_kick(la);
}

/*
 * NdisMSendResourcesAvailable - a serialized miniport takes packets again.
 *
 * Source: documented. IRQL: DISPATCH_LEVEL
 */
VOID NTAPI
NdisMSendResourcesAvailable(NDIS_HANDLE MiniportAdapterHandle)
{
    legacy_send_kick(legacy_adapter_of(MiniportAdapterHandle));
}
