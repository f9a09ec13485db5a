/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_double_complete.c
 *
 * Seen at the second completion, before the sender is called.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_COMPLETED_TWICE)
        return;
    rule_finding(ctx, ev, "%s %p completes NBL %p, which is complete already", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_nbl_double_complete = {
    .id = "NblDoubleComplete",
    .bugcheck = { 0xc4, RULE_NUMBER(34) },
    .severity = RULE_FATAL,
    .summary = "a send is completed exactly once",
    .why = "the sender may have freed or reused the NBL",
    .fix = "complete from one place; take the NBL off every list before completing it",
    .source = "documented: NdisMSendNetBufferListsComplete, NdisFSendNetBufferListsComplete",
    .ddi = "NdisFSendNetBufferListsComplete",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
