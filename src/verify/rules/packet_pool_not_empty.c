/* SPDX-License-Identifier: MIT */
/* verify/rules/packet_pool_not_empty.c */
#include "ndis/legacy/legacy.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != PACKET_POOL_NOT_EMPTY)
        return;
    rule_finding(ctx, ev, "%u packets of %p are not free", (unsigned)ev->a[1], ev->object);
}

const struct verify_rule rule_packet_pool_not_empty = {
    .id = "PacketPoolNotEmpty",
    .bugcheck = { 0xc4, RULE_NUMBER(134) },
    .severity = RULE_NOTED,
    .summary = "a packet pool is freed after its packets",
    .why = "the packets lie in the memory of the pool",
    .fix = "free every packet first; wait for those that are out",
    .source = "documented: NdisFreePacketPool",
    .ddi = "NdisFreePacketPool",
    .watches = RULE_WATCHES(EV_PACKET_MISUSE),
    .on_event = on_event,
};
