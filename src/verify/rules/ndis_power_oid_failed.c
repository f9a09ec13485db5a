/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_power_oid_failed.c
 *
 * Whether it pended the request or not.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_LAYER_MINIPORT || (ev->a[2] != OID_PNP_SET_POWER && ev->a[2] != OID_PNP_QUERY_POWER) ||
        (uint32_t)ev->a[3] == (uint32_t)NDIS_STATUS_SUCCESS || (uint32_t)ev->a[3] == (uint32_t)NDIS_STATUS_NOT_ACCEPTED)
        return;
    rule_finding(ctx, ev, "adapter %p answers power request 0x%08x with 0x%08x", ev->a[1], (unsigned)ev->a[2],
                 (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_power_oid_failed = {
    .id = "NdisPowerOidFailed",
    .bugcheck = { 0xc4, RULE_NUMBER(157) },
    .severity = RULE_NOTED,
    .summary = "a miniport succeeds OID_PNP_QUERY_POWER and OID_PNP_SET_POWER",
    .why = "the bus changes power whatever the miniport answers",
    .fix = "prepare the device and return NDIS_STATUS_SUCCESS; NDIS_STATUS_NOT_ACCEPTED only while it resets",
    .source = "documented: OID_PNP_QUERY_POWER, OID_PNP_SET_POWER",
    .ddi = "OID_PNP_SET_POWER",
    .watches = RULE_WATCHES(EV_OID_COMPLETE),
    .on_event = on_event,
};
