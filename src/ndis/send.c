/* SPDX-License-Identifier: MIT */
/*
 * ndis/send.c - sends on their way down, completions on their way up, cancels.
 *
 * Model: a chain of NBLs moves as it is from handler to handler (chain.c). NDIS adds three things: at the bottom it
 * refuses for a miniport that is paused or halted, at the top it deals completions out to the bindings whose
 * SourceHandle they carry, and it remembers (track.c). It does not keep a paused filter from sending.
 * Functions first read what ndis.sys reads through the handle, so the handle of a module that was detached faults
 * there, before anything else is touched.
 * Start reading at: ndis_send_down().
 */
#include "ndis/idle.h"
#include "ndis/nbl.h"
#include "ndis/port.h"

#define SEND_TO_COMPLETE(flags) (((flags)&NDIS_SEND_FLAGS_DISPATCH_LEVEL) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0)

/* Assumed: NDIS itself answers for a miniport that is not there to be called, with the status a miniport would give. */
static bool
miniport_refuses(const struct ndis_layer *miniport)
{
    return miniport->state == NDIS_STATE_PAUSED || miniport->state == NDIS_STATE_DOWN ||
           miniport->state == NDIS_STATE_STARTING || miniport->state == NDIS_STATE_SHUTDOWN;
}

void
ndis_send_down(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    struct ndis_layer *to = from->next[NDIS_OP_SEND];
    ndis_fn handler = to->op[NDIS_OP_SEND];

    sched_touch((uint64_t)to);
    nbl_note_send(from, to, nbls, flags);
    if (to->kind == NDIS_LAYER_FILTER) {
        NDIS_CALL(ndis_site.ndisSendNBLToFilter, handler, to->context, (uint64_t)nbls, port, flags);
        return;
    }
    if (((struct ndis_adapter *)to)->idle == NULL ||
        !ndis_idle_hold_sends((struct ndis_adapter *)to, nbls, port, flags))
        ndis_send_to_miniport(to, nbls, port, flags);
}

void
ndis_send_to_miniport(struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    if (miniport_refuses(to)) {
        for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
            nbl->Status = NDIS_STATUS_PAUSED;
        ndis_send_complete_up(to, nbls, SEND_TO_COMPLETE(flags));
        return;
    }
    NDIS_CALL(ndis_site.ndisMSendNBLToMiniport, to->op[NDIS_OP_SEND], to->context, (uint64_t)nbls, port, flags);
}

/* The part of the chain that starts at first and has one SourceHandle; *rest gets what follows. Its length. */
static uint32_t
cut_source(NET_BUFFER_LIST *first, NET_BUFFER_LIST **rest)
{
    NET_BUFFER_LIST *last = first;
    uint32_t count = 1;

    for (; last->Next != NULL && last->Next->SourceHandle == first->SourceHandle; count++)
        last = last->Next;
    *rest = last->Next;
    last->Next = NULL;
    return count;
}

static void
complete_to_binding(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t count, uint32_t flags)
{
    struct ndis_binding *b = nbls->SourceHandle;
    struct ndis_ledger *ledger;

    sched_touch(b->layer.ledger->handle); /* through its pointer first: a binding that is gone faults */
    if (b->layer.object.signature != NDIS_SIG_BINDING) {
        nbl_note_send_complete(from, NULL, nbls, flags);
        for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
            trace_emit(EV_NBL_MISUSE, nbl, NDIS_NBL_NO_OWNER, (uint64_t)from, from->kind);
        return; /* lost: whoever sent them waits for ever */
    }
    ledger = b->layer.ledger;
    ndis_binding_enter(ledger);
    ndis_binding_count(&ledger->own_sends, -(int32_t)count);
    nbl_note_send_complete(from, &b->layer, nbls, flags);
    NDIS_CALL(ndis_site.ndisMSendCompleteNetBufferListsInternal, b->layer.op[NDIS_OP_SEND_COMPLETE], b->layer.context,
              (uint64_t)nbls, flags);
    ndis_binding_leave(ledger);
}

void
ndis_send_complete_up(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t flags)
{
    struct ndis_layer *to = from->next[NDIS_OP_SEND_COMPLETE];
    NET_BUFFER_LIST *rest;

    if (to != NULL) {
        ndis_fn handler = to->op[NDIS_OP_SEND_COMPLETE];

        sched_touch((uint64_t)to);
        nbl_note_send_complete(from, to, nbls, flags);
        NDIS_CALL(ndis_site.ndisInvokeNextSendCompleteHandler, handler, to->context, (uint64_t)nbls, flags);
        return;
    }
    for (; nbls != NULL; nbls = rest) {
        uint32_t count = cut_source(nbls, &rest);

        complete_to_binding(from, nbls, count, flags);
    }
}

static void
cancel_down(struct ndis_layer *from, void *cancel_id)
{
    struct ndis_layer *to = from->next[NDIS_OP_CANCEL_SEND];

    if (to == NULL)
        return; /* nobody below queues sends */
    sched_touch((uint64_t)to);
    NDIS_CALL(ndis_site.ndisCancelSendToNext, to->op[NDIS_OP_CANCEL_SEND], to->context, (uint64_t)cancel_id);
}

/*
 * NdisSendNetBufferLists - a protocol sends.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes the NBLs until ProtocolSendNetBufferListsComplete, which may run before this returns.
 */
void NTAPI
NdisSendNetBufferLists(NDIS_HANDLE NdisBindingHandle, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
                       ULONG SendFlags)
{
    struct ndis_binding *b = NdisBindingHandle;

    /* Assumed: NDIS sets SourceHandle of a protocol's NBLs when the protocol did not (the field is documented as the
     * sender's to set). We take it as it is, so that a missing one shows. */
    if (machine_is_native())
        ndis_binding_count(&b->layer.ledger->own_sends, (int32_t)ndis_chain_length(NetBufferLists));
    if (PortNumber != NDIS_DEFAULT_PORT_NUMBER)
        ndis_port_check(&b->layer, PortNumber);
    ndis_send_down(&b->layer, NetBufferLists, PortNumber, SendFlags);
}

/*
 * NdisFSendNetBufferLists - a filter module sends its own NBLs or passes on what it was given.
 *
 * Source:    documented; that a module which is paused may enter and reach the miniport: observed in public crash
 *            reports of filters that send after FilterPause.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes the NBLs until FilterSendNetBufferListsComplete.
 */
void NTAPI
NdisFSendNetBufferLists(NDIS_HANDLE NdisFilterHandle, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
                        ULONG SendFlags)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_send_down(&fm->layer, NetBufferList, PortNumber, SendFlags);
}

/*
 * NdisMSendNetBufferListsComplete - a miniport gives sends back.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList,
                                ULONG SendCompleteFlags)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    ndis_send_complete_up(&ad->layer, NetBufferList, SendCompleteFlags);
}

/*
 * NdisFSendNetBufferListsComplete - a filter completes what a layer above sent.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
void NTAPI
NdisFSendNetBufferListsComplete(NDIS_HANDLE NdisFilterHandle, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_send_complete_up(&fm->layer, NetBufferList, SendCompleteFlags);
}

/*
 * NdisCancelSendNetBufferLists - a protocol asks for its queued sends back.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
void NTAPI
NdisCancelSendNetBufferLists(NDIS_HANDLE NdisBindingHandle, PVOID CancelId)
{
    struct ndis_binding *b = NdisBindingHandle;

    cancel_down(&b->layer, CancelId);
}

/*
 * NdisFCancelSendNetBufferLists - a filter does, or passes the request on.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
void NTAPI
NdisFCancelSendNetBufferLists(NDIS_HANDLE NdisFilterHandle, PVOID CancelId)
{
    struct ndis_filter *fm = NdisFilterHandle;

    cancel_down(&fm->layer, CancelId);
}

/*
 * NdisGeneratePartialCancelId - the high byte of a driver's cancel identifiers.
 *
 * Source:    documented; assumed: numbers are handed out from 1 and wrap.
 * IRQL:      any
 */
UCHAR NTAPI
NdisGeneratePartialCancelId(void)
{
    struct ndis_root *root = ndis_root();

    sched_touch((uint64_t)&root->partial_cancel_id);
    return (UCHAR)++root->partial_cancel_id;
}
