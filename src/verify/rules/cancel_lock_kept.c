/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/cancel_lock_kept.c
 *
 * a1: the routine, a2: IRQL at which it returned. Nobody else can cancel from then on, so it is fatal.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_CANCEL_LOCK_KEPT)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->object, ev->a[2],
                   "cancel routine %p returned at IRQL %u with the cancel spin lock held", ev->a[1],
                   (unsigned)ev->a[2]);
}

const struct verify_rule rule_cancel_lock_kept = {
    .id = "CancelSpinlockRelease",
    .bugcheck = { 0xc4, RULE_NUMBER(113) },
    .severity = RULE_FATAL,
    .summary = "a cancel routine releases the cancel spin lock",
    .why = "every thread of the system that cancels, or acquires that lock, spins for ever",
    .fix = "IoReleaseCancelSpinLock(Irp->CancelIrql) on every path",
    .source = "documented: rule CancelSpinlockRelease; IoSetCancelRoutine",
    .ddi = "IoReleaseCancelSpinLock",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
