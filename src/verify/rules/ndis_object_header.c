/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_object_header.c
 *
 * NDIS answers with a status; the driver may not look at it.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    static const char *const fields[] = { "type", "revision", "size", "version", "handler" };

    rule_finding(ctx, ev, "%s is given %s %u where %u is needed", rule_site_name(ev->a[0]),
                 ev->a[1] < 5 ? fields[ev->a[1]] : "field", (unsigned)ev->a[2], (unsigned)ev->a[3]);
}

const struct verify_rule rule_ndis_object_header = {
    .id = "NdisObjectHeader",
    .bugcheck = { 0xc4, RULE_NUMBER(83) },
    .severity = RULE_NOTED,
    .summary = "type, revision and size in an NDIS_OBJECT_HEADER are those of the structure",
    .why = "NDIS refuses the structure, or reads fields the driver never set",
    .fix = "use the constants NDIS_OBJECT_TYPE_..., ..._REVISION_n and NDIS_SIZEOF_..._REVISION_n of one "
           "revision",
    .source = "documented: NDIS_OBJECT_HEADER",
    .ddi = "NdisFRegisterFilterDriver",
    .watches = RULE_WATCHES(EV_HEADER_MISUSE),
    .on_event = on_event,
};
