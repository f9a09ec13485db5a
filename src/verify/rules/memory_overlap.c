/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/memory_overlap.c
 *
 * Equal addresses are not reported.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->kind != EV_MEMORY_OVERLAP)
        return;
    rule_finding(ctx, ev, "%u bytes are copied from %p to %p, which overlap", (unsigned)ev->a[2], ev->a[1], ev->a[0]);
}

const struct verify_rule rule_memory_overlap = {
    .id = "MemoryOverlap",
    .bugcheck = { 0xc4, RULE_NUMBER(88) },
    .severity = RULE_NOTED,
    .summary = "RtlCopyMemory and memcpy copy between areas that do not overlap",
    .why = "what is copied depends on the direction the library takes",
    .fix = "use RtlMoveMemory",
    .source = "documented: RtlCopyMemory",
    .ddi = "RtlCopyMemory",
    .watches = RULE_WATCHES(EV_MEMORY_OVERLAP),
    .on_event = on_event,
};
