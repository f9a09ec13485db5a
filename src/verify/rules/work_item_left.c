/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/work_item_left.c
 *
 * DRIVER_UNLOAD carries the base of the driver's image in its first value.
 */
#include "verify/rule.h"

/* Spaces of keys: queued items (value: routine), images (key: driver object is not known, so base; value: size). */
enum { ITEM = 1, IMAGE = 2 };

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    struct rule_entry *image = NULL;

    switch (ev->kind) {
    case EV_WORK_QUEUE:
        rule_set_put(ctx, RULE_KEY(ITEM, ev->object))->value = ev->a[0];
        return;
    case EV_WORK_RUN:
        rule_set_del(ctx, RULE_KEY(ITEM, ev->object));
        return;
    case EV_IMAGE_LOAD:
        rule_set_put(ctx, RULE_KEY(IMAGE, ev->a[0]))->value = ev->a[1];
        return;
    default:
        break;
    }
    image = rule_set_find(ctx, RULE_KEY(IMAGE, ev->a[0]));
    if (image == NULL)
        return;
    for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e))
        if (e->key >> 56 == ITEM && e->value - ev->a[0] < image->value)
            rule_finding_p(ctx, ev, e->value, 8, e->value, "work item %p is still queued after unload",
                           e->key & 0x00ffffffffffffffull);
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
    .watches = RULE_WATCHES(EV_WORK_QUEUE, EV_WORK_RUN, EV_IMAGE_LOAD, EV_DRIVER_UNLOAD),
    .on_event = on_event,
};
