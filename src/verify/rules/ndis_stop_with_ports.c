/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_stop_with_ports.c
 *
 * The default port is NDIS's own and does not count.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_STOP_WITH_PORTS)
        return;
    rule_finding(ctx, ev, "adapter %p is halted with port %u allocated", ev->a[2], (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_stop_with_ports = {
    .id = "NdisStopWithPorts",
    .bugcheck = { 0xc4, RULE_NUMBER(150) },
    .severity = RULE_NOTED,
    .summary = "a miniport frees its ports before MiniportHaltEx, or a failing MiniportInitializeEx, returns",
    .why = "the port's memory and number are lost until the next start",
    .fix = "deactivate each port and call NdisMFreePort for it in MiniportHaltEx",
    .source = "documented: NdisMFreePort, \"Freeing an NDIS Port\"",
    .ddi = "NdisMFreePort",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
