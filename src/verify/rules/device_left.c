/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/device_left.c
 *
 * The driver object of DEVICE_CREATE is the object of DRIVER_UNLOAD.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    switch (ev->kind) {
    case EV_DEVICE_CREATE:
        rule_set_put(ctx, ev->object)->value = ev->a[0];
        break;
    case EV_DEVICE_DELETE:
        rule_set_del(ctx, ev->object);
        break;
    default:
        for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e))
            if (e->value == ev->object)
                rule_finding_p(ctx, ev, e->key, ev->object, 0, "device %p is still there after unload", e->key);
        break;
    }
}

const struct verify_rule rule_device_left = {
    .id = "DeviceLeft",
    .bugcheck = { 0xc4, RULE_NUMBER(81) },
    .severity = RULE_NOTED,
    .summary = "a driver has deleted all its devices when it is unloaded",
    .why = "a program opens a device whose driver is gone",
    .fix = "NdisDeregisterDeviceEx or IoDeleteDevice for each device, symbolic links first, before the "
           "unload routine returns",
    .source = "documented: DriverUnload, IoDeleteDevice",
    .ddi = "IoDeleteDevice",
    .watches = RULE_WATCHES(EV_DEVICE_CREATE, EV_DEVICE_DELETE, EV_DRIVER_UNLOAD),
    .on_event = on_event,
};
