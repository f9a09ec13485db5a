/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_oid_in_low_power.c
 *
 * Requests of protocols and of filters. What a protocol asks while it is unbound is not meant.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_OID_IN_LOW_POWER)
        return;
    rule_finding(ctx, ev, "%s %p asks OID 0x%08x of an adapter in low power", rule_layer_name(ev->a[1]), ev->a[2],
                 (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_oid_in_low_power = {
    .id = "NdisOidInLowPower",
    .bugcheck = { 0xc4, RULE_NUMBER(154) },
    .severity = RULE_NOTED,
    .summary = "nobody asks an adapter in low power for anything but OID_PNP_SET_POWER",
    .why = "the miniport would have to reach for hardware that has no power",
    .fix = "hold requests from NetEventSetPower on until it says NetDeviceStateD0",
    .source = "documented: \"Handling PnP Events and Power Management Events in a Protocol Driver\"",
    .ddi = "NdisOidRequest",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
