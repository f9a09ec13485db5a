/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_freed.c
 *
 * Seen at the free.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_FREED)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "memory that holds lock %p is freed while somebody holds it",
                   ev->object);
}

const struct verify_rule rule_spinlock_freed = {
    .id = "SpinLockFreed",
    .bugcheck = { 0xc4, RULE_NUMBER(70) },
    .severity = RULE_FATAL,
    .summary = "memory with a lock in it is freed only when nobody holds or wants the lock",
    .why = "the release writes into freed memory",
    .fix = "free after the last user is gone: rundown protection or a reference count",
    .source = "documented: KeAcquireSpinLock (the lock's storage must stay resident while in use)",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
