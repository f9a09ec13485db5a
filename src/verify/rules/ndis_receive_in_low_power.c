/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_receive_in_low_power.c
 *
 * In a stack that was paused for low power the rule of paused miniports speaks, too.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_RECEIVE_IN_LOW_POWER)
        return;
    rule_finding(ctx, ev, "adapter %p indicates a receive in D%u", ev->a[2], (unsigned)ev->a[3] - 1);
}

const struct verify_rule rule_ndis_receive_in_low_power = {
    .id = "NdisReceiveInLowPower",
    .bugcheck = { 0xc4, RULE_NUMBER(155) },
    .severity = RULE_NOTED,
    .summary = "a miniport indicates nothing after it has completed OID_PNP_SET_POWER to a low-power state",
    .why = "those above take the adapter for asleep",
    .fix = "stop the receive engine before OID_PNP_SET_POWER is completed",
    .source = "documented: OID_PNP_SET_POWER",
    .ddi = "OID_PNP_SET_POWER",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
