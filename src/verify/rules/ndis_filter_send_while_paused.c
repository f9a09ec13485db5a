/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_filter_send_while_paused.c
 *
 * What is still on its way when FilterPause comes may finish: while Pausing only new NBLs of the module count.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[1] != NDIS_LAYER_FILTER || ev->a[0] < NDIS_MISUSE_SEND_WHILE_PAUSED ||
        ev->a[0] > NDIS_MISUSE_SEND_WHILE_DOWN)
        return;
    rule_finding(ctx, ev, "filter module %p sends while %s", ev->a[2], rule_state_name(ev->a[1], ev->a[3]));
}

const struct verify_rule rule_ndis_filter_send_while_paused = {
    .id = "NdisFilterSendWhilePaused",
    .bugcheck = { 0xc4, RULE_NUMBER(1) },
    .severity = RULE_NOTED,
    .summary = "a filter module sends NBLs of its own only while Running",
    .why = "after FilterPause NDIS goes on to pause and detach the layers below; a send that comes later "
           "walks through handles that are freed or being freed",
    .fix = "under one lock: refuse new sends once FilterPause was called and count those that are out; "
           "return NDIS_STATUS_PENDING and call NdisFPauseComplete when the count reaches zero, or wait "
           "for zero inside FilterPause; let sends through again in FilterRestart",
    .source = "documented: FilterPause, 'Pausing a Filter Module' (a filter in the Pausing state originates "
              "no sends); NdisFSendNetBufferLists",
    .ddi = "NdisFSendNetBufferLists",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
