/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irql_lower.c
 *
 * The other half of irql_raise.c.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] == 0)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->a[2], 0, "the IRQL is lowered from %u to %u", (unsigned)ev->a[1],
                   (unsigned)ev->a[2]);
}

const struct verify_rule rule_irql_lower = {
    .id = "IrqlKeRaiseLower2",
    .bugcheck = { 0xc4, 0x31 },
    .severity = RULE_NOTED,
    .summary = "lowering the IRQL never raises it, and goes back to what the raise returned",
    .why = "DPCs stay out for ever, or run where they must not",
    .fix = "keep the IRQL that KeRaiseIrql returned in a variable of its own and lower to that",
    .source = "documented: rule IrqlKeRaiseLower2; KeLowerIrql; bugcheck 0xC4 argument 0x31",
    .ddi = "KeLowerIrql",
    .watches = RULE_WATCHES(EV_IRQL_MISUSE),
    .on_event = on_event,
};
