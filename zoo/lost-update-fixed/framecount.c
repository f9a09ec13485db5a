/* SPDX-License-Identifier: MIT */
/*
 * framecount.c - a filter that counts the frames it passes on.
 *
 * Model: a module counts the frames that pass through it, sends and receives alike, whatever processor they are on.
 * One Interlocked addition per call: it cannot be divided.
 */
#include "../common/zoo.h"

typedef struct _FC_FILTER {
    ZOO_FILTER Common;
    volatile LONG64 Frames; /* interlocked */
} FC_FILTER, *PFC_FILTER;

static FILTER_PAUSE FcPause;
static FILTER_RESTART FcRestart;
static VOID FcPassing(PZOO_FILTER Filter, PNET_BUFFER_LIST NetBufferLists);
static VOID FcDetach(PZOO_FILTER Filter);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"lost_update_fixed"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: lost-update, fixed"),
    .UniqueName = RTL_CONSTANT_STRING(L"{2a9d4c11-7be3-4f0a-9d55-51c0e7a3b804}"),
    .FilterSize = sizeof(FC_FILTER),
    .Detach = FcDetach,
    .Pause = FcPause,
    .Restart = FcRestart,
    .Passing = FcPassing,
};

static VOID
FcPassing(PZOO_FILTER Filter, PNET_BUFFER_LIST NetBufferLists)
{
    PFC_FILTER filter = (PFC_FILTER)Filter;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;
    LONG64 frames = 0;

    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb))
            frames++;
    InterlockedExchangeAdd64(&filter->Frames, frames);
}

/* Nothing is held here and nothing is originated: paused at once. */
_Use_decl_annotations_
static NDIS_STATUS
FcPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
FcRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);
    return NDIS_STATUS_SUCCESS;
}

/* No frame passes any more. */
static VOID
FcDetach(PZOO_FILTER Filter)
{
    DbgPrint("%wZ: %llu frames\n", &ZooDriver.ServiceName, ((PFC_FILTER)Filter)->Frames);
}
