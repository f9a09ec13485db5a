/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/mdl_unlock.c
 *
 * Argument 1 is that of the commonest of the three.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0x7c && ev->a[0] != 0x7d && ev->a[0] != 0xb4)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "MDL %p is unlocked, but %s (flags 0x%x)", ev->object,
                   ev->a[0] == 0x7d   ? "describes nonpaged pool"
                   : ev->a[0] == 0xb4 ? "is a partial MDL"
                                      : "its pages are not locked",
                   (unsigned)ev->a[1]);
}

const struct verify_rule rule_mdl_unlock = {
    .id = "MdlUnlock",
    .bugcheck = { 0xc4, 0x7c },
    .severity = RULE_NOTED,
    .summary = "MmUnlockPages is for MDLs that MmProbeAndLockPages locked",
    .why = "page counts fall below zero",
    .fix = "unlock where the lock succeeded, once",
    .source = "documented: MmUnlockPages; bugcheck 0xC4 arguments 0x7C, 0x7D, 0xB4",
    .ddi = "MmUnlockPages",
    .watches = RULE_WATCHES(EV_MDL_MISUSE),
    .on_event = on_event,
};
