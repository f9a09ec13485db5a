/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_power_oid_blocked.c
 *
 * Somebody above the miniport answered. One that had no memory to pass it on could not do otherwise.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_POWER_BLOCKED || (NDIS_STATUS)ev->a[3] == NDIS_STATUS_RESOURCES)
        return;
    rule_finding(ctx, ev, "OID_PNP_SET_POWER was answered with 0x%08x above the miniport", (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_power_oid_blocked = {
    .id = "NdisPowerOidBlocked",
    .bugcheck = { 0xc4, RULE_NUMBER(156) },
    .severity = RULE_NOTED,
    .summary = "a filter passes OID_PNP_SET_POWER on to the miniport",
    .why = "the bus takes or gives power, and the miniport does not know",
    .fix = "clone the request and send it down with NdisFOidRequest, like every other OID",
    .source = "documented: FilterOidRequest; assumed: that filters see the request",
    .ddi = "FilterOidRequest",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
