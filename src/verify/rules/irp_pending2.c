/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_pending2.c
 *
 * A driver that passed the IRP on and returned what the lower driver said is not meant.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x23d)
        return;
    rule_finding_p(ctx, ev, ev->a[2], ev->object, ev->a[1],
                   "STATUS_PENDING was returned for IRP %p, which was not marked pending", ev->object);
}

const struct verify_rule rule_irp_pending2 = {
    .id = "MarkIrpPending2",
    .bugcheck = { 0xc9, 0x23d },
    .severity = RULE_NOTED,
    .summary = "a dispatch routine that returns STATUS_PENDING marked the IRP pending or passed it on",
    .why = "the caller waits for a completion that is never delivered to it",
    .fix = "call IoMarkIrpPending before anybody else can see the IRP",
    .source = "documented: rule MarkIrpPending2; bugcheck 0xC9 argument 0x23D",
    .ddi = "IoMarkIrpPending",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
