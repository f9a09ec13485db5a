/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_cancel_foreign.c
 *
 * Seen at IoCancelIrp: the I/O manager made the IRP.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_CANCEL_FOREIGN)
        return;
    rule_finding(ctx, ev, "IoCancelIrp is called for IRP %p, which the I/O manager made", ev->object);
}

const struct verify_rule rule_irp_cancel_foreign = {
    .id = "IrpCancelForeign",
    .bugcheck = { 0xc4, RULE_NUMBER(114) },
    .severity = RULE_NOTED,
    .summary = "a driver cancels only IRPs that it made",
    .why = "the I/O manager may free the IRP at any moment of the call",
    .fix = "complete a request of your own queue with STATUS_CANCELLED after IoSetCancelRoutine(Irp, NULL); let its "
           "sender cancel it",
    .source = "documented: IoCancelIrp",
    .ddi = "IoCancelIrp",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
