/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_port_not_active.c
 *
 * Sends of a protocol, receives and statuses of a miniport.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_PORT_NOT_ACTIVE)
        return;
    rule_finding(ctx, ev, "%s %p uses port %u, which is not active", rule_layer_name(ev->a[1]), ev->a[2],
                 (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_port_not_active = {
    .id = "NdisPortNotActive",
    .bugcheck = { 0xc4, RULE_NUMBER(151) },
    .severity = RULE_NOTED,
    .summary = "frames and statuses name a port that is active",
    .why = "nobody on the other side knows the port, or knows that it is gone",
    .fix = "activate the port first; a protocol waits for NetEventPortActivation or the bind parameters",
    .source = "documented: \"NDIS Port States\", \"Activating an NDIS Port\"",
    .ddi = "NdisMNetPnPEvent",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
