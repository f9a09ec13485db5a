/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_double_complete.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != PACKET_COMPLETED_TWICE)
        return;
    rule_finding(ctx, ev, "%s %p completes packet %p, which it does not have", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_packet_double_complete = {
    .id = "PacketDoubleComplete",
    .bugcheck = { 0xc4, RULE_NUMBER(130) },
    .severity = RULE_NOTED,
    .summary = "a 5.x send is completed exactly once, by its return status or by NdisMSendComplete",
    .why = "NDIS has given the packet back to its owner, who may have freed it",
    .fix = "answer NDIS_STATUS_PENDING for what is completed later, and take the packet off the queue before "
           "completing it",
    .source = "documented: NdisMSendComplete, MiniportSend",
    .ddi = "NdisMSendComplete",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
