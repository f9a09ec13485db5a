/* SPDX-License-Identifier: MIT */
/*
 * passthrough.c - a correct filter that sends nothing of its own, and so has nothing to stop.
 *
 * Everything passes through in the call that brought it; nothing is queued, no device, no timer. An empty
 * FilterPause is right here: NDIS pauses a module after everything above it, and stops what comes from below.
 */
#include "../common/zoo.h"

static FILTER_PAUSE PtPause;
static FILTER_RESTART PtRestart;

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"neighbour_never_originates"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: neighbour-never-originates"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a06}"),
    .FilterSize = sizeof(ZOO_FILTER),
    .Pause = PtPause,
    .Restart = PtRestart,
};

_Use_decl_annotations_
static NDIS_STATUS
PtPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);

    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
PtRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);

    return NDIS_STATUS_SUCCESS;
}
