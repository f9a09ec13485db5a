/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_bad_count.c
 *
 * Counted by NDIS at the call.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_BAD_COUNT)
        return;
    rule_finding(ctx, ev, "%s %p gives a count that is not the length of the NBL chain at %p",
                 rule_layer_name(ev->a[2]), ev->a[1], ev->object);
}

const struct verify_rule rule_nbl_bad_count = {
    .id = "NblBadCount",
    .bugcheck = { 0xc4, RULE_NUMBER(42) },
    .severity = RULE_NOTED,
    .summary = "NumberOfNetBufferLists is the length of the chain",
    .why = "layers that trust the number drop or lose lists",
    .fix = "count while building or splitting the chain",
    .source = "documented: NdisMIndicateReceiveNetBufferLists, NdisFIndicateReceiveNetBufferLists",
    .ddi = "NdisFIndicateReceiveNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
