/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_stop_with_nbls.c
 *
 * The bugcheck is the one Windows raises when it finds this.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_STOP_WITH_SENDS && ev->a[0] != NDIS_MISUSE_STOP_WITH_RECEIVES)
        return;
    rule_finding(ctx, ev, "%s %p is gone with %u %s out", rule_layer_name(ev->a[1]), ev->a[2], (unsigned)ev->a[3],
                 ev->a[0] == NDIS_MISUSE_STOP_WITH_SENDS ? "sends" : "receives");
}

const struct verify_rule rule_ndis_stop_with_nbls = {
    .id = "NdisStopWithNbls",
    .bugcheck = { 0x7c, 0x27 },
    .severity = RULE_NOTED,
    .summary = "nothing is out when a filter module is detached, an adapter halted or a binding closed",
    .why = "whoever has the NBLs completes or returns them to a handle that is freed",
    .fix = "wait in the pause handler until every NBL is back",
    .source = "documented: FilterDetach, MiniportHaltEx, bugcheck 0x7C argument 0x27",
    .ddi = "FilterDetach",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
