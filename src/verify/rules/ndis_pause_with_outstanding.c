/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_pause_with_outstanding.c
 *
 * Returning SUCCESS from the pause handler says the same as completing it.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_PAUSE_WITH_SENDS && ev->a[0] != NDIS_MISUSE_PAUSE_WITH_RECEIVES)
        return;
    rule_finding(ctx, ev, "%s %p says it is paused with %u %s out", rule_layer_name(ev->a[1]), ev->a[2],
                 (unsigned)ev->a[3], ev->a[0] == NDIS_MISUSE_PAUSE_WITH_SENDS ? "sends" : "receives");
}

const struct verify_rule rule_ndis_pause_with_outstanding = {
    .id = "NdisPauseWithOutstanding",
    .bugcheck = { 0xc4, RULE_NUMBER(8) },
    .severity = RULE_NOTED,
    .summary = "a pause is complete only when the layer's own NBLs are back and those it queued are returned "
               "or completed",
    .why = "NDIS pauses and detaches the layers below while the NBLs are still there; their completion "
           "meets a layer that is gone",
    .fix = "count NBLs going out and coming back under the lock of the paused flag; complete the pause "
           "when the count is zero",
    .source = "documented: 'Pausing a Filter Module'",
    .ddi = "NdisFPauseComplete",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
