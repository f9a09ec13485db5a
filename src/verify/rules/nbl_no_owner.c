/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_no_owner.c
 *
 * A filter that passes its own completions up breaks this.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_NO_OWNER)
        return;
    rule_finding(ctx, ev, "NBL %p of %s %p came to the end of the stack and nobody took it", ev->object,
                 rule_layer_name(ev->a[2]), ev->a[1]);
}

const struct verify_rule rule_nbl_no_owner = {
    .id = "NblNoOwner",
    .bugcheck = { 0xc4, RULE_NUMBER(40) },
    .severity = RULE_NOTED,
    .summary = "every NBL finds its originator on the way back",
    .why = "the NBL is lost, and whoever waits for it waits for ever",
    .fix = "recognise own NBLs by SourceHandle in the completion and return handlers, and pass only "
           "foreign ones on",
    .source = "documented: FilterSendNetBufferListsComplete, FilterReturnNetBufferLists",
    .ddi = "NdisFSendNetBufferListsComplete",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
