/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_reuse_busy.c
 *
 * a1: the IRP is in flight (1), or is none of IoAllocateIrp (0).
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_REUSED)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->ip, 0,
                   ev->a[1] ? "IRP %p is reused while a lower driver has it"
                            : "IRP %p is reused, but does not come from IoAllocateIrp",
                   ev->object);
}

const struct verify_rule rule_irp_reuse_busy = {
    .id = "IoVerif-ReuseBusy",
    .bugcheck = { 0xc9, 0x310 },
    .severity = RULE_NOTED,
    .summary = "IoReuseIrp is for IRPs of IoAllocateIrp that have come back",
    .why = "the stack locations that a lower driver works with are wiped, or buffers of the I/O manager are lost",
    .fix = "reuse in the completion routine or after it; build a new IRP instead of reusing one of IoBuildXxx",
    .source = "documented: IoReuseIrp; bugcheck 0xC9 arguments 0x310 and 0x311",
    .ddi = "IoReuseIrp",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
