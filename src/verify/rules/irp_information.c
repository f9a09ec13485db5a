/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irp_information.c
 *
 * For buffered requests.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_INFORMATION_TOO_LARGE)
        return;
    rule_finding_p(ctx, ev, ev->ip, ev->object, ev->a[1],
                   "IRP %p is completed with Information %u, more than the program asked for", ev->object,
                   (unsigned)ev->a[1]);
}

const struct verify_rule rule_irp_information = {
    .id = "IoVerif-InfoTooLarge",
    .bugcheck = { 0xc9, 0x312 },
    .severity = RULE_NOTED,
    .summary = "IoStatus.Information is at most the length of the output buffer",
    .why = "the I/O manager copies kernel memory behind the buffer to the program",
    .fix = "set Information to the bytes written, and never more than the output length",
    .source = "documented: rule IoVerif; bugcheck 0xC9 argument 0x312",
    .ddi = "IoCompleteRequest",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
