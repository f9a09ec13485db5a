/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_not_a_clone.c
 *
 * Seen at the free.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_NOT_A_CLONE)
        return;
    rule_finding(ctx, ev, "NBL %p is freed as a clone and is none", ev->object);
}

const struct verify_rule rule_nbl_not_a_clone = {
    .id = "NblNotAClone",
    .bugcheck = { 0xc4, RULE_NUMBER(45) },
    .severity = RULE_NOTED,
    .summary = "NdisFreeCloneNetBufferList is for NBLs of NdisAllocateCloneNetBufferList",
    .why = "MDLs that belong to somebody else are freed",
    .fix = "free an NBL by the counterpart of the call that made it",
    .source = "documented: NdisFreeCloneNetBufferList",
    .ddi = "NdisFreeCloneNetBufferList",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
