/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/mdl_unmap.c
 *
 * Argument 1 is that of the commoner of the two.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0xb5 && ev->a[0] != 0xb6)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "MDL %p is unmapped, but %s (flags 0x%x)", ev->object,
                   ev->a[0] == 0xb5 ? "is a partial MDL" : "it is not mapped", (unsigned)ev->a[1]);
}

const struct verify_rule rule_mdl_unmap = {
    .id = "MdlUnmap",
    .bugcheck = { 0xc4, 0xb6 },
    .severity = RULE_NOTED,
    .summary = "MmUnmapLockedPages is for mappings of MmMapLockedPagesSpecifyCache",
    .why = "another mapping is taken away",
    .fix = "unmap once, and leave partial MDLs to IoFreeMdl",
    .source = "documented: MmUnmapLockedPages; bugcheck 0xC4 arguments 0xB5, 0xB6",
    .ddi = "MmUnmapLockedPages",
    .watches = RULE_WATCHES(EV_MDL_MISUSE),
    .on_event = on_event,
};
