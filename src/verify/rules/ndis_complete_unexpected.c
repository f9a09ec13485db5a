/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_complete_unexpected.c
 *
 * NDIS's own bugcheck follows for miniports; the rule adds the words.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_COMPLETE_UNEXPECTED && ev->a[0] != NDIS_MISUSE_BIND_COMPLETE)
        return;
    rule_finding(ctx, ev, "%s %p completes an operation that is not pending", rule_layer_name(ev->a[1]), ev->a[2]);
}

const struct verify_rule rule_ndis_complete_unexpected = {
    .id = "NdisCompleteUnexpected",
    .bugcheck = { 0xc4, RULE_NUMBER(14) },
    .severity = RULE_NOTED,
    .summary = "pause, restart, bind, unbind and event completions are called once, and only after "
               "NDIS_STATUS_PENDING was returned",
    .why = "NDIS goes on with an operation that has not finished, or that finished before",
    .fix = "decide in one place, under the lock, who completes: the handler by its return value, or "
           "whoever brings the count to zero",
    .source = "documented: NdisFPauseComplete, NdisFRestartComplete, NdisMPauseComplete",
    .ddi = "NdisFPauseComplete",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
