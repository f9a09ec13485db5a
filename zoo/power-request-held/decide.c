/* SPDX-License-Identifier: MIT */
/* decide.c - a filter that is paused keeps requests until it runs again. */
#include "../oid-common/oidfilter.h"

NDIS_STRING OfServiceName = NDIS_STRING_CONST("power_request_held");
NDIS_STRING OfUniqueName = NDIS_STRING_CONST("{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7b01}");

OF_DECISION
OfDecide(POF_FILTER Filter, PNDIS_OID_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Request);
    return Filter->Running ? OfPass : OfKeep;
}
