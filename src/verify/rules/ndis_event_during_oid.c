/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_event_during_oid.c
 *
 * In MiniportOidRequest, and as long as a request that it pended is not completed.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_EVENT_DURING_OID)
        return;
    rule_finding(ctx, ev, "adapter %p has an OID request and sends event %u", ev->a[2], (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_event_during_oid = {
    .id = "NdisNetPnPEventDuringOid",
    .bugcheck = { 0xc4, RULE_NUMBER(152) },
    .severity = RULE_NOTED,
    .summary = "a miniport calls NdisMNetPnPEvent only while it has no OID request",
    .why = "what the event waits for above may wait for the request",
    .fix = "complete the request first, and send the event from a work item",
    .source = "documented: NdisMNetPnPEvent",
    .ddi = "NdisMNetPnPEvent",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
