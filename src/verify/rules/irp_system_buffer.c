/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_system_buffer.c
 *
 * Seen when the I/O manager frees the buffer.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_SYSTEM_BUFFER)
        return;
    rule_finding(ctx, ev, "the driver wrote outside the system buffer %p of IRP %p", ev->a[1], ev->object);
}

const struct verify_rule rule_irp_system_buffer = {
    .id = "SystemBufferOverrun",
    .bugcheck = { 0xc4, RULE_NUMBER(85) },
    .severity = RULE_FATAL,
    .summary = "a driver writes at most the output length into Irp->AssociatedIrp.SystemBuffer",
    .why = "the pool behind the buffer is overwritten",
    .fix = "compare with Parameters...OutputBufferLength before writing",
    .source = "documented: 'Buffer Descriptions for I/O Control Codes'",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
