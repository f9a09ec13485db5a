/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/mdl_map.c
 *
 * Argument 1 is that of the commoner of the two.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != 0xb2 && ev->a[0] != 0xb3)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "MDL %p is mapped, but %s (flags 0x%x)", ev->object,
                   ev->a[0] == 0xb2 ? "it is mapped already" : "its pages are not locked", (unsigned)ev->a[1]);
}

const struct verify_rule rule_mdl_map = {
    .id = "MdlMap",
    .bugcheck = { 0xc4, 0xb2 },
    .severity = RULE_NOTED,
    .summary = "an MDL is mapped once, after its pages were locked",
    .why = "the first mapping is lost",
    .fix = "use MmGetSystemAddressForMdlSafe, which maps only if it must",
    .source = "documented: MmMapLockedPagesSpecifyCache; bugcheck 0xC4 arguments 0xB2, 0xB3",
    .ddi = "MmMapLockedPagesSpecifyCache",
    .watches = RULE_WATCHES(EV_MDL_MISUSE),
    .on_event = on_event,
};
