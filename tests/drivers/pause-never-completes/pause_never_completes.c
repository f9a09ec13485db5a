/* SPDX-License-Identifier: MIT */
/* pause_never_completes.c - a filter that says it will complete a pause, and never does. */
#include "../../../zoo/common/zoo.h"

static FILTER_PAUSE NeverPause;
static FILTER_RESTART NeverRestart;

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"pause_never_completes"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis tests: pause-never-completes"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7b01}"),
    .FilterSize = sizeof(ZOO_FILTER),
    .Pause = NeverPause,
    .Restart = NeverRestart,
};

_Use_decl_annotations_ static NDIS_STATUS
NeverPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);

    return NDIS_STATUS_PENDING;
}

_Use_decl_annotations_ static NDIS_STATUS
NeverRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);

    return NDIS_STATUS_SUCCESS;
}
