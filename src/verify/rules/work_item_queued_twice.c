/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/work_item_queued_twice.c
 *
 * Seen at the second queueing.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_WORK_ITEM_QUEUED)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->object, 0, "work item %p is queued while it is queued", ev->object);
}

const struct verify_rule rule_work_item_queued_twice = {
    .id = "WorkItemQueuedTwice",
    .bugcheck = { 0xe4, 0x1 },
    .severity = RULE_FATAL,
    .summary = "a work item is not queued again before its routine began",
    .why = "the worker queue is corrupted",
    .fix = "keep a flag under a lock, or allocate a work item per request",
    .source = "documented: IoQueueWorkItem; bugcheck 0xE4",
    .ddi = "IoQueueWorkItem",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
