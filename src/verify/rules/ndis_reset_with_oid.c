/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_reset_with_oid.c
 *
 * Before NDIS 6.30 a miniport might keep them. Sends are not looked at.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_RESET_WITH_OID)
        return;
    rule_finding(ctx, ev, "adapter %p ends a reset with an OID request from before it", ev->a[2]);
}

const struct verify_rule rule_ndis_reset_with_oid = {
    .id = "NdisResetWithOid",
    .bugcheck = { 0xc4, RULE_NUMBER(159) },
    .severity = RULE_NOTED,
    .summary = "a miniport of NDIS 6.30 completes the requests it has before a reset ends",
    .why = "what the request was about is gone with the reset",
    .fix = "complete pended requests in MiniportResetEx, or before NdisMResetComplete",
    .source = "documented: MiniportResetEx",
    .ddi = "NdisMResetComplete",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
