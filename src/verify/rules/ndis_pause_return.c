/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_pause_return.c
 *
 * For filter modules the same contract holds; Driver Verifier has it in NdisFilterTimedPauseComplete.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_PAUSE_RETURNED)
        return;
    rule_finding(ctx, ev, "pause handler of %s %p returned 0x%08x", rule_layer_name(ev->a[1]), ev->a[2],
                 (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_pause_return = {
    .id = "MiniportPause_Return",
    .bugcheck = { 0xc4, RULE_NUMBER(7) },
    .severity = RULE_NOTED,
    .summary = "a pause handler returns NDIS_STATUS_SUCCESS or NDIS_STATUS_PENDING",
    .why = "pausing cannot fail: NDIS goes on as if the layer were paused",
    .fix = "allocate at attach (initialize) what pausing needs, so that nothing in it can fail",
    .source = "documented: FilterPause, MiniportPause; rule MiniportPause_Return",
    .ddi = "FilterPause",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
