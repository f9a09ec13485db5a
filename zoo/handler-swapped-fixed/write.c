/* SPDX-License-Identifier: MIT */
/* write.c - may a write begin? The pointer is looked at once. */
#include "../handler-common/handler.h"

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"handler_swapped_fixed"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: handler-swapped-fixed"),
    .UniqueName = RTL_CONSTANT_STRING(L"{0d2c9f31-6a57-4d0e-93b8-5f1e2a7c4b13}"),
    .FilterSize = sizeof(HS_FILTER),
    .Restart = HsRestart,
    SF_HANDLERS,
};

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    HS_BEGIN begin = ((PHS_FILTER)Filter)->Begin;

    return begin != NULL && begin(Filter);
}
