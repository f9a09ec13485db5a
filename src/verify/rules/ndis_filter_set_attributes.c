/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_filter_set_attributes.c
 *
 * Only a successful attach is judged.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_ATTACH_WITHOUT_ATTRIBUTES || ev->a[1] != NDIS_LAYER_FILTER)
        return;
    rule_finding(ctx, ev, "filter module %p: FilterAttach succeeded without NdisFSetAttributes", ev->a[2]);
}

const struct verify_rule rule_ndis_filter_set_attributes = {
    .id = "NdisFSetAttributesMissing",
    .bugcheck = { 0xc4, RULE_NUMBER(11) },
    .severity = RULE_NOTED,
    .summary = "FilterAttach calls NdisFSetAttributes before it returns success",
    .why = "NDIS has no context for the module and calls its handlers with NULL",
    .fix = "call NdisFSetAttributes first thing in FilterAttach and fail the attach when it fails",
    .source = "documented: FilterAttach, NdisFSetAttributes",
    .ddi = "NdisFSetAttributes",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
