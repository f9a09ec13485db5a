/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/mdl_lock_described.c
 *
 * Seen at the lock.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0xb0)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "MDL %p is locked, but describes its pages already (flags 0x%x)",
                   ev->object, (unsigned)ev->a[1]);
}

const struct verify_rule rule_mdl_lock_described = {
    .id = "MdlLockDescribed",
    .bugcheck = { 0xc4, 0xb0 },
    .severity = RULE_NOTED,
    .summary = "MmProbeAndLockPages is for an MDL fresh from IoAllocateMdl",
    .why = "the first lock is lost",
    .fix = "do not lock what MmBuildMdlForNonPagedPool built",
    .source = "documented: MmProbeAndLockPages; bugcheck 0xC4 argument 0xB0",
    .ddi = "MmProbeAndLockPages",
    .watches = RULE_WATCHES(EV_MDL_MISUSE),
    .on_event = on_event,
};
