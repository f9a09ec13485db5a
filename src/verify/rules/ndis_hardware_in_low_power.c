/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_hardware_in_low_power.c
 *
 * Writes to registers of the simulated card; a read has nothing to be noticed by.
 */
#include "ndis/hw/hw.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_HW_WRITE_IN_LOW_POWER)
        return;
    rule_finding(ctx, ev, "register 0x%x of a device without power is written: 0x%08x", (unsigned)ev->a[1],
                 (unsigned)ev->a[2]);
}

const struct verify_rule rule_ndis_hardware_in_low_power = {
    .id = "NdisHardwareInLowPower",
    .bugcheck = { 0xc4, RULE_NUMBER(158) },
    .severity = RULE_NOTED,
    .summary = "a miniport does not reach for its device between OID_PNP_SET_POWER to D3 and to D0",
    .why = "nothing answers on the bus: reads give all ones, writes are lost, on some machines the bus hangs",
    .fix =
        "keep a flag under the lock that the paths to the hardware take, and set it while OID_PNP_SET_POWER is handled",
    .source = "documented: OID_PNP_SET_POWER",
    .ddi = "OID_PNP_SET_POWER",
    .watches = RULE_WATCHES(EV_HARDWARE_MISUSE),
    .on_event = on_event,
};
