/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_miniport_set_attributes.c
 *
 * Only a successful initialization is judged. The call may have been left out, or may have failed without the driver's
 * looking.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_ATTACH_WITHOUT_ATTRIBUTES || ev->a[1] != NDIS_LAYER_MINIPORT)
        return;
    rule_finding(ctx, ev,
                 "adapter %p: MiniportInitializeEx succeeded, and no NdisMSetMiniportAttributes with general "
                 "attributes did",
                 ev->a[2]);
}

const struct verify_rule rule_ndis_miniport_set_attributes = {
    .id = "NdisMSetAttributesMissing",
    .bugcheck = { 0xc4, RULE_NUMBER(171) },
    .severity = RULE_NOTED,
    .summary = "MiniportInitializeEx sets the adapter's general attributes before it returns success",
    .why = "NDIS does not know the medium, the sizes and the OIDs of the adapter, and does not let it start",
    .fix = "call NdisMSetMiniportAttributes with registration, then general attributes, and fail the initialization "
           "when either call fails",
    .source = "documented: MiniportInitializeEx, NdisMSetMiniportAttributes",
    .ddi = "NdisMSetMiniportAttributes",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
