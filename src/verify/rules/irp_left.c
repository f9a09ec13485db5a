/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_left.c
 *
 * Judged when everything is idle: what a program still waits for is a hang and reported as such.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    struct rule_entry *e;

    if (ev->kind == EV_IRP_DISPATCH) {
        e = rule_set_put(ctx, ev->object);
        e->value = ev->a[1];
        e->extra = ev->step;
    } else {
        rule_set_del(ctx, ev->object);
    }
}

static void
on_end(struct rule_ctx *ctx)
{
    for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e)) {
        struct event ev = { .kind = EV_IRP_DISPATCH, .object = e->key, .step = e->extra, .a = { 0, e->value } };

        rule_finding(ctx, &ev, "IRP %p (major function 0x%x) was never completed", e->key, (unsigned)e->value);
    }
}

const struct verify_rule rule_irp_left = {
    .id = "IrpLeft",
    .bugcheck = { 0xc4, RULE_NUMBER(80) },
    .severity = RULE_NOTED,
    .summary = "every IRP a driver was given is completed in the end",
    .why = "its thread cannot exit, its file cannot be closed, and the driver cannot be unloaded",
    .fix = "complete queued IRPs with STATUS_CANCELLED in the cleanup routine and when the device goes",
    .source = "documented: 'Completing IRPs', DispatchCleanup",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IRP_DISPATCH, EV_IRP_COMPLETE, EV_IRP_FREE),
    .on_event = on_event,
    .on_end = on_end,
};
