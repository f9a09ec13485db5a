/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_own.c - requests that NDIS itself makes of an adapter: power, what a reset lost, statistics.
 *
 * Model: such a request is given to one layer, and whoever makes it waits. What is about the adapter as a whole enters
 * the stack at its top, so filters see it (assumed); what only the miniport lost goes to the miniport.
 */
#include "ndis/driver.h"
#include "ndis/misc.h"

static void
answered(struct oid_record *r, NDIS_STATUS status)
{
    ndis_wait_done((struct ndis_wait *)r->done_arg, status);
}

struct ndis_layer *
ndis_oid_top(const struct ndis_adapter *ad)
{
    struct ndis_layer *top = ad->top;

    return top->op[NDIS_OP_OID] != 0 ? top : top->next[NDIS_OP_OID];
}

NDIS_STATUS
ndis_oid_query(struct ndis_layer *target, NDIS_REQUEST_TYPE type, uint32_t oid, void *buffer, uint32_t length,
               uint32_t *written)
{
    uint64_t mark = guest_mark();
    NDIS_OID_REQUEST *request = guest_alloc(sizeof(*request));
    struct ndis_wait *w = guest_alloc(sizeof(*w));
    NDIS_STATUS status;

    ndis_header_set(&request->Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    request->RequestType = type;
    request->DATA.QUERY_INFORMATION.Oid = oid; /* the variants for queries and sets are alike so far */
    request->DATA.QUERY_INFORMATION.InformationBuffer = buffer;
    request->DATA.QUERY_INFORMATION.InformationBufferLength = length;
    trace_emit(EV_OID_REQUEST, request, target->kind, (uint64_t)target, oid, type);
    status = oid_submit_to(NULL, target, request, false, answered, (uint64_t)w);
    if (status == NDIS_STATUS_PENDING)
        status = ndis_wait(w, (uint64_t)target,
                           ndis_words("waits for an OID request to %s%s", target->adapter->nic->name, ""));
    *written = request->DATA.QUERY_INFORMATION.BytesWritten;
    guest_release(mark);
    return status;
}

NDIS_STATUS
ndis_oid_ask(struct ndis_layer *target, NDIS_REQUEST_TYPE type, uint32_t oid, void *buffer, uint32_t length)
{
    uint32_t written;

    return ndis_oid_query(target, type, oid, buffer, length, &written);
}
