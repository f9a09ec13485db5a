/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_calls.c - how drivers ask with OID requests, complete, cancel and clone them.
 *
 * Model: entry checks here, the hop in oid.c. A protocol asks from its binding, a filter from its module; who completes
 * is the layer that the hop was given to.
 * Start reading at: NdisOidRequest().
 */
#include "ndis/driver.h"
#include "ndis/misc.h"
#include "ndis/pm.h"

#include <string.h>

#include "nt/ex/ex.h"

const struct ndis_header_spec ndis_oid_request_header = {
    "NDIS_OID_REQUEST",
    NDIS_OBJECT_TYPE_OID_REQUEST,
    1,
    { NDIS_SIZEOF_OID_REQUEST_REVISION_1 },
};

/* ------------------------------------------------------------------ asking */

/*
 * Documented states for NdisFOidRequest: Restarting, Running, Pausing, Paused. A protocol may ask until it calls
 * NdisCloseAdapterEx, also inside ProtocolUnbindAdapterEx (documented there: it clears what it set). A request that
 * another thread makes while FilterDetach has not returned is not held against the filter: it learns of the detach from
 * that very call, and may wait there for the request to end (assumed: docs/assumptions.md).
 */
static void
check_state(struct ndis_layer *layer)
{
    if (layer->kind == NDIS_LAYER_PROTOCOL && layer->state == NDIS_STATE_CLOSING &&
        !((struct ndis_binding *)layer)->closing)
        return;
    if (layer->kind == NDIS_LAYER_FILTER && layer->detached_by != NULL && layer->detached_by != fiber_self())
        return;
    if (layer->state == NDIS_STATE_STARTING)
        ndis_misuse(layer, NDIS_MISUSE_OID_WHILE_STARTING, layer->state);
    else if (layer->state == NDIS_STATE_DOWN || layer->state == NDIS_STATE_CLOSING)
        ndis_misuse(layer, NDIS_MISUSE_OID_WHILE_DOWN, layer->state);
}

/*
 * Documented: no request but OID_PNP_SET_POWER is made while the adapter is in low power. Assumed: NDIS refuses others;
 * what a protocol asks while it is unbound is not held against it.
 */
static bool
in_low_power(struct ndis_layer *layer, const NDIS_OID_REQUEST *request)
{
    if (layer->adapter->power == NdisDeviceStateD0 || oid_of(request) == OID_PNP_SET_POWER)
        return false;
    if (layer->state != NDIS_STATE_CLOSING)
        ndis_misuse(layer, NDIS_MISUSE_OID_IN_LOW_POWER, oid_of(request));
    return true;
}

static NDIS_STATUS
request_by(struct ndis_layer *layer, NDIS_OID_REQUEST *request, bool direct)
{
    sched_touch(layer->ledger->handle);
    trace_emit(EV_OID_REQUEST, request, layer->kind, (uint64_t)layer, oid_of(request), request->RequestType);
    check_state(layer);
    if (in_low_power(layer, request))
        return NDIS_STATUS_LOW_POWER_STATE;
    return oid_submit(layer, layer, request, direct, NULL, 0);
}

/*
 * NdisOidRequest - a protocol asks.
 *
 * Source:    documented; sets that concern every binding are combined first (oid_set.c, pm.c).
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes OidRequest and its buffers until it returns other than NDIS_STATUS_PENDING or until
 *            ProtocolOidRequestComplete is called, which may be before this returns.
 * Returns:   what the layer below says, NDIS_STATUS_PENDING, _NOT_ACCEPTED while the adapter goes away.
 */
NDIS_STATUS NTAPI
NdisOidRequest(NDIS_HANDLE NdisBindingHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_binding *b = NdisBindingHandle;
    NDIS_STATUS status;

    sched_touch(b->layer.ledger->handle);
    if (b->closing)
        return NDIS_STATUS_CLOSING;
    ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisOidRequest); /* a note; it is asked */
    OidRequest->RequestHandle = b; /* documented: who issued it; assumed: NDIS fills it in, and clones keep it */
    if (b->layer.adapter->power == NdisDeviceStateD0 &&
        (oid_set_combined(b, OidRequest, &status) || ndis_pm_request(&b->layer, OidRequest, &status)))
        return status;
    return request_by(&b->layer, OidRequest, false);
}

/*
 * NdisFOidRequest - a filter module asks, on its own or with a clone.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: as NdisOidRequest, with FilterOidRequestComplete.
 * Returns:   as NdisOidRequest; NDIS_STATUS_INVALID_PARAMETER for a wrong header.
 */
NDIS_STATUS NTAPI
NdisFOidRequest(NDIS_HANDLE NdisFilterHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_filter *fm = NdisFilterHandle;
    NDIS_STATUS status;

    sched_touch(fm->layer.ledger->handle);
    if (!ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisFOidRequest))
        return NDIS_STATUS_INVALID_PARAMETER;
    if (fm->layer.adapter->power == NdisDeviceStateD0 && ndis_pm_request(&fm->layer, OidRequest, &status))
        return status;
    return request_by(&fm->layer, OidRequest, false);
}

/*
 * NdisDirectOidRequest, NdisFDirectOidRequest - the same without a queue: the layer below may have several at a time.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: as NdisOidRequest, with ProtocolDirectOidRequestComplete and FilterDirectOidRequestComplete.
 * Returns:   what the layer below says, NDIS_STATUS_PENDING, _NOT_ACCEPTED while the adapter goes away,
 *            _NOT_SUPPORTED when no layer below takes direct requests.
 */
NDIS_STATUS NTAPI
NdisDirectOidRequest(NDIS_HANDLE NdisBindingHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_binding *b = NdisBindingHandle;

    ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisDirectOidRequest);
    return request_by(&b->layer, OidRequest, true);
}

NDIS_STATUS NTAPI
NdisFDirectOidRequest(NDIS_HANDLE NdisFilterHandle, PNDIS_OID_REQUEST OidRequest)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_header_ok(&OidRequest->Header, &ndis_oid_request_header, misc_site.NdisFDirectOidRequest);
    return request_by(&fm->layer, OidRequest, true);
}

/* ------------------------------------------------------------------ completing */

/*
 * A driver completes. One that nobody asked for: for a miniport bug check 0x7C, 0x26 (documented). For a filter no
 * page says what happens; assumed: nothing but what reading the request does.
 */
static void
complete_by(struct ndis_layer *layer, NDIS_OID_REQUEST *request, NDIS_STATUS status, bool direct)
{
    struct oid_record *r;

    sched_touch(layer->ledger->handle);
    list_for_each (r, &ndis_misc()->oids, node)
        if (r->target == layer && r->request == request && r->direct == direct && oid_record_active(r) &&
            r->state != OID_STARTING) {
            oid_record_complete(r, status);
            return;
        }
    if (layer->kind == NDIS_LAYER_MINIPORT) {
        trace_emit(EV_OID_COMPLETE, request, layer->kind, (uint64_t)layer, 0, (uint32_t)status, 0);
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_INVALID_OID_COMPLETION, (uint64_t)layer, (uint64_t)request, 0);
    }
    trace_emit(EV_OID_COMPLETE, request, layer->kind, (uint64_t)layer, oid_of(request), (uint32_t)status, 0);
}

/*
 * NdisMOidRequestComplete - a miniport is done with a request it pended.
 *
 * Source:    documented; bug checks 0x7C, 0x1C, 0x1D, 0x26. Assumed: parameter 2 of 0x26, documented as the miniport
 *            driver handle, is the adapter's.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: gives OidRequest back; its owner is told before this returns.
 */
void NTAPI
NdisMOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    complete_by(&ad->layer, OidRequest, Status, false);
}

/*
 * NdisFOidRequestComplete - a filter is.
 *
 * Source:    documented; one that nobody asked for: see complete_by().
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: as NdisMOidRequestComplete.
 */
void NTAPI
NdisFOidRequestComplete(NDIS_HANDLE NdisFilterHandle, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct ndis_filter *fm = NdisFilterHandle;

    complete_by(&fm->layer, OidRequest, Status, false);
}

/*
 * NdisMDirectOidRequestComplete, NdisFDirectOidRequestComplete - the same for direct requests.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: as NdisMOidRequestComplete.
 */
void NTAPI
NdisMDirectOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    complete_by(&ad->layer, OidRequest, Status, true);
}

void NTAPI
NdisFDirectOidRequestComplete(NDIS_HANDLE NdisFilterHandle, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct ndis_filter *fm = NdisFilterHandle;

    complete_by(&fm->layer, OidRequest, Status, true);
}

/* ------------------------------------------------------------------ cancelling */

/*
 * Requests of layer with this id. Documented for filters: the id is the pointer that was given to NdisFOidRequest;
 * observed: public filters pass the RequestId. Either matches.
 */
static void
cancel_by(struct ndis_layer *layer, uint64_t id, bool direct)
{
    struct oid_record *r, *found;

    sched_touch(layer->ledger->handle);
    do {
        found = NULL;
        list_for_each (r, &ndis_misc()->oids, node)
            if (r->source == layer && r->direct == direct && !r->cancelled && r->state != OID_EARLY &&
                (r->request_id == id || (layer->kind == NDIS_LAYER_FILTER && (uint64_t)r->request == id))) {
                found = r;
                break;
            }
        if (found != NULL)
            oid_record_cancel(found);
    } while (found != NULL);
}

/*
 * NdisCancelOidRequest - a protocol asks for its requests with this id back. NdisFCancelOidRequest - a filter does.
 *
 * Source:    documented; assumed: one that still waits in NDIS's queue completes with NDIS_STATUS_REQUEST_ABORTED.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: nothing moves: every request is still completed, one that nobody finds included.
 */
void NTAPI
NdisCancelOidRequest(NDIS_HANDLE NdisBindingHandle, PVOID RequestId)
{
    struct ndis_binding *b = NdisBindingHandle;

    cancel_by(&b->layer, (uint64_t)RequestId, false);
}

void NTAPI
NdisFCancelOidRequest(NDIS_HANDLE NdisFilterHandle, PVOID RequestId)
{
    struct ndis_filter *fm = NdisFilterHandle;

    cancel_by(&fm->layer, (uint64_t)RequestId, false);
}

/*
 * NdisCancelDirectOidRequest, NdisFCancelDirectOidRequest - the same for direct requests.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: as NdisCancelOidRequest.
 */
void NTAPI
NdisCancelDirectOidRequest(NDIS_HANDLE NdisBindingHandle, PVOID RequestId)
{
    struct ndis_binding *b = NdisBindingHandle;

    cancel_by(&b->layer, (uint64_t)RequestId, true);
}

void NTAPI
NdisFCancelDirectOidRequest(NDIS_HANDLE NdisFilterHandle, PVOID RequestId)
{
    struct ndis_filter *fm = NdisFilterHandle;

    cancel_by(&fm->layer, (uint64_t)RequestId, true);
}

/* ------------------------------------------------------------------ clones */

/*
 * NdisAllocateCloneOidRequest - a copy to forward a request with.
 *
 * Source:    documented; assumed: the fields reserved for NDIS and for the source come out zero.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows OidRequest; the caller takes *ClonedOidRequest until NdisFreeCloneOidRequest.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES (then *ClonedOidRequest is NULL). _INVALID_PARAMETER for a bad handle is
 *            documented; a bad handle faults here.
 */
NDIS_STATUS NTAPI
NdisAllocateCloneOidRequest(NDIS_HANDLE SourceHandle, PNDIS_OID_REQUEST OidRequest, UINT PoolTag,
                            PNDIS_OID_REQUEST *ClonedOidRequest)
{
    struct ndis_layer *layer = SourceHandle;
    NDIS_OID_REQUEST *clone;
    size_t size = sizeof(*clone);

    sched_touch(layer->ledger->handle);
    *ClonedOidRequest = NULL;
    clone = ex_pool_alloc(NonPagedPool, size, PoolTag, EX_POOL_ZERO);
    if (clone == NULL)
        return NDIS_STATUS_RESOURCES;
    memcpy(clone, OidRequest,
           OidRequest->Header.Size != 0 && OidRequest->Header.Size < size ? OidRequest->Header.Size : size);
    memset(clone->NdisReserved, 0, sizeof(clone->NdisReserved));
    memset(clone->SourceReserved, 0, sizeof(clone->SourceReserved));
    *ClonedOidRequest = clone;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisFreeCloneOidRequest - free what NdisAllocateCloneOidRequest gave.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes Request, not the buffers it points to.
 */
void NTAPI
NdisFreeCloneOidRequest(NDIS_HANDLE SourceHandle, PNDIS_OID_REQUEST Request)
{
    struct ndis_layer *layer = SourceHandle;

    sched_touch(layer->ledger->handle);
    ex_pool_free(Request, 0);
}
