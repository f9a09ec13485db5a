/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_oid_double_complete.c
 *
 * NDIS stops the machine for miniports (0x7C); the rule adds the words, and covers filters.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[4] != 0)
        return;
    rule_finding(ctx, ev, "%s %p completes OID request %p (OID 0x%08x), which is not pending",
                 rule_layer_name(ev->a[0]), ev->a[1], ev->object, (unsigned)ev->a[2]);
}

const struct verify_rule rule_ndis_oid_double_complete = {
    .id = "NdisOidDoubleComplete",
    .bugcheck = { 0xc4, 0x91002 },
    .severity = RULE_NOTED,
    .summary = "a pended OID request is completed at most once",
    .why = "the second completion reaches a request its owner may have freed",
    .fix = "complete from one place, and clear the saved pointer under the lock",
    .source = "documented: rule NdisOidDoubleComplete; bugcheck 0x7C argument 0x26",
    .ddi = "NdisMOidRequestComplete",
    .watches = RULE_WATCHES(EV_OID_COMPLETE),
    .on_event = on_event,
};
