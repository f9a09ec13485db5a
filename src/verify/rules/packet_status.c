/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_status.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != PACKET_NO_RETURN_HANDLER && ev->a[0] != PACKET_RESOURCES_DEFERRED)
        return;
    rule_finding(ctx, ev, "%s %p gives packet %p a status that its kind of miniport may not give",
                 rule_layer_name(ev->a[2]), ev->a[1], ev->object);
}

const struct verify_rule rule_packet_status = {
    .id = "PacketStatus",
    .bugcheck = { 0xc4, RULE_NUMBER(135) },
    .severity = RULE_NOTED,
    .summary = "a deserialized miniport takes every send; only one with MiniportReturnPacket gives receives away",
    .why = "NDIS keeps no queue for a deserialized miniport, and cannot return what has no handler",
    .fix = "queue sends in the driver; indicate with NDIS_STATUS_RESOURCES or register MiniportReturnPacket",
    .source = "documented: MiniportSend, NdisMIndicateReceivePacket",
    .ddi = "NdisMSendComplete",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
