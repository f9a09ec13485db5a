/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_status_in_wrong_state.c
 *
 * Legal in every state between those two.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_STATUS_WHILE_STARTING)
        return;
    rule_finding(ctx, ev, "%s %p indicates status while %s", rule_layer_name(ev->a[1]), ev->a[2],
                 rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_status_in_wrong_state = {
    .id = "NdisStatusInWrongState",
    .bugcheck = { 0xc4, RULE_NUMBER(6) },
    .severity = RULE_NOTED,
    .summary = "status is indicated only from NdisFSetAttributes (NdisMSetMiniportAttributes) until detach "
               "(halt) returns",
    .why = "the indication goes through a handle that is not set up or is being freed",
    .fix = "stop whatever indicates status before FilterDetach or MiniportHaltEx returns",
    .source = "documented: NdisFIndicateStatus, NdisMIndicateStatusEx",
    .ddi = "NdisFIndicateStatus",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
