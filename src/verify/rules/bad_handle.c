/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/bad_handle.c
 *
 * A failing status is all Windows gives for most of these.
 */
#include "nt/ob/ob.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != OB_MISUSE_BAD_HANDLE)
        return;
    rule_finding_p(ctx, ev, ev->a[1], 0, 0, "handle %p names nothing", ev->a[1]);
}

const struct verify_rule rule_bad_handle = {
    .id = "BadHandle",
    .bugcheck = { 0xc4, 0x3c },
    .severity = RULE_NOTED,
    .summary = "a driver uses and closes only handles it opened and did not close",
    .why = "the handle may belong to somebody else by now",
    .fix = "close once, and clear the variable",
    .source = "documented: ZwClose, ObReferenceObjectByHandle; bugcheck 0xC4 argument 0x3C",
    .ddi = "ZwClose",
    .watches = RULE_WATCHES(EV_OB_MISUSE),
    .on_event = on_event,
};
