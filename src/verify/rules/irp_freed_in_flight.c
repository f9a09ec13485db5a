/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_freed_in_flight.c
 *
 * Seen at the free: a driver below has the IRP and has not completed it.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_FREED_IN_FLIGHT)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->ip, 0, "IRP %p is freed while a lower driver has it", ev->object);
}

const struct verify_rule rule_irp_freed_in_flight = {
    .id = "IoVerif-FreeBusyIrp",
    .bugcheck = { 0xc9, 0x20a },
    .severity = RULE_FATAL,
    .summary = "IoFreeIrp waits until the IRP has come back",
    .why = "the lower driver completes freed memory",
    .fix = "free the IRP in its completion routine, or after an event that the routine sets; IoCancelIrp does not wait",
    .source = "documented: IoFreeIrp; bugcheck 0xC9 argument 0x20A",
    .ddi = "IoFreeIrp",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
