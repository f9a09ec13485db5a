/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_wrong_source.c
 *
 * Set by the originator; NDIS checks nothing.
 */
#include "ndis/nbl.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_WRONG_SOURCE)
        return;
    rule_finding(ctx, ev, "SourceHandle of NBL %p is not that of %s %p", ev->object, rule_layer_name(ev->a[2]),
                 ev->a[1]);
}

const struct verify_rule rule_nbl_wrong_source = {
    .id = "NblWrongSource",
    .bugcheck = { 0xc4, RULE_NUMBER(39) },
    .severity = RULE_NOTED,
    .summary = "SourceHandle names who originated the NBL, and nobody else changes it",
    .why = "NDIS completes or returns the NBL to the wrong driver",
    .fix = "set NET_BUFFER_LIST.SourceHandle to the handle of the own module or binding before sending "
           "or indicating, and leave foreign NBLs alone",
    .source = "documented: NET_BUFFER_LIST, NdisFSendNetBufferLists",
    .ddi = "NdisFSendNetBufferLists",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
