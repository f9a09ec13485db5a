/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/device_deleted_twice.c
 *
 * Seen at the second delete.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_DEVICE_DELETED_TWICE)
        return;
    rule_finding_p(ctx, ev, ev->ip, ev->object, 0, "device %p is deleted a second time", ev->object);
}

const struct verify_rule rule_device_deleted_twice = {
    .id = "IoVerif-DeleteTwice",
    .bugcheck = { 0xc9, 0x240 },
    .severity = RULE_NOTED,
    .summary = "a device is deleted once",
    .why = "the second delete works on freed memory",
    .fix = "clear the saved device pointer when the device is deleted",
    .source = "documented: IoDeleteDevice; bugcheck 0xC9 argument 0x240",
    .ddi = "IoDeleteDevice",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
