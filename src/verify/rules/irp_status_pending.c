/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_status_pending.c
 *
 * Needs nothing but the completion itself.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if ((uint32_t)ev->a[0] != 0x103)
        return;
    rule_finding_p(ctx, ev, ev->ip, ev->object, ev->a[0], "IRP %p is completed with STATUS_PENDING", ev->object);
}

const struct verify_rule rule_irp_status_pending = {
    .id = "IrpCompletedPending",
    .bugcheck = { 0xc9, 0x06 },
    .severity = RULE_NOTED,
    .summary = "an IRP is not completed with STATUS_PENDING",
    .why = "whoever waits takes the request for unfinished and waits for ever",
    .fix = "set IoStatus.Status before completing",
    .source = "documented: IoCompleteRequest; bugcheck 0xC9 argument 6",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IRP_COMPLETE),
    .on_event = on_event,
};
