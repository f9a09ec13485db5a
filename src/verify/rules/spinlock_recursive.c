/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_recursive.c
 *
 * The fiber then blocks for itself, which the hang report shows; the rule says why.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_RECURSIVE)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "lock %p is acquired by the fiber that holds it", ev->object);
}

const struct verify_rule rule_spinlock_recursive = {
    .id = "SpinLock",
    .bugcheck = { 0xc4, RULE_NUMBER(65) },
    .severity = RULE_NOTED,
    .summary = "a spin lock is not acquired by who holds it already",
    .why = "it waits for itself, for ever, at DISPATCH_LEVEL",
    .fix = "find the caller that holds it: give that path a variant that expects the lock held",
    .source = "documented: rule SpinLock; KeAcquireSpinLock",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
