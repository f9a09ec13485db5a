/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/critical_region.c
 *
 * Counted per thread by the kernel.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->kind != EV_REGION_MISUSE)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "a %s region is left that was not entered",
                   ev->a[0] ? "guarded" : "critical");
}

const struct verify_rule rule_critical_region = {
    .id = "CriticalRegions",
    .bugcheck = { 0xc4, 0x40003 },
    .severity = RULE_NOTED,
    .summary = "KeLeaveCriticalRegion and KeLeaveGuardedRegion follow an enter",
    .why = "the thread can be suspended or terminated while it holds a lock",
    .fix = "pair enter and leave on every path",
    .source = "documented: rule CriticalRegions; KeLeaveCriticalRegion",
    .ddi = "KeLeaveCriticalRegion",
    .watches = RULE_WATCHES(EV_REGION_MISUSE),
    .on_event = on_event,
};
