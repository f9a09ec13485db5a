/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irql_too_high.c
 *
 * The stub of every export compares the IRQL with the one in exports.def and emits the event.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    const char *name = rule_site_name(ev->a[0]);
    unsigned irql = (unsigned)ev->a[1], allowed = (unsigned)ev->a[2];

    if (irql < allowed)
        rule_finding_p(ctx, ev, irql, ev->ip, 0, "%s is called at IRQL %u; it needs %u", name, irql, allowed);
    else
        rule_finding_p(ctx, ev, irql, ev->ip, 0, "%s is called at IRQL %u; %u is the highest allowed", name, irql,
                       allowed);
}

const struct verify_rule rule_irql_too_high = {
    .id = "IrqlTooHigh",
    .bugcheck = { 0xc4, 0xe5 },
    .severity = RULE_NOTED,
    .summary = "a function is called at an IRQL its page allows",
    .why = "above DISPATCH_LEVEL nothing may wait or touch pageable memory, and a function that needs "
           "DISPATCH_LEVEL is not protected from its own processor below it",
    .fix = "release the spin lock first, or hand the work to a work item; for a function that needs "
           "DISPATCH_LEVEL raise the IRQL before",
    .source = "documented: the IRQL section of each function; Driver Verifier, rules Irql...; bugcheck 0xC4 "
              "argument 0xE5",
    .ddi = "",
    .watches = RULE_WATCHES(EV_IRQL_TOO_HIGH),
    .on_event = on_event,
};
