/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_return_resources.c
 *
 * Seen at the return call.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_RESOURCES_RETURNED)
        return;
    rule_finding(ctx, ev, "%s %p returns NBL %p, which was lent with NDIS_RECEIVE_FLAGS_RESOURCES",
                 rule_layer_name(ev->a[2]), ev->a[1], ev->object);
}

const struct verify_rule rule_nbl_return_resources = {
    .id = "NblReturnResources",
    .bugcheck = { 0xc4, RULE_NUMBER(41) },
    .severity = RULE_FATAL,
    .summary = "NBLs indicated with NDIS_RECEIVE_FLAGS_RESOURCES are never returned by call",
    .why = "the miniport has them back when its indication returns and gets them a second time",
    .fix = "test NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags): copy what must be kept and just return",
    .source = "documented: FilterReceiveNetBufferLists, NdisFReturnNetBufferLists",
    .ddi = "NdisFReturnNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
