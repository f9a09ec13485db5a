/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_freed_in_use.c
 *
 * Seen at the free.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_FREED_IN_USE)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->ip, 0, "IRP %p is freed while it is on a thread's list", ev->object);
}

const struct verify_rule rule_irp_freed_in_use = {
    .id = "IoVerif-FreeThreadIrp",
    .bugcheck = { 0xc9, 0x02 },
    .severity = RULE_FATAL,
    .summary = "IoFreeIrp is for IRPs that no thread owns",
    .why = "the thread's list runs through freed memory",
    .fix = "complete IRPs the I/O manager made; free only those from IoAllocateIrp",
    .source = "documented: IoFreeIrp; bugcheck 0xC9 argument 2",
    .ddi = "IoFreeIrp",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
