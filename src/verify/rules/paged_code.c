/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/paged_code.c
 *
 * The image says it where a function of a PAGE section begins, and where a call that raised the IRQL goes back to one.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    rule_finding_p(ctx, ev, ev->a[0], ev->a[1], 8, "pageable code runs at IRQL %u", (unsigned)ev->a[1]);
}

const struct verify_rule rule_paged_code = {
    .id = "PagedCode",
    .bugcheck = { 0xc4, RULE_NUMBER(170) },
    .severity = RULE_NOTED,
    .summary = "code in PAGE sections runs below DISPATCH_LEVEL",
    .why = "when its page is not in memory, fetching the instruction is a page fault that nobody may wait for: 0xD1, "
           "once in a while and under memory pressure",
    .fix = "take the function out of the PAGE section, lock the section with MmLockPagableCodeSection while it may be "
           "called, or do that part below DISPATCH_LEVEL",
    .source = "documented: Making Drivers Pageable; When Should Code and Data Be Pageable?; PAGED_CODE",
    .ddi = "MmLockPagableCodeSection",
    .watches = RULE_WATCHES(EV_PAGED_CODE),
    .on_event = on_event,
};
