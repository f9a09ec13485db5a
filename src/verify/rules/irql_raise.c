/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irql_raise.c
 *
 * The value of the event tells raises from lowerings.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0)
        return;
    rule_finding_p(ctx, ev, ev->a[1], ev->a[2], 0, "the IRQL is raised from %u to %u", (unsigned)ev->a[1],
                   (unsigned)ev->a[2]);
}

const struct verify_rule rule_irql_raise = {
    .id = "IrqlKeRaiseLower",
    .bugcheck = { 0xc4, 0x30 },
    .severity = RULE_NOTED,
    .summary = "raising the IRQL never lowers it",
    .why = "whoever relied on the higher IRQL is interrupted",
    .fix = "use KeLowerIrql with the IRQL that the raise returned",
    .source = "documented: rule IrqlKeRaiseLower; KeRaiseIrql; bugcheck 0xC4 argument 0x30",
    .ddi = "KeRaiseIrql",
    .watches = RULE_WATCHES(EV_IRQL_MISUSE),
    .on_event = on_event,
};
