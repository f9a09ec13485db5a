/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_stale_handle.c
 *
 * The fault that follows is the bugcheck; the rule says what the pointer was.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    rule_finding(ctx, ev, "%s is called with handle %p, which is no longer valid", rule_site_name(ev->a[0]), ev->a[1]);
}

const struct verify_rule rule_ndis_stale_handle = {
    .id = "NdisStaleHandle",
    .bugcheck = { 0xc4, RULE_NUMBER(82) },
    .severity = RULE_NOTED,
    .summary = "a handle is not used after detach, halt, close or deregistration",
    .why = "the object behind it is freed: the call reads whatever lies there now",
    .fix = "stop every path that uses the handle before the handler that ends its life returns",
    .source = "documented: FilterDetach, MiniportHaltEx, NdisCloseAdapterEx",
    .ddi = "FilterDetach",
    .watches = RULE_WATCHES(EV_STALE_HANDLE),
    .on_event = on_event,
};
