/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/send_flag_irql.c
 *
 * A set flag below DISPATCH_LEVEL is wrong; a clear one at DISPATCH_LEVEL is legal.
 */
#include "verify/rule.h"

/* The same bit in send, send-complete, receive and return flags (documented). */
#define DISPATCH_LEVEL_FLAG 0x1u

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if ((ev->a[2] & DISPATCH_LEVEL_FLAG) == 0 || ev->irql >= 2)
        return;
    rule_finding(ctx, ev, "%s %p: send of NBL %p at IRQL %u with the dispatch-level flag", rule_layer_name(ev->a[0]),
                 ev->a[1], ev->object, (unsigned)ev->irql);
}

const struct verify_rule rule_send_flag_irql = {
    .id = "SendFlagIrqlMismatch",
    .bugcheck = { 0xc4, RULE_NUMBER(96) },
    .severity = RULE_NOTED,
    .summary = "the dispatch-level flag of a send is set only at DISPATCH_LEVEL",
    .why = "layers that believe the flag take spin locks by the forms for DISPATCH_LEVEL and can be "
           "preempted while they hold them",
    .fix = "set the flag only where the IRQL is known to be DISPATCH_LEVEL; clear is always allowed",
    .source = "documented: NdisFSendNetBufferLists (flags)",
    .ddi = "NdisFSendNetBufferLists",
    .watches = RULE_WATCHES(EV_SEND),
    .on_event = on_event,
};
