/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_wrong_form.c
 *
 * Seen at the release.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_WRONG_FORM)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "lock %p is released by another form than it was acquired by",
                   ev->object);
}

const struct verify_rule rule_spinlock_wrong_form = {
    .id = "SpinLockDprRelease",
    .bugcheck = { 0xc4, RULE_NUMBER(68) },
    .severity = RULE_NOTED,
    .summary = "a lock is released by the counterpart of the call that acquired it",
    .why = "IRQL is left too high, or lowered while the lock is held",
    .fix = "pair KeAcquireSpinLock with KeReleaseSpinLock, KeAcquireSpinLockAtDpcLevel with "
           "KeReleaseSpinLockFromDpcLevel, NdisDprAcquireSpinLock with NdisDprReleaseSpinLock, "
           "KeAcquireInStackQueuedSpinLock with its release",
    .source = "documented: rule SpinLockDprRelease; KeReleaseSpinLockFromDpcLevel",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
