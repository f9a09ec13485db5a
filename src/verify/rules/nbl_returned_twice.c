/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_returned_twice.c
 *
 * Seen at the second return.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_RETURNED_TWICE)
        return;
    if (ev->a[2] == NDIS_LAYER_MINIPORT) { /* a miniport that looks at what it is given back */
        rule_finding(ctx, ev, "NBL %p is returned to %s %p, which has it back already", ev->object,
                     rule_layer_name(ev->a[2]), ev->a[1]);
        return;
    }
    rule_finding(ctx, ev, "%s %p returns NBL %p, which was returned already", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_nbl_returned_twice = {
    .id = "NblReturnedTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(35) },
    .severity = RULE_FATAL,
    .summary = "an indicated NBL is returned exactly once",
    .why = "the miniport reuses the buffer for the next frame",
    .fix = "return from one place; unlink the NBL before returning it",
    .source = "documented: NdisReturnNetBufferLists, NdisFReturnNetBufferLists",
    .ddi = "NdisFReturnNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
