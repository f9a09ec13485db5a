/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_not_owner.c
 *
 * Ownership moves when the call is entered.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_NOT_YOURS)
        return;
    rule_finding(ctx, ev, "%s %p passes on NBL %p, which another layer has", rule_layer_name(ev->a[2]), ev->a[1],
                 ev->object);
}

const struct verify_rule rule_nbl_not_owner = {
    .id = "NblTouchNotOwner",
    .bugcheck = { 0xc4, RULE_NUMBER(32) },
    .severity = RULE_FATAL,
    .summary = "only the layer that has an NBL sends, completes, indicates or returns it",
    .why = "two layers work on one list at once; one of them frees it under the other",
    .fix = "give an NBL up the moment it is passed on, and keep no pointer to it",
    .source = "documented: NET_BUFFER_LIST ownership in NdisFSendNetBufferLists, "
              "NdisFIndicateReceiveNetBufferLists",
    .ddi = "NdisFSendNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
