/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_sync.c - synchronous OID requests (NDIS 6.81).
 *
 * Model: one request goes down the stack in one call. Each filter's Issue handler may stop it; whoever answers, the
 * Complete handlers of the filters above, that let it pass, are called from there up. No clones, no queue; a filter
 * keeps state between its two handlers in a slot that NDIS gives it (documented).
 */
#include "ndis/misc.h"

#define LAYERS_MAX 32u

/* NDIS_STATUS_ALREADY_COMPLETE. assumed: like its neighbours, the NTSTATUS of the same name. */
#define ALREADY_COMPLETE ((NDIS_STATUS)STATUS_ALREADY_COMPLETE)

/* The layers on the way of one request, from the top; on this call's stack. */
struct sync_walk {
    struct ndis_layer *layer[LAYERS_MAX];
    unsigned count;
    PVOID *slot; /* one per layer, where drivers may write */
};

/* Who is there now: they stay until leave() (documented: FilterDetach waits for synchronous requests). */
static void
enter(struct sync_walk *w, struct ndis_layer *from)
{
    w->count = 0;
    for (struct ndis_layer *at = from->below; at != NULL && w->count < LAYERS_MAX; at = at->below) {
        struct oid_gate *gate = oid_gate_of(at);

        sched_touch((uint64_t)at);
        if (at->kind == NDIS_LAYER_FILTER && gate->closed)
            continue;
        gate->synchronous++;
        w->layer[w->count++] = at;
    }
    w->slot = guest_alloc(w->count * sizeof(*w->slot));
}

static void
leave(struct sync_walk *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        oid_gate_of(w->layer[i])->synchronous--;
        oid_gate_check(w->layer[i]);
    }
}

/* Ask layer i. *passes: a filter lets the request go on. */
static NDIS_STATUS
issue(struct sync_walk *w, unsigned i, NDIS_OID_REQUEST *request, bool *passes)
{
    struct ndis_layer *layer = w->layer[i];
    ndis_fn handler = layer->op[NDIS_OP_SYNC_OID];
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;

    *passes = layer->kind == NDIS_LAYER_FILTER;
    if (layer->kind == NDIS_LAYER_FILTER) {
        if (handler != 0)
            status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisInvokeOidRequest, handler, layer->context, (uint64_t)request,
                                            (uint64_t)&w->slot[i]);
        *passes = status == NDIS_STATUS_SUCCESS;
        return status == ALREADY_COMPLETE ? NDIS_STATUS_SUCCESS : status;
    }
    if (handler == 0 || oid_gate_of(layer)->closed)
        return handler == 0 ? NDIS_STATUS_NOT_SUPPORTED : NDIS_STATUS_NOT_ACCEPTED;
    return (NDIS_STATUS)NDIS_CALL(ndis_site.ndisInvokeOidRequest, handler, layer->context, (uint64_t)request);
}

static NDIS_STATUS
run(struct ndis_layer *from, NDIS_OID_REQUEST *request)
{
    NDIS_STATUS status = NDIS_STATUS_NOT_SUPPORTED, *result;
    struct sync_walk w;
    unsigned i;
    bool passes = true;

    sched_touch(from->ledger->handle);
    trace_emit(EV_OID_REQUEST, request, from->kind, (uint64_t)from, oid_of(request), request->RequestType);
    from->ledger->oids++;
    enter(&w, from);
    for (i = 0; i < w.count && passes; i++)
        status = issue(&w, i, request, &passes);
    trace_emit(EV_OID_COMPLETE, request, w.count ? w.layer[i - 1]->kind : from->kind,
               (uint64_t)(w.count ? w.layer[i - 1] : from), oid_of(request), (uint32_t)status, 1);
    result = guest_alloc(sizeof(*result));
    *result = status;
    for (unsigned up = i - (i != 0); up-- > 0;) { /* those above the one that answered */
        ndis_fn handler = w.layer[up]->op[NDIS_OP_SYNC_OID_COMPLETE];

        if (handler != 0)
            NDIS_CALL(ndis_site.ndisInvokeOidRequestComplete, handler, w.layer[up]->context, (uint64_t)request,
                      (uint64_t)result, (uint64_t)w.slot[up]);
    }
    leave(&w);
    from->ledger->oids--;
    return *result;
}

/*
 * NdisSynchronousOidRequest - a protocol asks. NdisFSynchronousOidRequest - a filter does.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows OidRequest.
 * Returns:   what the layer says that answered; never NDIS_STATUS_PENDING if drivers keep the rules.
 */
NDIS_STATUS NTAPI
NdisSynchronousOidRequest(NDIS_HANDLE NdisBindingHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_binding *b = NdisBindingHandle;

    ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisSynchronousOidRequest);
    return run(&b->layer, OidRequest);
}

NDIS_STATUS NTAPI
NdisFSynchronousOidRequest(NDIS_HANDLE NdisFilterModuleHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_filter *fm = NdisFilterModuleHandle;

    ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisFSynchronousOidRequest);
    return run(&fm->layer, OidRequest);
}
