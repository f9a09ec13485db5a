/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_indicated_twice.c
 *
 * Seen at the indication.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_INDICATED_TWICE)
        return;
    rule_finding(ctx, ev, "%s %p indicates NBL %p again while it is out", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_nbl_indicated_twice = {
    .id = "NblIndicatedTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(36) },
    .severity = RULE_FATAL,
    .summary = "an NBL is not indicated again before it is returned",
    .why = "the layers above still read the frame that is overwritten",
    .fix = "keep a list of NBLs that are out, and copy when none is free",
    .source = "documented: NdisMIndicateReceiveNetBufferLists",
    .ddi = "NdisMIndicateReceiveNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
