/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_oid_left.c
 *
 * Judged at the end of a run, when nothing is left that could complete it: virtual time needs no timeout.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    struct rule_entry *e;

    if (ev->kind == EV_OID_COMPLETE) {
        rule_set_del(ctx, ev->object);
        return;
    }
    e = rule_set_put(ctx, ev->object);
    e->value = ev->a[1];
    e->extra = ev->a[0] << 32 | (uint32_t)ev->a[2];
}

static void
on_end(struct rule_ctx *ctx)
{
    for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e)) {
        struct event ev = { .kind = EV_OID_PEND,
                            .object = e->key,
                            .a = { e->extra >> 32, e->value, (uint32_t)e->extra } };

        rule_finding(ctx, &ev, "%s %p pended OID request %p (OID 0x%08x) and never completed it",
                     rule_layer_name(e->extra >> 32), e->value, e->key, (unsigned)e->extra);
    }
}

const struct verify_rule rule_ndis_oid_left = {
    .id = "NdisTimedOidComplete",
    .bugcheck = { 0xc4, 0x92003 },
    .severity = RULE_NOTED,
    .summary = "a pended OID request is completed",
    .why = "whoever asked waits, and the adapter cannot be halted",
    .fix = "complete on every path out of the work that was started for it, reset and halt included",
    .source = "documented: rule NdisTimedOidComplete (within 12 s)",
    .ddi = "NdisMOidRequestComplete",
    .watches = RULE_WATCHES(EV_OID_PEND, EV_OID_COMPLETE),
    .on_event = on_event,
    .on_end = on_end,
};
