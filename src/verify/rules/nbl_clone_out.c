/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/nbl_clone_out.c
 *
 * Counted by NDIS for clones it made.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != NDIS_NBL_CLONE_OUT)
        return;
    rule_finding(ctx, ev, "NBL %p is given up while clones of it exist", ev->object);
}

const struct verify_rule rule_nbl_clone_out = {
    .id = "NblCloneOut",
    .bugcheck = { 0xc4, RULE_NUMBER(44) },
    .severity = RULE_NOTED,
    .summary = "a parent NBL is completed or freed after all its clones are freed",
    .why = "the clones share its MDLs and data",
    .fix = "keep ChildRefCount and complete the parent when it reaches zero",
    .source = "documented: NdisAllocateCloneNetBufferList, NdisFreeCloneNetBufferList",
    .ddi = "NdisFreeCloneNetBufferList",
    .watches = RULE_WATCHES(EV_NBL_MISUSE),
    .on_event = on_event,
};
