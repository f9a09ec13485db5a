/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_forward_cancel_set.c
 *
 * The event carries the routine.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_RULE_FORWARD_CANCEL_SET)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->object, 0, "IRP %p is sent on with cancel routine %p set", ev->object,
                   ev->a[1]);
}

const struct verify_rule rule_irp_forward_cancel_set = {
    .id = "IoVerif-ForwardCancelSet",
    .bugcheck = { 0xc9, 0x203 },
    .severity = RULE_NOTED,
    .summary = "an IRP is sent on with no cancel routine set",
    .why = "the lower driver sets its own, or completes: a cancel then runs a routine of a driver that no longer has "
           "the IRP",
    .fix = "old = IoSetCancelRoutine(Irp, NULL) before IoCallDriver, and send only if it was not NULL",
    .source = "documented: IoSetCancelRoutine; bugcheck 0xC9 argument 0x203",
    .ddi = "IoCallDriver",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
