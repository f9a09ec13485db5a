/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/ndis_object_header.c
 *
 * Most functions answer with a status; the driver may not look at it. Those that cannot refuse go on.
 */
#include "ndis/ndis.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    const char *call = rule_site_name(ev->a[0]), *name = ev->a[4] != 0 ? (const char *)ev->a[4] : "the structure";
    unsigned value = (unsigned)ev->a[2], wanted = (unsigned)ev->a[3];

    switch (ev->a[1]) {
    case NDIS_HEADER_TYPE:
        rule_finding(ctx, ev, "%s: Header.Type of %s is 0x%x, not 0x%x", call, name, value, wanted);
        break;
    case NDIS_HEADER_REVISION:
        rule_finding(ctx, ev, "%s: Header.Revision of %s is %u; the first is %u", call, name, value, wanted);
        break;
    case NDIS_HEADER_SIZE:
        rule_finding(ctx, ev, "%s: Header.Size of %s is %u; its revision has %u bytes", call, name, value, wanted);
        break;
    case NDIS_HEADER_LENGTH:
        rule_finding(ctx, ev, "%s: the length of %s is %u; its version has %u bytes", call, name, value, wanted);
        break;
    case NDIS_HEADER_VERSION:
        rule_finding(ctx, ev, "%s: %s asks for NDIS %u.%u, which is no version %u.x", call, name, value >> 8,
                     value & 0xff, wanted >> 8);
        break;
    case NDIS_HEADER_NAME:
        rule_finding(ctx, ev, "%s: a required name is empty: %s", call, name);
        break;
    default:
        rule_finding(ctx, ev, "%s: a required handler is NULL: %s", call, name);
        break;
    }
}

const struct verify_rule rule_ndis_object_header = {
    .id = "NdisObjectHeader",
    .bugcheck = { 0xc4, RULE_NUMBER(83) },
    .severity = RULE_NOTED,
    .summary = "an NDIS_OBJECT_HEADER says what its structure is, and required members of it are set",
    .why = "NDIS refuses the structure, or reads fields the driver never set",
    .fix = "use the constants NDIS_OBJECT_TYPE_..., ..._REVISION_n and NDIS_SIZEOF_..._REVISION_n of one "
           "revision",
    .source = "documented: NDIS_OBJECT_HEADER",
    .ddi = "NdisFRegisterFilterDriver",
    .watches = RULE_WATCHES(EV_HEADER_MISUSE),
    .on_event = on_event,
};
