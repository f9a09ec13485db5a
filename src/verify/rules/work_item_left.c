/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/work_item_left.c
 *
 * By item: its routine. DRIVER_UNLOAD says where the image lies.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->kind == EV_WORK_QUEUE) {
        rule_set_put(ctx, ev->object)->value = ev->a[0];
        return;
    }
    if (ev->kind == EV_WORK_RUN) {
        rule_set_del(ctx, ev->object);
        return;
    }
    for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e))
        if (e->value - ev->a[0] < ev->a[1])
            rule_finding_p(ctx, ev, e->value, 8, e->value, "work item %p is still queued after unload", e->key);
}

const struct verify_rule rule_work_item_left = {
    .id = "WorkItemLeft",
    .bugcheck = { 0xce, 0x0 },
    .severity = RULE_NOTED,
    .summary = "no work item of a driver is queued when it is unloaded",
    .why = "the worker runs code that is no longer there",
    .fix = "wait for queued work before unloading: IoQueueWorkItem keeps the device, but NDIS and system "
           "work items keep nothing",
    .source = "documented: bugcheck 0xCE; NdisQueueIoWorkItem, ExQueueWorkItem",
    .ddi = "NdisQueueIoWorkItem",
    .watches = RULE_WATCHES(EV_WORK_QUEUE, EV_WORK_RUN, EV_DRIVER_UNLOAD),
    .on_event = on_event,
};
