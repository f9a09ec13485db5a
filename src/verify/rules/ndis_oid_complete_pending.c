/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_oid_complete_pending.c
 *
 * The part of the rule that the completion alone shows.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if ((uint32_t)ev->a[3] != 0x103)
        return;
    rule_finding(ctx, ev, "%s %p completes OID request %p with NDIS_STATUS_PENDING", rule_layer_name(ev->a[0]),
                 ev->a[1], ev->object);
}

const struct verify_rule rule_ndis_oid_complete_pending = {
    .id = "NdisOidComplete",
    .bugcheck = { 0xc4, 0x91001 },
    .severity = RULE_NOTED,
    .summary = "an OID request is never completed with NDIS_STATUS_PENDING",
    .why = "the originator waits for a second completion",
    .fix = "complete with the final status",
    .source = "documented: rule NdisOidComplete",
    .ddi = "NdisMOidRequestComplete",
    .watches = RULE_WATCHES(EV_OID_COMPLETE),
    .on_event = on_event,
};
