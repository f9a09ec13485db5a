/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/device_deleted_attached.c
 *
 * Seen at the delete.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_DEVICE_ATTACHED)
        return;
    rule_finding(ctx, ev, "device %p is deleted while device %p is attached to it", ev->object, ev->a[1]);
}

const struct verify_rule rule_device_deleted_attached = {
    .id = "DeviceDeletedAttached",
    .bugcheck = { 0xc4, RULE_NUMBER(84) },
    .severity = RULE_NOTED,
    .summary = "a device is deleted after everything above it detached",
    .why = "requests keep coming from the device above",
    .fix = "IoDetachDevice first, from the top down",
    .source = "documented: IoDeleteDevice, IoDetachDevice",
    .ddi = "IoDeleteDevice",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
