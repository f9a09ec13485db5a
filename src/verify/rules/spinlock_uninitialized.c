/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_uninitialized.c
 *
 * Memory fresh from the pool holds a pattern.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_UNINITIALIZED)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "lock %p holds a value no lock function puts there", ev->object);
}

const struct verify_rule rule_spinlock_uninitialized = {
    .id = "SpinLockUninitialized",
    .bugcheck = { 0xc4, RULE_NUMBER(69) },
    .severity = RULE_NOTED,
    .summary = "a spin lock is initialised before its first use",
    .why = "the first acquire spins for ever, or two get in",
    .fix = "call KeInitializeSpinLock (NdisAllocateSpinLock) before anything can reach the lock",
    .source = "documented: KeInitializeSpinLock",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
