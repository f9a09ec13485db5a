/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_held_resources.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != PACKET_HELD_RESOURCES)
        return;
    rule_finding(ctx, ev, "%s %p keeps packet %p, which was lent for the call", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_packet_held_resources = {
    .id = "PacketHeldResources",
    .bugcheck = { 0xc4, RULE_NUMBER(131) },
    .severity = RULE_NOTED,
    .summary = "ProtocolReceivePacket returns 0 for a packet whose status is NDIS_STATUS_RESOURCES",
    .why = "the miniport reuses packet and buffers as soon as the indication returns",
    .fix = "copy what is needed and return 0 when NDIS_GET_PACKET_STATUS says NDIS_STATUS_RESOURCES",
    .source = "documented: ProtocolReceivePacket",
    .ddi = "NdisReturnPackets",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
