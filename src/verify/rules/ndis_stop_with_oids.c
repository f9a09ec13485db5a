/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_stop_with_oids.c
 *
 * Own requests and those passed on as clones.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_STOP_WITH_OIDS)
        return;
    rule_finding(ctx, ev, "%s %p is gone with %u OID requests out", rule_layer_name(ev->a[1]), ev->a[2],
                 (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_stop_with_oids = {
    .id = "NdisStopWithOids",
    .bugcheck = { 0xc4, RULE_NUMBER(10) },
    .severity = RULE_NOTED,
    .summary = "no OID request of a layer is out when it is detached, halted or closed",
    .why = "the completion comes to a handle that is freed",
    .fix = "cancel or wait for own requests in the pause or detach handler",
    .source = "documented: FilterDetach, ProtocolUnbindAdapterEx",
    .ddi = "FilterDetach",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
