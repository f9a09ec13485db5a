/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_cancel_routine_set.c
 *
 * The event carries the routine.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x07 && ev->a[0] != 0x23c)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->object, 0, "IRP %p is completed with cancel routine %p set", ev->object,
                   ev->a[1]);
}

const struct verify_rule rule_irp_cancel_routine_set = {
    .id = "IoVerif-CompleteCancelSet",
    .bugcheck = { 0xc9, 0x07 },
    .severity = RULE_NOTED,
    .summary = "an IRP is completed with no cancel routine set",
    .why = "a cancel that comes now calls a routine for an IRP that is gone",
    .fix = "old = IoSetCancelRoutine(Irp, NULL) before completing, and complete only if it was not NULL; "
           "if it was, the cancel routine completes",
    .source = "documented: IoCompleteRequest; bugcheck 0xC9 argument 7",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
