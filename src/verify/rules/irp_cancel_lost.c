/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_cancel_lost.c - shown by zoo/cancel-read-race and zoo/cancel-tested-first
 *
 * a1: the routine. The event comes when nothing can run any more, so nobody is between setting it and looking.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_CANCEL_LOST)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->object, 0, "IRP %p was cancelled, then got cancel routine %p, and waits on",
                   ev->object, ev->a[1]);
}

const struct verify_rule rule_irp_cancel_lost = {
    .id = "IrpCancelField",
    .bugcheck = { 0xc4, RULE_NUMBER(115) },
    .severity = RULE_NOTED,
    .summary = "Irp->Cancel is looked at after the cancel routine was set",
    .why = "a cancel that came before finds no routine: the program waits for a request that nobody will end",
    .fix = "after IoSetCancelRoutine(Irp, routine), in the same lock: if Irp->Cancel and IoSetCancelRoutine(Irp, NULL) "
           "gives the routine back, unlink the IRP and complete it with STATUS_CANCELLED",
    .source = "documented: IoSetCancelRoutine; rule IrpCancelField",
    .ddi = "IoSetCancelRoutine",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
