/* SPDX-License-Identifier: MIT */
/*
 * ndis/track.c - whose an NBL is.
 *
 * Model: an NBL is at home (its allocator may use it), or on its way down (sent) or up (indicated; lent, when the
 * indication carries RESOURCES). On its way exactly one layer holds it. Each step along a chain is one of the
 * nbl_note_ functions: it emits the event, compares with the record, emits what is wrong, and then believes what
 * the driver did. The record is monitor memory, found through a word in front of the NBL that drivers do not know.
 * An intermediate driver may forward what one of its edges was given through the other, under a SourceHandle of its
 * own: for the layers there it is a passage like any other, and the one before waits until it is back.
 * A live machine keeps no records: a binding counts its NBLs by the batch (ndis_binding_count()), which closing needs.
 * Source: documented ("Send and Receive Operations").
 */
#include "ndis/nbl.h"

#include <string.h>

#define HEAD_CHECK 0x9ae16a3b2f90404full

struct nbl_track *
nbl_track_of(const NET_BUFFER_LIST *nbl)
{
    const struct nbl_head *head = (const struct nbl_head *)nbl - 1;
    struct nbl_track *track;

    if (((uint64_t)nbl & 0xfff) < sizeof(*head) && !machine_readable((uint64_t)head, sizeof(*head)))
        return NULL;
    if ((head->track ^ (uint64_t)nbl ^ HEAD_CHECK) != head->check)
        return NULL;
    track = (struct nbl_track *)head->track;
    if (head->track - LAYOUT_MONITOR_BASE >= LAYOUT_MONITOR_SIZE || track->nbl != (uint64_t)nbl)
        return NULL;
    return track;
}

struct nbl_track *
nbl_track_new(NET_BUFFER_LIST *nbl, uint64_t pool)
{
    struct nbl_head *head = (struct nbl_head *)nbl - 1;
    struct nbl_track *track = mon_alloc(sizeof(*track));

    track->nbl = (uint64_t)nbl;
    track->pool = pool;
    head->track = (uint64_t)track;
    head->check = head->track ^ (uint64_t)nbl ^ HEAD_CHECK;
    return track;
}

void
nbl_track_end(struct nbl_track *track)
{
    track->nbl = 0;
    mon_free(track, sizeof(*track));
}

static void
misuse(const NET_BUFFER_LIST *nbl, enum ndis_nbl_misuse what, const struct ndis_layer *who)
{
    trace_emit(EV_NBL_MISUSE, nbl, what, (uint64_t)who, who->kind);
}

static void
state_misuse(enum ndis_state_misuse first, const struct ndis_layer *who)
{
    static const uint8_t offset[NDIS_STATE_COUNT] = {
        /* 0: legal */
        [NDIS_STATE_PAUSED] = 1,  [NDIS_STATE_STARTING] = 4, [NDIS_STATE_DOWN] = 5,
        [NDIS_STATE_CLOSING] = 5,
    };

    if (offset[who->state] != 0)
        trace_emit(EV_STATE_MISUSE, who, first + offset[who->state] - 1, who->kind, (uint64_t)who, who->state);
}

/* who gives up what it holds. */
static void
let_go(struct nbl_track *track, bool send)
{
    if (track->holder == NULL)
        return;
    if (send)
        track->holder->held_sends--;
    else
        track->holder->held_receives--;
    track->holder = NULL;
}

static void
take(struct nbl_track *track, struct ndis_layer *to, bool send)
{
    if (to == NULL)
        return;
    track->holder = to->ledger;
    if (send)
        to->ledger->held_sends++;
    else
        to->ledger->held_receives++;
}

/* It leaves home, by its owner's hand. */
static void
leave(struct nbl_track *track, struct ndis_layer *from, enum nbl_where where, uint64_t handle)
{
    track->source = from->ledger;
    track->source_handle = handle;
    track->where = where;
    track->lender = NULL;
    if (where == NBL_SENT)
        from->ledger->own_sends++;
    else
        from->ledger->own_receives++;
}

static void
come_home(struct nbl_track *track)
{
    struct nbl_passage *p = track->outer;

    if (track->where == NBL_SENT)
        track->source->own_sends--;
    else if (track->where == NBL_INDICATED || track->where == NBL_LENT)
        track->source->own_receives--;
    track->where = NBL_HOME;
    track->source = NULL;
    if (p == NULL)
        return;
    track->where = p->where;
    track->source = p->source;
    track->holder = p->holder;
    track->lender = p->lender;
    track->source_handle = p->source_handle;
    track->outer = p->outer;
    mon_free(p, sizeof(*p));
}

/* Is it held by the one edge of the intermediate driver whose other edge is `from`? */
static bool
at_other_edge(const struct nbl_track *track, const struct ndis_layer *from)
{
    const struct ndis_ledger *holder = track->holder;
    const struct ndis_driver *protocol;
    const struct ndis_nic *nic;

    if (holder == NULL || holder->freed)
        return false;
    if (track->where == NBL_SENT && from->kind == NDIS_LAYER_PROTOCOL && holder->kind == NDIS_LAYER_MINIPORT) {
        protocol = from->link->driver;
        nic = holder->nic;
    } else if (track->where != NBL_SENT && from->kind == NDIS_LAYER_MINIPORT && holder->kind == NDIS_LAYER_PROTOCOL) {
        protocol = ((const struct ndis_layer *)holder->handle)->link->driver;
        nic = from->adapter->nic;
    } else {
        return false;
    }
    return nic->driver != NULL && nic->driver->associated == protocol;
}

/* The passage it is on waits; whoever holds it goes on holding it there. */
static void
forward(struct nbl_track *track)
{
    struct nbl_passage *p = mon_alloc(sizeof(*p));

    *p = (struct nbl_passage){ .source = track->source,
                               .holder = track->holder,
                               .lender = track->lender,
                               .source_handle = track->source_handle,
                               .where = track->where,
                               .outer = track->outer };
    track->outer = p;
    track->holder = NULL;
}

/* from is about to give it away on the path `where`; from must be who has it. Returns whether it is a new one. */
static bool
give(struct nbl_track *track, const NET_BUFFER_LIST *nbl, struct ndis_layer *from, enum nbl_where where)
{
    bool send = where == NBL_SENT;
    bool same_way = send ? track->where == NBL_SENT : track->where == NBL_INDICATED || track->where == NBL_LENT;

    if (track->where == NBL_HOME) {
        if ((uint64_t)nbl->SourceHandle != (uint64_t)from)
            misuse(nbl, NDIS_NBL_WRONG_SOURCE, from);
        leave(track, from, where, (uint64_t)nbl->SourceHandle);
        return true;
    }
    if (same_way && track->holder == from->ledger) {
        let_go(track, send);
        if (where == NBL_LENT && track->where != NBL_LENT) {
            track->where = NBL_LENT;
            track->lender = from->ledger;
        }
        return false;
    }
    /* documented ("Sending Network Data", "Receiving Network Data"): it saves SourceHandle and writes its own */
    if (same_way && (uint64_t)nbl->SourceHandle == (uint64_t)from && at_other_edge(track, from)) {
        forward(track);
        leave(track, from, where, (uint64_t)from);
        return true;
    }
    if (same_way && track->source == from->ledger) {
        misuse(nbl, send ? NDIS_NBL_SENT_TWICE : NDIS_NBL_INDICATED_TWICE, from);
        let_go(track, send);
        return true;
    }
    misuse(nbl, NDIS_NBL_NOT_YOURS, from);
    let_go(track, track->where == NBL_SENT);
    come_home(track);
    leave(track, from, where, (uint64_t)nbl->SourceHandle);
    return true;
}

/* A live machine keeps no records, but who listens hears of each NBL. */
static void
tell(uint16_t kind, const struct ndis_layer *from, const NET_BUFFER_LIST *nbls, uint32_t flags)
{
    if (!trace_wants(kind))
        return;
    for (const NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        uint64_t source = (uint64_t)nbl->SourceHandle;

        if (kind == EV_RETURN)
            trace_emit(kind, nbl, from->kind, (uint64_t)from, flags, source);
        else
            trace_emit(kind, nbl, from->kind, (uint64_t)from, flags,
                       kind == EV_SEND_COMPLETE ? (uint32_t)nbl->Status : from->state, source);
    }
}

void
nbl_note_send(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    bool own = false;

    if (machine_is_native()) {
        tell(EV_SEND, from, nbls, flags);
        return;
    }
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        struct nbl_track *track = nbl_track_of(nbl);

        trace_emit(EV_SEND, nbl, from->kind, (uint64_t)from, flags, from->state, (uint64_t)nbl->SourceHandle);
        if (track == NULL) {
            own |= (uint64_t)nbl->SourceHandle == (uint64_t)from;
            continue;
        }
        own |= give(track, nbl, from, NBL_SENT);
        take(track, to, true);
    }
    /*
     * documented: a filter does not originate sends while Restarting. Not judged, though: all below it runs by then,
     * and a driver that opens its gate as the last act of FilterRestart cannot see when NDIS moves it to Running.
     */
    if (from->kind == NDIS_LAYER_FILTER && from->state == NDIS_STATE_RESTARTING)
        return;
    if (own)
        state_misuse(NDIS_MISUSE_SEND_WHILE_PAUSED, from);
}

void
nbl_note_send_complete(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    if (machine_is_native()) {
        tell(EV_SEND_COMPLETE, from, nbls, flags);
        return;
    }
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        struct nbl_track *track = nbl_track_of(nbl);

        trace_emit(EV_SEND_COMPLETE, nbl, from->kind, (uint64_t)from, flags, (uint32_t)nbl->Status,
                   (uint64_t)nbl->SourceHandle);
        if (track == NULL)
            continue;
        if (track->where != NBL_SENT) {
            misuse(nbl, NDIS_NBL_COMPLETED_TWICE, from);
            continue;
        }
        if (track->holder != from->ledger)
            misuse(nbl, NDIS_NBL_NOT_YOURS, from);
        if (track->source_handle != (uint64_t)nbl->SourceHandle)
            misuse(nbl, NDIS_NBL_WRONG_SOURCE, from);
        let_go(track, true);
        if (to != NULL && track->source == to->ledger)
            come_home(track);
        else
            take(track, to, true);
    }
}

void
nbl_note_receive(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    bool lent = (flags & NDIS_RECEIVE_FLAGS_RESOURCES) != 0;
    bool own = false;

    if (machine_is_native()) {
        tell(EV_RECEIVE, from, nbls, flags);
        return;
    }
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        struct nbl_track *track = nbl_track_of(nbl);

        trace_emit(EV_RECEIVE, nbl, from->kind, (uint64_t)from, flags, from->state, (uint64_t)nbl->SourceHandle);
        if (track == NULL)
            continue;
        own |= give(track, nbl, from, lent ? NBL_LENT : NBL_INDICATED);
        take(track, to, false);
    }
    if (own)
        state_misuse(NDIS_MISUSE_RECEIVE_WHILE_PAUSED, from);
}

void
nbl_note_return(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    if (machine_is_native()) {
        tell(EV_RETURN, from, nbls, flags);
        return;
    }
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        struct nbl_track *track = nbl_track_of(nbl);

        trace_emit(EV_RETURN, nbl, from->kind, (uint64_t)from, flags, (uint64_t)nbl->SourceHandle);
        if (track == NULL)
            continue;
        if (track->where != NBL_INDICATED) {
            misuse(nbl, track->where == NBL_LENT ? NDIS_NBL_RESOURCES_RETURNED : NDIS_NBL_RETURNED_TWICE, from);
            continue;
        }
        if (track->holder != from->ledger)
            misuse(nbl, NDIS_NBL_NOT_YOURS, from);
        if (track->source_handle != (uint64_t)nbl->SourceHandle)
            misuse(nbl, NDIS_NBL_WRONG_SOURCE, from);
        let_go(track, false);
        if (to != NULL && track->source == to->ledger)
            come_home(track);
        else if (to != NULL && to->kind == NDIS_LAYER_MINIPORT) {
            misuse(nbl, NDIS_NBL_NO_OWNER, from);
            come_home(track);
        } else
            take(track, to, false);
    }
}

void
nbl_note_lent_back(struct ndis_layer *from, NET_BUFFER_LIST *nbls)
{
    if (machine_is_native())
        return;
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next) {
        struct nbl_track *track = nbl_track_of(nbl);

        if (track == NULL || track->where != NBL_LENT)
            continue;
        let_go(track, false);
        if (track->source == from->ledger) {
            come_home(track);
            continue;
        }
        take(track, from, false);
        if (track->lender == from->ledger) { /* it has to be returned by call again, by who lent it */
            track->lender = NULL;
            track->where = NBL_INDICATED;
        }
    }
}
