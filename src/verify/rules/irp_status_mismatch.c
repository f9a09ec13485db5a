/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_status_mismatch.c
 *
 * Only for IRPs that were complete when the routine returned.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x224)
        return;
    rule_finding_p(ctx, ev, ev->a[2], ev->object, ev->a[1],
                   "0x%08x was returned for IRP %p, completed with another status", (unsigned)ev->a[1], ev->object);
}

const struct verify_rule rule_irp_status_mismatch = {
    .id = "IrpStatusMismatch",
    .bugcheck = { 0xc9, 0x224 },
    .severity = RULE_NOTED,
    .summary = "a dispatch routine returns the status it completed the IRP with",
    .why = "the program is told another result than the driver meant",
    .fix = "keep the status in a variable, put it in IoStatus.Status and return the variable",
    .source = "documented: bugcheck 0xC9 argument 0x224",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IRP_MISUSE),
    .on_event = on_event,
};
