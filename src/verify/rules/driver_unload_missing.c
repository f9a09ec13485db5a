/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/driver_unload_missing.c - shown by tests/drivers/unload-missing
 *
 * Seen when the driver is asked to go. A driver without AddDevice may lack the routine (documented): it stays then.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_NO_UNLOAD || ev->a[1] == 0)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "driver %p has AddDevice at %p and no DriverUnload", ev->object,
                   ev->a[1]);
}

const struct verify_rule rule_driver_unload_missing = {
    .id = "DriverUnloadMissing",
    .bugcheck = { 0xc4, RULE_NUMBER(116) },
    .severity = RULE_NOTED,
    .summary = "a driver with AddDevice has a DriverUnload, too",
    .why = "the driver stays in memory when its last device is gone, and no other version of it is loaded before a "
           "restart",
    .fix = "set DriverObject->DriverUnload in DriverEntry, to a routine that gives back what DriverEntry took",
    .source = "documented: DRIVER_UNLOAD (required for WDM drivers, optional for others)",
    .ddi = "ZwUnloadDriver",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
