/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_sent_twice.c
 *
 * Seen at the send.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_SENT_TWICE)
        return;
    rule_finding(ctx, ev, "%s %p sends NBL %p again while it is on its way", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_nbl_sent_twice = {
    .id = "NblSentTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(33) },
    .severity = RULE_FATAL,
    .summary = "an NBL is not sent again before its send is complete",
    .why = "the layer below links it into two queues",
    .fix = "wait for the send completion, or allocate another NBL",
    .source = "documented: NdisSendNetBufferLists, NdisFSendNetBufferLists",
    .ddi = "NdisFSendNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
