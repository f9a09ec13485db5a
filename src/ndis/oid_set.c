/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_set.c - sets of a binding whose effect at the miniport is the sum over all bindings.
 *
 * Model: each binding asks for the packet filter and lookahead it wants; the layers below must see what serves them
 * all (documented: "OID_GEN_CURRENT_PACKET_FILTER", NDIS combines). So NDIS sends a request of its own with the
 * combined value, in the name of the protocol's request, and answers that one when its own is answered. A binding's
 * value counts from when the set succeeded.
 */
#include "ndis/driver.h"
#include "ndis/misc.h"

#include <string.h>

/* A request of NDIS's own, made for a binding's. Machine memory: the layers below look at it. */
struct own_request {
    struct ndis_object object;
    NDIS_OID_REQUEST request;
    NDIS_OID_REQUEST *original;
    struct ndis_binding *binding;
    uint32_t value;  /* what goes down */
    uint32_t wanted; /* what the binding asked for */
};

static uint32_t
combined(struct ndis_binding *b, uint32_t oid, uint32_t wanted)
{
    struct ndis_binding *other;
    uint32_t value = wanted;

    list_for_each (other, &b->layer.adapter->bindings, node) {
        if (other == b)
            continue;
        if (oid == OID_GEN_CURRENT_PACKET_FILTER)
            value |= other->packet_filter;
        else if (other->lookahead > value)
            value = other->lookahead;
    }
    return value;
}

/* Copy the outcome to the protocol's request. */
static void
finish(struct own_request *own, NDIS_STATUS status)
{
    struct ndis_binding *b = own->binding;
    NDIS_OID_REQUEST *original = own->original;

    original->DATA.SET_INFORMATION.BytesRead = own->request.DATA.SET_INFORMATION.BytesRead;
    original->DATA.SET_INFORMATION.BytesNeeded = own->request.DATA.SET_INFORMATION.BytesNeeded;
    if (status == NDIS_STATUS_SUCCESS) {
        sched_touch((uint64_t)b);
        original->DATA.SET_INFORMATION.BytesRead = sizeof(uint32_t);
        if (oid_of(original) == OID_GEN_CURRENT_PACKET_FILTER)
            b->packet_filter = own->wanted;
        else
            b->lookahead = own->wanted;
    }
    ndis_free(own);
}

static void
own_done(struct oid_record *r, NDIS_STATUS status)
{
    struct own_request *own = (struct own_request *)r->done_arg;
    struct ndis_binding *b = own->binding;
    NDIS_OID_REQUEST *original = own->original;

    finish(own, status);
    b->layer.ledger->oids--;
    NDIS_CALL(ndis_site.ndisInvokeOidRequestComplete, b->layer.op[NDIS_OP_OID_COMPLETE], b->layer.context,
              (uint64_t)original, (uint32_t)status);
}

static struct own_request *
own_create(struct ndis_binding *b, NDIS_OID_REQUEST *original, uint32_t wanted)
{
    struct own_request *own = ndis_object_alloc(NDIS_SIG_OID, sizeof(*own), "OID request of NDIS");

    if (own == NULL)
        return NULL;
    own->original = original;
    own->binding = b;
    own->wanted = wanted;
    own->value = combined(b, oid_of(original), wanted);
    own->request = *original;
    memset(own->request.NdisReserved, 0, sizeof(own->request.NdisReserved));
    memset(own->request.SourceReserved, 0, sizeof(own->request.SourceReserved));
    ndis_header_set(&own->request.Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    own->request.DATA.SET_INFORMATION.InformationBuffer = &own->value;
    own->request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(own->value);
    own->request.DATA.SET_INFORMATION.BytesRead = 0;
    own->request.DATA.SET_INFORMATION.BytesNeeded = 0;
    return own;
}

/* NDIS checks these two itself before any layer sees them (assumed for the lookahead). */
static NDIS_STATUS
check(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request, uint32_t *wanted)
{
    if (request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(*wanted)) {
        request->DATA.SET_INFORMATION.BytesNeeded = sizeof(*wanted);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(wanted, request->DATA.SET_INFORMATION.InformationBuffer, sizeof(*wanted));
    if (oid_of(request) == OID_GEN_CURRENT_LOOKAHEAD && ad->general.LookaheadSize != 0 &&
        *wanted > ad->general.LookaheadSize)
        return NDIS_STATUS_INVALID_DATA;
    return NDIS_STATUS_SUCCESS;
}

/* value: in guest scratch memory. A miniport that does not take it keeps what it has. */
static void
restore(struct ndis_adapter *ad, uint32_t oid, uint32_t *value)
{
    ndis_oid_ask(&ad->layer, NdisRequestSetInformation, oid, value, sizeof(*value));
}

void
ndis_oid_restore(struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    uint32_t *filter = guest_alloc(sizeof(*filter)), *lookahead = guest_alloc(sizeof(*lookahead));
    struct ndis_binding *b;

    list_for_each (b, &ad->bindings, node) {
        *filter |= b->packet_filter;
        if (b->lookahead > *lookahead)
            *lookahead = b->lookahead;
    }
    if (*filter != 0)
        restore(ad, OID_GEN_CURRENT_PACKET_FILTER, filter);
    if (*lookahead != 0)
        restore(ad, OID_GEN_CURRENT_LOOKAHEAD, lookahead);
    guest_release(mark);
}

bool
oid_set_combined(struct ndis_binding *b, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    struct own_request *own;
    uint32_t wanted;

    if (request->RequestType != NdisRequestSetInformation || request->PortNumber != NDIS_DEFAULT_PORT_NUMBER ||
        (oid_of(request) != OID_GEN_CURRENT_PACKET_FILTER && oid_of(request) != OID_GEN_CURRENT_LOOKAHEAD))
        return false;
    trace_emit(EV_OID_REQUEST, request, b->layer.kind, (uint64_t)b, oid_of(request), request->RequestType);
    *status = check(b->layer.adapter, request, &wanted);
    if (*status != NDIS_STATUS_SUCCESS)
        return true;
    own = own_create(b, request, wanted);
    if (own == NULL) {
        *status = NDIS_STATUS_RESOURCES;
        return true;
    }
    b->layer.ledger->oids++;
    *status = oid_submit(NULL, &b->layer, &own->request, false, own_done, (uint64_t)own);
    if (*status != NDIS_STATUS_PENDING) {
        finish(own, *status);
        b->layer.ledger->oids--;
    }
    return true;
}
