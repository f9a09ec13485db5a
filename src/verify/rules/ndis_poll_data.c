/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_poll_data.c
 *
 * What NdisPoll leaves in NDIS_POLL_DATA, and what NdisRequestPoll is given. A miscounted receive chain is
 * NblBadCount's, too.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    switch (ev->a[0]) {
    case NDIS_MISUSE_POLL_OVER_LIMIT:
        rule_finding(ctx, ev, "NdisPoll gave %u NBLs at once, more than NDIS asked for", (unsigned)ev->a[3]);
        break;
    case NDIS_MISUSE_POLL_COUNT:
        rule_finding(ctx, ev, "NdisPoll says that it gave %u NBLs, and its chain has another number",
                     (unsigned)ev->a[3]);
        break;
    case NDIS_MISUSE_POLL_FLAGS:
        rule_finding(ctx, ev, "NdisPoll sets flags 0x%x, some of which are not for it", (unsigned)ev->a[3]);
        break;
    case NDIS_MISUSE_POLL_RESERVED:
        rule_finding(ctx, ev, "NdisRequestPoll is called with Reserved %p", ev->a[3]);
        break;
    default:
        break;
    }
}

const struct verify_rule rule_ndis_poll_data = {
    .id = "NdisPollData",
    .bugcheck = { 0xc4, RULE_NUMBER(160) },
    .severity = RULE_NOTED,
    .summary = "NdisPoll gives no more NBLs than it is asked for, counts them right, and leaves reserved fields alone",
    .why = "NDIS paces the stack by these numbers, and walks the chain by them",
    .fix = "stop at MaxNblsToIndicate and MaxNblsToComplete, or say NDIS_ANY_NUMBER_OF_NBLS to have NDIS count",
    .source = "documented: NDIS_POLL_RECEIVE_DATA, NDIS_POLL_TRANSMIT_DATA, NdisRequestPoll",
    .ddi = "NdisRequestPoll",
    .watches = RULE_WATCHES(EV_STATE_MISUSE),
    .on_event = on_event,
};
