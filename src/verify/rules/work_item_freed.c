/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/work_item_freed.c
 *
 * Seen at the free.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_WORK_ITEM_FREED)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->object, 0, "work item %p is freed while it is queued", ev->object);
}

const struct verify_rule rule_work_item_freed = {
    .id = "Misc-FreeWithWorkItem",
    .bugcheck = { 0xe4, 0x0 },
    .severity = RULE_FATAL,
    .summary = "a work item is freed only when it is not queued",
    .why = "the worker runs from freed memory",
    .fix = "free the work item in its own routine, or wait for it",
    .source = "documented: IoFreeWorkItem; bugcheck 0xE4",
    .ddi = "IoFreeWorkItem",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
