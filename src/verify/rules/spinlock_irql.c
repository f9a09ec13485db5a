/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_irql.c
 *
 * Argument 1 is that of rule IrqlKeReleaseSpinLock.
 */
#include "nt/nt.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != LOCK_MISUSE_IRQL)
        return;
    rule_finding_p(ctx, ev, ev->irql, ev->object, 0, "lock %p is used at IRQL %u by a form that does not fit it",
                   ev->object, (unsigned)ev->irql);
}

const struct verify_rule rule_spinlock_irql = {
    .id = "IrqlKeReleaseSpinLock",
    .bugcheck = { 0xc4, 0x20015 },
    .severity = RULE_NOTED,
    .summary = "the forms for DISPATCH_LEVEL are used only there, and a release gives back the IRQL the "
               "acquire returned",
    .why = "below DISPATCH_LEVEL the holder can be preempted on its own processor by a DPC that wants "
           "the lock",
    .fix = "use KeAcquireSpinLock where the IRQL is not known, and keep OldIrql in a variable of its own",
    .source = "documented: rules IrqlKeReleaseSpinLock, IrqlKeDispatchLte; KeAcquireSpinLockAtDpcLevel",
    .ddi = "KeAcquireSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_MISUSE),
    .on_event = on_event,
};
