/* SPDX-License-Identifier: MIT */
/*
 * handler.c - a handler pointer that comes and goes; whether a write may begin is write.c, the rest zoo/word-common.
 *
 * Model: a restart may bring other attributes of the link, so restarting takes the routine that begins sends out of
 * Begin, looks at them, and stores the one that fits. The routines are right at any time: SfBeginSend looks at the
 * state and counts in one interlocked operation. So one that was read a moment ago may still be called.
 */
#include "handler.h"

/* A link that takes no whole frame is left alone. */
static BOOLEAN
HsRefuse(PSF_FILTER Filter)
{
    UNREFERENCED_PARAMETER(Filter);
    return FALSE;
}

static HS_BEGIN
HsFitting(PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNDIS_RESTART_ATTRIBUTES attributes = RestartParameters->RestartAttributes;

    while (attributes != NULL && attributes->Oid != OID_GEN_MINIPORT_RESTART_ATTRIBUTES)
        attributes = attributes->Next;
    if (attributes != NULL && attributes->DataLength >= sizeof(NDIS_RESTART_GENERAL_ATTRIBUTES) &&
        ((PNDIS_RESTART_GENERAL_ATTRIBUTES)attributes->Data)->MtuSize < ZOO_MAX_FRAME - ZOO_ETHERNET_HEADER)
        return HsRefuse;
    return SfBeginSend;
}

_Use_decl_annotations_
NDIS_STATUS
HsRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PHS_FILTER filter = FilterModuleContext;

    filter->Begin = NULL;
    filter->Begin = HsFitting(RestartParameters);
    return SfRestart(FilterModuleContext, RestartParameters);
}
