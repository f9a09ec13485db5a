/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_returned_twice.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != PACKET_RETURNED_TWICE)
        return;
    rule_finding(ctx, ev, "packet %p is returned, and no protocol has it", ev->object);
}

const struct verify_rule rule_packet_returned_twice = {
    .id = "PacketReturnedTwice",
    .bugcheck = { 0xc4, RULE_NUMBER(132) },
    .severity = RULE_NOTED,
    .summary = "a received packet is returned as often as ProtocolReceivePacket said",
    .why = "the miniport may have reused it",
    .fix = "return a packet once per number returned, and none for which 0 was returned",
    .source = "documented: NdisReturnPackets",
    .ddi = "NdisReturnPackets",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
