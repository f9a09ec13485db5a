/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_net_pnp_event_return.c
 *
 * Pause has a rule of its own; NetEventReconfigure may fail for want of memory.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_EVENT_REFUSED)
        return;
    rule_finding(ctx, ev, "binding %p refuses event %u", ev->a[2], (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_net_pnp_event_return = {
    .id = "NetPnPEventReturn",
    .bugcheck = { 0xc4, RULE_NUMBER(153) },
    .severity = RULE_NOTED,
    .summary = "a protocol succeeds every net-PnP event but NetEventQueryRemoveDevice and NetEventPortActivation",
    .why = "NDIS goes on as if it had succeeded",
    .fix = "do what the event asks for as far as possible and return NDIS_STATUS_SUCCESS",
    .source = "documented: ProtocolNetPnPEvent",
    .ddi = "ProtocolNetPnPEvent",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
