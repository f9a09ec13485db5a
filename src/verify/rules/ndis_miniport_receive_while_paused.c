/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_miniport_receive_while_paused.c
 *
 * A miniport may indicate while Restarting; NDIS does not emit the event then.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != NDIS_LAYER_MINIPORT || ev->a[0] < NDIS_MISUSE_RECEIVE_WHILE_PAUSED ||
        ev->a[0] > NDIS_MISUSE_RECEIVE_WHILE_DOWN)
        return;
    rule_finding(ctx, ev, "miniport adapter %p indicates receives while %s", ev->a[2],
                 rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_miniport_receive_while_paused = {
    .id = "NdisMiniportReceiveWhilePaused",
    .bugcheck = { 0xc4, RULE_NUMBER(3) },
    .severity = RULE_NOTED,
    .summary = "a miniport indicates receives only from MiniportRestart to MiniportPause",
    .why = "the layers above were paused first and may be gone",
    .fix = "test the adapter's state under the lock of the receive path, and let MiniportPause wait for "
           "indications that are under way",
    .source = "documented: MiniportPause, 'Miniport Adapter States and Operations'",
    .ddi = "NdisMIndicateReceiveNetBufferLists",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
