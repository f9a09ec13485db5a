/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_pending.c
 *
 * The I/O manager sees the pending bit in the stack location when the dispatch routine returns.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x23e)
        return;
    rule_finding_p(ctx, ev, ev->a[2], ev->object, ev->a[1], "IRP %p was marked pending and 0x%08x was returned",
                   ev->object, (unsigned)ev->a[1]);
}

const struct verify_rule rule_irp_pending = {
    .id = "MarkIrpPending",
    .bugcheck = { 0xc9, 0x23e },
    .severity = RULE_NOTED,
    .summary = "a dispatch routine that marked the IRP pending returns STATUS_PENDING",
    .why = "the I/O manager completes for the caller at once and a second time when the IRP is completed",
    .fix = "after IoMarkIrpPending return STATUS_PENDING, whatever happened to the IRP meanwhile",
    .source = "documented: rule MarkIrpPending; IoMarkIrpPending; bugcheck 0xC9 argument 0x23E",
    .ddi = "IoMarkIrpPending",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
