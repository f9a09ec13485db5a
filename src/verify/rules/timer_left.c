/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/timer_left.c
 *
 * The kernel stops the machine itself; the rule adds the words.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    rule_finding_p(ctx, ev, ev->object, ev->a[0], ev->a[0] + ev->a[1], "timer %p is set in memory %p that is freed",
                   ev->object, ev->a[0]);
}

const struct verify_rule rule_timer_left = {
    .id = "Auto-UnloadTimersDpcs",
    .bugcheck = { 0xc7, 0x0 },
    .severity = RULE_NOTED,
    .summary = "no timer is set in memory that is freed",
    .why = "the timer fires into freed memory",
    .fix = "KeCancelTimer (NdisCancelTimerObject) and KeFlushQueuedDpcs before freeing what holds the "
           "timer or its DPC",
    .source = "documented: bugcheck 0xC7; KeCancelTimer",
    .ddi = "KeCancelTimer",
    .watches = RULE_WATCHES(EV_TIMER_LEFT),
    .on_event = on_event,
};
