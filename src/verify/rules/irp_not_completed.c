/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_not_completed.c
 *
 * Seen by the I/O manager when the dispatch routine returns.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x226)
        return;
    rule_finding_p(ctx, ev, ev->a[2], ev->object, ev->a[1], "0x%08x was returned for IRP %p, which nobody completed",
                   (unsigned)ev->a[1], ev->object);
}

const struct verify_rule rule_irp_not_completed = {
    .id = "IrpProcessingComplete",
    .bugcheck = { 0xc9, 0x226 },
    .severity = RULE_NOTED,
    .summary = "a dispatch routine completes the IRP, passes it on, or returns STATUS_PENDING",
    .why = "the program waits for ever, and its thread cannot end",
    .fix = "complete the IRP on every path, errors included",
    .source = "documented: rule IrpProcessingComplete; bugcheck 0xC9 argument 0x226",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
