/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_unbind_without_close.c
 *
 * Pended unbinds are judged when they are completed.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_UNBIND_WITHOUT_CLOSE)
        return;
    rule_finding(ctx, ev, "protocol binding %p: unbind finished without NdisCloseAdapterEx", ev->a[2]);
}

const struct verify_rule rule_ndis_unbind_without_close = {
    .id = "NdisUnbindWithoutClose",
    .bugcheck = { 0xc4, RULE_NUMBER(13) },
    .severity = RULE_NOTED,
    .summary = "ProtocolUnbindAdapterEx closes the adapter before the unbind is complete",
    .why = "the adapter below is halted while the protocol still has it open",
    .fix = "call NdisCloseAdapterEx in the unbind handler and complete the unbind after the close",
    .source = "documented: ProtocolUnbindAdapterEx",
    .ddi = "NdisCloseAdapterEx",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
