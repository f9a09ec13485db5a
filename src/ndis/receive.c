/* SPDX-License-Identifier: MIT */
/*
 * ndis/receive.c - receive indications on their way up, returned NBLs on their way down.
 *
 * Model: as sends, the other way round. At the top NDIS gives an indication to each open binding whose packet filter
 * wants the frame. NBLs have one owner: with several bindings all but the last get them lent (RESOURCES), the last
 * gets them for good; what nobody wants turns round at the top. Assumed: Windows keeps a count per NBL instead and
 * lends less often; both are legal for a protocol, which has to handle RESOURCES anyway (docs/assumptions.md).
 * Start reading at: ndis_receive_up().
 */
#include "ndis/driver.h"
#include "ndis/idle.h"
#include "ndis/nbl.h"
#include "ndis/port.h"

#include <string.h>

#define RECEIVE_TO_RETURN(flags) (((flags)&NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0)

/* Which packet types of an 802.3 packet filter the frame is. */
static uint32_t
frame_type(const struct ndis_adapter *ad, const NET_BUFFER_LIST *nbl)
{
    uint8_t to[6];

    if (ad->general.MediaType != NdisMedium802_3 || nbl->FirstNetBuffer == NULL ||
        ndis_nb_read(nbl->FirstNetBuffer, 0, to, sizeof(to)) != sizeof(to))
        return NDIS_PACKET_TYPE_DIRECTED;
    if (memcmp(to, "\xff\xff\xff\xff\xff\xff", 6) == 0)
        return NDIS_PACKET_TYPE_BROADCAST;
    if (to[0] & 1)
        return NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST;
    if (memcmp(to, ad->general.CurrentMacAddress, 6) == 0)
        return NDIS_PACKET_TYPE_DIRECTED;
    return 0; /* somebody else's: promiscuous bindings only */
}

bool
ndis_filter_wants(uint32_t packet_filter, const struct ndis_adapter *ad, const NET_BUFFER_LIST *nbl)
{
    if (packet_filter & (NDIS_PACKET_TYPE_PROMISCUOUS | NDIS_PACKET_TYPE_ALL_LOCAL))
        return true;
    return (packet_filter & frame_type(ad, nbl)) != 0;
}

static bool
wants(const struct ndis_binding *b, const NET_BUFFER_LIST *nbl)
{
    return ndis_filter_wants(b->packet_filter, b->layer.adapter, nbl);
}

/* May NDIS indicate to it? Documented: a paused protocol can be indicated to and returns at once. */
static bool
listens(const struct ndis_binding *b)
{
    return b->open && !b->closing && b->packet_filter != 0 && b->layer.op[NDIS_OP_RECEIVE] != 0;
}

static void
indicate(struct ndis_layer *from, struct ndis_binding *b, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    uint32_t count = ndis_chain_length(nbls);

    nbl_note_receive(from, &b->layer, nbls, flags);
    if (!(flags & NDIS_RECEIVE_FLAGS_RESOURCES))
        ndis_binding_count(&b->layer.ledger->held_receives, (int32_t)count);
    NDIS_CALL(ndis_site.ndisMIndicateNetBufferListsToOpen, b->layer.op[NDIS_OP_RECEIVE], b->layer.context,
              (uint64_t)nbls, port, count, flags);
    if (flags & NDIS_RECEIVE_FLAGS_RESOURCES)
        nbl_note_lent_back(from, nbls);
}

/* Lend b the runs of the chain that it wants; the chain is whole again afterwards. */
static void
lend(struct ndis_layer *from, struct ndis_binding *b, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    while (nbls != NULL) {
        NET_BUFFER_LIST *last = nbls, *rest;

        if (!wants(b, nbls)) {
            nbls = nbls->Next;
            continue;
        }
        while (last->Next != NULL && wants(b, last->Next))
            last = last->Next;
        rest = last->Next;
        last->Next = NULL;
        indicate(from, b, nbls, port, flags | NDIS_RECEIVE_FLAGS_RESOURCES);
        last->Next = rest;
        nbls = rest;
    }
}

/* Move what b wants off the chain; what is left is returned. */
static NET_BUFFER_LIST *
split(struct ndis_binding *b, NET_BUFFER_LIST *nbls, NET_BUFFER_LIST **unwanted)
{
    NET_BUFFER_LIST *wanted = NULL, **wanted_end = &wanted, *next;

    *unwanted = NULL;
    for (; nbls != NULL; nbls = next) {
        next = nbls->Next;
        nbls->Next = NULL;
        if (wants(b, nbls)) {
            *wanted_end = nbls;
            wanted_end = &nbls->Next;
        } else {
            *unwanted = nbls;
            unwanted = &nbls->Next;
        }
    }
    return wanted;
}

/* NDIS turns round at the top what no binding wants. from: the layer that indicated it there. */
static void
turn_round(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    struct ndis_layer *to = from->adapter->top;
    uint32_t return_flags = RECEIVE_TO_RETURN(flags);

    if (nbls == NULL)
        return;
    while (to != NULL && to->op[NDIS_OP_RETURN] == 0)
        to = to->below;
    if (to == NULL)
        return;
    nbl_note_receive(from, from, nbls, flags);
    nbl_note_return(from, to, nbls, return_flags);
    NDIS_CALL(to->kind == NDIS_LAYER_FILTER ? ndis_site.ndisReturnNblToNext
                                            : ndis_site.ndisMReturnNetBufferListsInternal,
              to->op[NDIS_OP_RETURN], to->context, (uint64_t)nbls, return_flags);
}

/* The binding after b (the first after NULL) that listens; it may not be closed while calls is not zero. */
static struct ndis_binding *
next_listener(struct ndis_adapter *ad, struct ndis_binding *b)
{
    struct list_node *node = b == NULL ? list_first(&ad->bindings) : list_next(&ad->bindings, &b->node);

    for (; node != NULL; node = list_next(&ad->bindings, node))
        if (listens(list_entry(node, struct ndis_binding, node)))
            return list_entry(node, struct ndis_binding, node);
    return NULL;
}

#ifndef UNDIS_WITHOUT_BINDINGS_LOCK /* defined in tests/tsan only, to see that its absence is noticed */
void
ndis_bindings_lock(struct ndis_adapter *ad)
{
    while (__atomic_exchange_n(&ad->bindings_lock, 1, __ATOMIC_ACQUIRE))
        sched_spin();
}

void
ndis_bindings_unlock(struct ndis_adapter *ad)
{
    __atomic_store_n(&ad->bindings_lock, 0, __ATOMIC_RELEASE);
}
#else
void
ndis_bindings_lock(struct ndis_adapter *ad)
{
    (void)ad;
}

void
ndis_bindings_unlock(struct ndis_adapter *ad)
{
    (void)ad;
}
#endif

/* The same, entered: it stays until the matching leave. */
static struct ndis_binding *
enter_next(struct ndis_adapter *ad, struct ndis_binding *b)
{
    struct ndis_binding *next;

    ndis_bindings_lock(ad);
    next = next_listener(ad, b);
    if (next != NULL)
        ndis_binding_enter(next->layer.ledger);
    ndis_bindings_unlock(ad);
    return next;
}

static bool
is_last(struct ndis_adapter *ad, struct ndis_binding *b)
{
    bool last;

    ndis_bindings_lock(ad);
    last = next_listener(ad, b) == NULL;
    ndis_bindings_unlock(ad);
    return last;
}

/* b: the first, entered. */
static void
to_bindings(struct ndis_layer *from, struct ndis_binding *b, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    struct ndis_adapter *ad = from->adapter;
    struct ndis_binding *next = NULL;
    NET_BUFFER_LIST *unwanted;

    sched_touch((uint64_t)&ad->bindings);
    for (; b != NULL; b = next) {
        struct ndis_ledger *ledger = b->layer.ledger;

        sched_touch((uint64_t)b);
        next = NULL;
        if ((flags & NDIS_RECEIVE_FLAGS_RESOURCES) || !is_last(ad, b)) {
            lend(from, b, nbls, port, flags);
            next = enter_next(ad, b); /* bindings may have come or gone meanwhile */
            if (next == NULL)
                turn_round(from, (flags & NDIS_RECEIVE_FLAGS_RESOURCES) ? NULL : nbls, flags);
        } else {
            nbls = split(b, nbls, &unwanted);
            if (nbls != NULL)
                indicate(from, b, nbls, port, flags);
            turn_round(from, unwanted, flags);
        }
        ndis_binding_leave(ledger);
    }
}

void
ndis_receive_up(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t count, uint32_t flags)
{
    struct ndis_layer *to = from->next[NDIS_OP_RECEIVE];
    struct ndis_binding *b;

    if (!machine_is_native() && ndis_chain_length(nbls) != count)
        trace_emit(EV_NBL_MISUSE, nbls, NDIS_NBL_BAD_COUNT, (uint64_t)from, from->kind);
    if (to != NULL) {
        ndis_fn handler = to->op[NDIS_OP_RECEIVE];

        sched_touch((uint64_t)to);
        nbl_note_receive(from, to, nbls, flags);
        NDIS_CALL(ndis_site.ndisInvokeNextReceiveHandler, handler, to->context, (uint64_t)nbls, port, count, flags);
        if (flags & NDIS_RECEIVE_FLAGS_RESOURCES)
            nbl_note_lent_back(from, nbls);
    } else if ((b = enter_next(from->adapter, NULL)) != NULL) {
        to_bindings(from, b, nbls, port, flags);
    } else if (!(flags & NDIS_RECEIVE_FLAGS_RESOURCES)) {
        turn_round(from, nbls, flags);
    } else {
        nbl_note_receive(from, NULL, nbls, flags);
        nbl_note_lent_back(from, nbls);
    }
}

void
ndis_return_down(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    struct ndis_layer *to = from->next[NDIS_OP_RETURN];
    ndis_fn handler = to->op[NDIS_OP_RETURN];

    sched_touch((uint64_t)to);
    nbl_note_return(from, to, nbls, flags);
    NDIS_CALL(to->kind == NDIS_LAYER_FILTER ? ndis_site.ndisReturnNblToNext
                                            : ndis_site.ndisMReturnNetBufferListsInternal,
              handler, to->context, (uint64_t)nbls, flags);
}

/*
 * NdisMIndicateReceiveNetBufferLists - a miniport shows what it received.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes the NBLs until MiniportReturnNetBufferLists; with RESOURCES borrows them for the call.
 */
void NTAPI
NdisMIndicateReceiveNetBufferLists(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList,
                                   NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    if (PortNumber != NDIS_DEFAULT_PORT_NUMBER)
        ndis_port_check(&ad->layer, PortNumber);
    if (ad->power != NdisDeviceStateD0 && ad->power_next != NdisDeviceStateD0) /* documented: OID_PNP_SET_POWER */
        ndis_misuse(&ad->layer, NDIS_MISUSE_RECEIVE_IN_LOW_POWER, ad->power);
    if (ad->idle != NULL)
        ndis_idle_use(ad);
    ndis_receive_up(&ad->layer, NetBufferList, PortNumber, NumberOfNetBufferLists, ReceiveFlags);
}

/*
 * NdisFIndicateReceiveNetBufferLists - a filter indicates its own NBLs or passes on.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
void NTAPI
NdisFIndicateReceiveNetBufferLists(NDIS_HANDLE NdisFilterHandle, PNET_BUFFER_LIST NetBufferLists,
                                   NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_receive_up(&fm->layer, NetBufferLists, PortNumber, NumberOfNetBufferLists, ReceiveFlags);
}

/* NdisReturnNetBufferLists - a protocol gives received NBLs back. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisReturnNetBufferLists(NDIS_HANDLE NdisBindingHandle, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    struct ndis_binding *b = NdisBindingHandle;

    struct ndis_ledger *ledger = b->layer.ledger;

    ndis_binding_enter(ledger); /* a close waits until this returned */
    if (machine_is_native())
        ndis_binding_count(&ledger->held_receives, -(int32_t)ndis_chain_length(NetBufferLists));
    ndis_return_down(&b->layer, NetBufferLists, ReturnFlags);
    ndis_binding_leave(ledger);
}

/* NdisFReturnNetBufferLists - a filter gives back or passes on. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFReturnNetBufferLists(NDIS_HANDLE NdisFilterHandle, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_return_down(&fm->layer, NetBufferLists, ReturnFlags);
}
