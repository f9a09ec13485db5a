/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_pool_not_empty.c
 *
 * The second value is the pool, the third how many are out.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_POOL_NOT_EMPTY)
        return;
    rule_finding(ctx, ev, "NBL pool %p is freed while %u NBLs of it are out", ev->a[1], (unsigned)ev->a[2]);
}

const struct verify_rule rule_nbl_pool_not_empty = {
    .id = "NblPoolNotEmpty",
    .bugcheck = { 0xc4, RULE_NUMBER(43) },
    .severity = RULE_FATAL,
    .summary = "a pool of NBLs is freed only when all its NBLs are",
    .why = "those that are out lie in freed memory",
    .fix = "free the pool after the last completion or return, which pausing waits for",
    .source = "documented: NdisFreeNetBufferListPool",
    .ddi = "NdisFreeNetBufferListPool",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
