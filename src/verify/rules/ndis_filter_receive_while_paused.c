/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_filter_receive_while_paused.c
 *
 * Passing on what a lower layer indicated is legal while it drains and is not reported.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != NDIS_LAYER_FILTER || ev->a[0] < NDIS_MISUSE_RECEIVE_WHILE_PAUSED ||
        ev->a[0] > NDIS_MISUSE_RECEIVE_WHILE_DOWN)
        return;
    rule_finding(ctx, ev, "filter module %p indicates receives while %s", ev->a[2],
                 rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_filter_receive_while_paused = {
    .id = "NdisFilterReceiveWhilePaused",
    .bugcheck = { 0xc4, RULE_NUMBER(2) },
    .severity = RULE_NOTED,
    .summary = "a filter module indicates NBLs of its own only while Running",
    .why = "the protocols above are paused or unbound by then; the indication reaches a binding that is "
           "being closed",
    .fix = "stop originating receives in FilterPause under the lock that the receive path takes, and "
           "complete the pause when all of them are back",
    .source = "documented: FilterPause, 'Pausing a Filter Module'; NdisFIndicateReceiveNetBufferLists",
    .ddi = "NdisFIndicateReceiveNetBufferLists",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
