/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/timer_left.c
 *
 * The value kept is the period: a one-shot timer that fired is no longer set. The kernel stops the machine itself;
 * the rule adds the words.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    uint64_t size = ev->a[0];
    struct rule_entry *e;

    switch (ev->kind) {
    case EV_TIMER_SET:
        rule_set_put(ctx, ev->object)->value = ev->a[1];
        break;
    case EV_TIMER_FIRE:
        e = rule_set_find(ctx, ev->object);
        if (e != NULL && e->value == 0)
            rule_set_del(ctx, ev->object);
        break;
    case EV_TIMER_CANCEL:
        rule_set_del(ctx, ev->object);
        break;
    default:
        for (e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e))
            if (e->key - ev->object < size)
                rule_finding_p(ctx, ev, e->key, ev->object, ev->object + size,
                               "timer %p is set in memory %p that is freed", e->key, ev->object);
        break;
    }
}

const struct verify_rule rule_timer_left = {
    .id = "Auto-UnloadTimersDpcs",
    .bugcheck = { 0xc7, 0x0 },
    .severity = RULE_NOTED,
    .summary = "no timer is set in memory that is freed",
    .why = "the timer fires into freed memory",
    .fix = "KeCancelTimer (NdisCancelTimerObject) and KeFlushQueuedDpcs before freeing what holds the "
           "timer or its DPC",
    .source = "documented: bugcheck 0xC7; KeCancelTimer",
    .ddi = "KeCancelTimer",
    .watches = RULE_WATCHES(EV_TIMER_SET, EV_TIMER_CANCEL, EV_TIMER_FIRE, EV_POOL_FREE),
    .on_event = on_event,
};
