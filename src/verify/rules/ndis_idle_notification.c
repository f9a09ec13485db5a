/* SPDX-License-Identifier: MIT */
/* verify/rules/ndis_idle_notification.c - what a miniport does with the idle notification of a selective suspend. */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    switch (ev->a[0]) {
    case NDIS_MISUSE_IDLE_CONFIRM:
        rule_finding(ctx, ev, "NdisMIdleNotificationConfirm is called with no idle notification out to confirm");
        break;
    case NDIS_MISUSE_IDLE_COMPLETE:
        rule_finding(ctx, ev, "NdisMIdleNotificationComplete is called with no idle notification out to complete");
        break;
    case NDIS_MISUSE_IDLE_RETURNED:
        rule_finding(ctx, ev, "MiniportIdleNotification returns 0x%08x", (unsigned)ev->a[3]);
        break;
    default:
        break;
    }
}

const struct verify_rule rule_ndis_idle_notification = {
    .id = "NdisIdleNotification",
    .bugcheck = { 0xc4, RULE_NUMBER(173) },
    .severity = RULE_NOTED,
    .summary = "a miniport confirms and completes an idle notification once, and only while it is out",
    .why = "a confirmation that comes late takes the power from an adapter that is in use again",
    .fix = "return NDIS_STATUS_PENDING, _BUSY or _FAILURE from MiniportIdleNotification; after "
           "MiniportCancelIdleNotification or a completion of its own the miniport confirms no more",
    .source = "documented: MiniportIdleNotification, NdisMIdleNotificationConfirm, NdisMIdleNotificationComplete",
    .ddi = "NdisMIdleNotificationConfirm",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
