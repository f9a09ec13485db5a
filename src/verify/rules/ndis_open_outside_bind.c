/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_open_outside_bind.c
 *
 * One rule for both ends of a binding.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_OPEN_OUTSIDE_BIND && ev->a[0] != NDIS_MISUSE_CLOSE_OUTSIDE_UNBIND)
        return;
    rule_finding(ctx, ev, "%s outside the bind and unbind handlers (handle %p)",
                 ev->a[0] == NDIS_MISUSE_OPEN_OUTSIDE_BIND ? "NdisOpenAdapterEx" : "NdisCloseAdapterEx", ev->a[2]);
}

const struct verify_rule rule_ndis_open_outside_bind = {
    .id = "NdisOpenOutsideBind",
    .bugcheck = { 0xc4, RULE_NUMBER(12) },
    .severity = RULE_NOTED,
    .summary = "adapters are opened in ProtocolBindAdapterEx and closed in the bind or unbind handler only",
    .why = "NDIS may be unbinding the same adapter at that moment",
    .fix = "call NdisUnbindAdapter from elsewhere and close in ProtocolUnbindAdapterEx",
    .source = "documented: NdisOpenAdapterEx, NdisCloseAdapterEx",
    .ddi = "NdisOpenAdapterEx",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
