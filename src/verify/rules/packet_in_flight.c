/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_in_flight.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    switch (ev->a[0]) {
    case PACKET_SENT_TWICE:
        rule_finding(ctx, ev, "%s %p sends packet %p, which is on its way", rule_layer_name(ev->a[2]), ev->a[1],
                     ev->object);
        break;
    case PACKET_INDICATED_TWICE:
        rule_finding(ctx, ev, "%s %p indicates packet %p, which a protocol has", rule_layer_name(ev->a[2]), ev->a[1],
                     ev->object);
        break;
    case PACKET_FREED_IN_FLIGHT:
        rule_finding(ctx, ev, "packet %p of %p is freed, and is on its way", ev->object, ev->a[1]);
        break;
    default:
        break;
    }
}

const struct verify_rule rule_packet_in_flight = {
    .id = "PacketInFlight",
    .bugcheck = { 0xc4, RULE_NUMBER(133) },
    .severity = RULE_NOTED,
    .summary = "a packet that was sent or indicated is left alone until it is back",
    .why = "the layer that has it goes on reading and writing it",
    .fix = "wait for ProtocolSendComplete or MiniportReturnPacket",
    .source = "documented: NdisSend, NdisFreePacket",
    .ddi = "NdisFreePacket",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
