/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_pending_propagate.c
 *
 * Seen when the completion routine returns.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_RULE_PENDING_LOST)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->object, 0,
                   "completion routine %p lets IRP %p go on without marking it pending again", ev->a[1], ev->object);
}

const struct verify_rule rule_irp_pending_propagate = {
    .id = "IoVerif-PendingPropagate",
    .bugcheck = { 0xc9, 0x228 },
    .severity = RULE_NOTED,
    .summary = "a completion routine that lets a pended IRP go on marks it pending again",
    .why = "whoever sent it waits for what it takes to be complete already, or never learns the result",
    .fix = "if (Irp->PendingReturned) IoMarkIrpPending(Irp); at the top of the routine",
    .source = "documented: implementing an IoCompletion routine; bugcheck 0xC9 argument 0x228",
    .ddi = "IoMarkIrpPending",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
