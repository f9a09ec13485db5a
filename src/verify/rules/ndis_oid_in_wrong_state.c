/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_oid_in_wrong_state.c
 *
 * Attaching and detached modules, opening and closed bindings.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_OID_WHILE_STARTING && ev->a[0] != NDIS_MISUSE_OID_WHILE_DOWN)
        return;
    rule_finding(ctx, ev, "%s %p requests an OID while %s", rule_layer_name(ev->a[1]), ev->a[2],
                 rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_oid_in_wrong_state = {
    .id = "NdisOidInWrongState",
    .bugcheck = { 0xc4, RULE_NUMBER(5) },
    .severity = RULE_NOTED,
    .summary = "OIDs are requested only between the end of attach (open) and detach (close)",
    .why = "the handle is not complete yet, or about to be freed",
    .fix = "issue OIDs from FilterRestart or later; finish them before FilterDetach returns",
    .source = "documented: FilterAttach, FilterDetach, NdisFOidRequest",
    .ddi = "NdisFOidRequest",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
