/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_stop_with_polls.c
 *
 * As for a failing MiniportInitializeEx.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_MISUSE_STOP_WITH_POLLS)
        return;
    rule_finding(ctx, ev, "adapter %p is halted with a Poll object registered", ev->a[2]);
}

const struct verify_rule rule_ndis_stop_with_polls = {
    .id = "NdisStopWithPolls",
    .bugcheck = { 0xc4, RULE_NUMBER(161) },
    .severity = RULE_NOTED,
    .summary = "a miniport deregisters its Poll objects before MiniportHaltEx returns",
    .why = "a request that comes later polls an adapter that is gone",
    .fix = "silence the device, then call NdisDeregisterPoll for each object in MiniportHaltEx",
    .source = "documented: NdisDeregisterPoll",
    .ddi = "NdisDeregisterPoll",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
