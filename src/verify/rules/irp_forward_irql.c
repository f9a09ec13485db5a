/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_forward_irql.c
 *
 * a1: major function, a2: IRQL.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_FORWARD_IRQL)
        return;
    rule_finding(ctx, ev, "IRP %p with major function 0x%02x is sent on at IRQL %u", ev->object, (unsigned)ev->a[1],
                 (unsigned)ev->a[2]);
}

const struct verify_rule rule_irp_forward_irql = {
    .id = "ForwardedAtBadIrql",
    .bugcheck = { 0xc4, RULE_NUMBER(111) },
    .severity = RULE_NOTED,
    .summary = "only reads, writes, device controls and power IRPs are sent on at DISPATCH_LEVEL",
    .why = "dispatch routines for the others run at PASSIVE_LEVEL and may touch pageable memory or wait",
    .fix = "send from a work item, or before taking the spin lock",
    .source = "documented: rule ForwardedAtBadIrql; dispatch routines and IRQLs",
    .ddi = "IoCallDriver",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
