/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_own_completed.c
 *
 * Seen when the I/O manager would finish it.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_OWN_IRP_COMPLETED)
        return;
    rule_finding(ctx, ev, "IRP %p, which a driver made, ran past its last stack location", ev->object);
}

const struct verify_rule rule_irp_own_completed = {
    .id = "IrpOwnCompleted",
    .bugcheck = { 0xc4, RULE_NUMBER(86) },
    .severity = RULE_NOTED,
    .summary = "the completion routine of an IRP from IoAllocateIrp returns STATUS_MORE_PROCESSING_REQUIRED",
    .why = "nobody's thread owns the IRP: it is finished and freed a second time",
    .fix = "set a completion routine that frees the IRP and returns STATUS_MORE_PROCESSING_REQUIRED",
    .source = "documented: IoAllocateIrp, IoSetCompletionRoutine",
    .ddi = "IoAllocateIrp",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
