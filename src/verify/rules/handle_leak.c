/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/handle_leak.c
 *
 * Told when the process ends.
 */
#include "nt/ob/ob.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != OB_MISUSE_HANDLE_LEAK)
        return;
    rule_finding(ctx, ev, "handle %p is still open at the end", ev->a[1]);
}

const struct verify_rule rule_handle_leak = {
    .id = "HandleLeak",
    .bugcheck = { 0xc4, RULE_NUMBER(87) },
    .severity = RULE_NOTED,
    .summary = "a driver closes the handles it opened",
    .why = "the object stays, and a program can use the handle",
    .fix = "ZwClose on every path, and OBJ_KERNEL_HANDLE when opening",
    .source = "documented: ZwClose, OBJECT_ATTRIBUTES",
    .ddi = "ZwClose",
    .watches = RULE_WATCHES(EV_OB_MISUSE),
    .on_event = on_event,
};
