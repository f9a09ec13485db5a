/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_freed_twice.c
 *
 * Seen at the second free.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_FREED_TWICE)
        return;
    rule_finding(ctx, ev, "NBL %p is freed a second time", ev->object);
}

const struct verify_rule rule_nbl_freed_twice = {
    .id = "NblFreedTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(38) },
    .severity = RULE_FATAL,
    .summary = "an NBL is freed once",
    .why = "the pool hands one NBL out twice",
    .fix = "clear the saved pointer when the NBL is freed",
    .source = "documented: NdisFreeNetBufferList",
    .ddi = "NdisFreeNetBufferList",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
