/* SPDX-License-Identifier: MIT */
/* decide.c - requests pass, paused or not. */
#include "../oid-common/oidfilter.h"

NDIS_STRING OfServiceName = NDIS_STRING_CONST("power_request_held_fixed");
NDIS_STRING OfUniqueName = NDIS_STRING_CONST("{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7b02}");

OF_DECISION
OfDecide(POF_FILTER Filter, PNDIS_OID_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Request);
    return OfPass;
}
