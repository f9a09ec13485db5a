/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_protocol_send_while_paused.c
 *
 * The event is emitted for sends that begin in that state.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != NDIS_LAYER_PROTOCOL || ev->a[0] < NDIS_MISUSE_SEND_WHILE_PAUSED ||
        ev->a[0] > NDIS_MISUSE_SEND_WHILE_DOWN)
        return;
    rule_finding(ctx, ev, "protocol binding %p sends while %s", ev->a[2], rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_protocol_send_while_paused = {
    .id = "NdisProtocolSendWhilePaused",
    .bugcheck = { 0xc4, RULE_NUMBER(4) },
    .severity = RULE_NOTED,
    .summary = "a protocol sends on a binding only while it is Running",
    .why = "NDIS refuses or loses the send, or the binding is closed under it",
    .fix = "stop sends when NetEventPause comes and wait for those that are out before completing the "
           "event",
    .source = "documented: NetEventPause, 'Protocol Binding States and Operations'",
    .ddi = "NdisSendNetBufferLists",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
