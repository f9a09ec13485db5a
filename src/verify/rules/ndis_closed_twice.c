/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_closed_twice.c
 *
 * Seen while the first close pends, or the unbind goes on; after that the handle is a stale one.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_CLOSED_TWICE)
        return;
    rule_finding(ctx, ev, "protocol binding %p is closed again", ev->a[2]);
}

const struct verify_rule rule_ndis_closed_twice = {
    .id = "NdisClosedTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(172) },
    .severity = RULE_NOTED,
    .summary = "a binding is closed once",
    .why = "the handle is freed by the first close: the second one reads whatever lies there now",
    .fix = "decide under a lock who closes: the unbind handler, or whoever else ends the binding",
    .source = "documented: NdisCloseAdapterEx, NdisCloseAdapter",
    .ddi = "NdisCloseAdapterEx",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
