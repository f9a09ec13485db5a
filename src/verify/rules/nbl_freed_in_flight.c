/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_freed_in_flight.c
 *
 * Seen at the free.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_FREED_IN_FLIGHT)
        return;
    rule_finding(ctx, ev, "NBL %p is freed while it is on its way (held by %s %p)", ev->object,
                 ev->a[1] ? rule_layer_name(ev->a[2]) : "NDIS", ev->a[1]);
}

const struct verify_rule rule_nbl_freed_in_flight = {
    .id = "NblFreedInFlight",
    .bugcheck = { 0xc4, RULE_NUMBER(37) },
    .severity = RULE_FATAL,
    .summary = "an NBL is freed only by its owner, after it came back",
    .why = "the layer that has it reads freed memory",
    .fix = "free in the completion or return handler only",
    .source = "documented: NdisFreeNetBufferList",
    .ddi = "NdisFreeNetBufferList",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
