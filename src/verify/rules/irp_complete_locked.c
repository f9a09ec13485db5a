/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_complete_locked.c
 *
 * a1: the lock.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_COMPLETED_LOCKED)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "IRP %p is completed while spin lock %p is held", ev->object,
                   ev->a[1]);
}

const struct verify_rule rule_irp_complete_locked = {
    .id = "SpinLockSafe",
    .bugcheck = { 0xc4, RULE_NUMBER(112) },
    .severity = RULE_NOTED,
    .summary = "no spin lock is held at IoCompleteRequest",
    .why = "completion routines above may take the same lock, or send the next request: a deadlock",
    .fix = "move finished IRPs to a list of your own under the lock, complete them after its release",
    .source = "documented: rule SpinLockSafe; IoCompleteRequest",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
