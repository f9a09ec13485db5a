/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_release.c
 *
 * Covers a release of a free lock and of another's lock.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_NOT_HELD && ev->a[1] != LOCK_MISUSE_NOT_OWNER)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "lock %p is released by one that does not hold it", ev->object);
}

const struct verify_rule rule_spinlock_release = {
    .id = "SpinLockRelease",
    .bugcheck = { 0xc4, 0x32 },
    .severity = RULE_NOTED,
    .summary = "a spin lock is released once, by who acquired it",
    .why = "two fibers are inside the protected part at once",
    .fix = "pair each release with one acquire on every path",
    .source = "documented: rule SpinLockRelease; bugcheck 0xC4 argument 0x32",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
