/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/mdl_free_locked.c
 *
 * Seen at the free.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0xb8)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0,
                   "MDL %p is freed while its pages are locked or mapped (flags 0x%x)", ev->object, (unsigned)ev->a[1]);
}

const struct verify_rule rule_mdl_free_locked = {
    .id = "MdlFreeLocked",
    .bugcheck = { 0xc4, 0xb8 },
    .severity = RULE_NOTED,
    .summary = "an MDL is freed after its pages were unlocked",
    .why = "the pages stay locked, and the process cannot end",
    .fix = "MmUnlockPages before IoFreeMdl",
    .source = "documented: IoFreeMdl; bugcheck 0xC4 argument 0xB8",
    .ddi = "IoFreeMdl",
    .watches = RULE_WATCHES(EV_MDL_MISUSE),
    .on_event = on_event,
};
