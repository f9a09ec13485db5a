/* SPDX-License-Identifier: MIT */
/* decide.c - power is nothing to a filter, so it answers that request itself. */
#include "../oid-common/oidfilter.h"

NDIS_STRING OfServiceName = NDIS_STRING_CONST("power_request_answered");
NDIS_STRING OfUniqueName = NDIS_STRING_CONST("{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7b03}");

OF_DECISION
OfDecide(POF_FILTER Filter, PNDIS_OID_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Filter);
    return Request->DATA.SET_INFORMATION.Oid == OID_PNP_SET_POWER ? OfAnswer : OfPass;
}
