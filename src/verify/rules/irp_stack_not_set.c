/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_stack_not_set.c
 *
 * Seen at IoCallDriver: the lower driver's stack location is all zeros, as it was made.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_STACK_NOT_SET)
        return;
    rule_finding(ctx, ev, "IRP %p is sent on with an empty stack location for the lower driver", ev->object);
}

const struct verify_rule rule_irp_stack_not_set = {
    .id = "IrpStackNotSet",
    .bugcheck = { 0xc4, RULE_NUMBER(110) },
    .severity = RULE_NOTED,
    .summary = "the lower driver's stack location is filled before IoCallDriver",
    .why = "it is handed an IRP_MJ_CREATE without a file",
    .fix = "IoSkipCurrentIrpStackLocation, IoCopyCurrentIrpStackLocationToNext, or fill IoGetNextIrpStackLocation(Irp)",
    .source = "documented: passing IRPs down the driver stack",
    .ddi = "IoCallDriver",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
