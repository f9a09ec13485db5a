/* SPDX-License-Identifier: MIT */
/*
 * write.c - may a write begin?
 *
 * The bug: the pointer is looked at twice. That it is volatile makes sure of it: what was no NULL in the condition may
 * be NULL in the call, in the middle of a restart, and is none again right after.
 */
#include "../handler-common/handler.h"

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"handler_swapped"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: handler-swapped"),
    .UniqueName = RTL_CONSTANT_STRING(L"{0d2c9f31-6a57-4d0e-93b8-5f1e2a7c4b12}"),
    .FilterSize = sizeof(HS_FILTER),
    .Restart = HsRestart,
    SF_HANDLERS,
};

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    PHS_FILTER filter = (PHS_FILTER)Filter;

    return filter->Begin != NULL && filter->Begin(Filter);
}
