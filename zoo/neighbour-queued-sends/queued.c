/* SPDX-License-Identifier: MIT */
/*
 * queued.c - a filter that queues what programs write, and sends from the queue.
 *
 * Model: a write puts its frame into the queue, then whoever finds the module running sends what is there. A pause
 * waits for the frames that are out and gives back those that were queued; restart begins with an empty queue.
 */
#include "../common/zoo.h"

typedef enum _SF_STATE {
    SfPaused,
    SfRunning,
    SfDetached,
} SF_STATE;

typedef struct _SF_FILTER {
    ZOO_FILTER Common;
    SF_STATE State;         /* Common.Lock, as the others */
    BOOLEAN PausePending;
    ULONG Sends;            /* out */
    PNET_BUFFER_LIST First; /* queued */
    PNET_BUFFER_LIST *Last;
} SF_FILTER, *PSF_FILTER;

static FILTER_PAUSE SfPause;
static FILTER_RESTART SfRestart;
static DRIVER_DISPATCH SfWrite;
static NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID SfDetach(PZOO_FILTER Filter);
static VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);
static VOID SfSendQueued(PSF_FILTER Filter);
static VOID SfGiveBack(PNET_BUFFER_LIST NetBufferLists);
static PNET_BUFFER_LIST SfTakeAll(PSF_FILTER Filter);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"neighbour_queued_sends"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: neighbour-queued-sends"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a16}"),
    .FilterSize = sizeof(SF_FILTER),
    .Attach = SfAttach,
    .Detach = SfDetach,
    .Pause = SfPause,
    .Restart = SfRestart,
    .OwnSendsDone = SfOwnSendsDone,
};

_Use_decl_annotations_
static NTSTATUS
SfWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSF_FILTER filter = (PSF_FILTER)ZooFilterOfIrp(Irp);
    PNET_BUFFER_LIST nbl;
    BOOLEAN queued;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status != STATUS_SUCCESS)
        return ZooCompleteIrp(Irp, status, 0);

    NdisAcquireSpinLock(&filter->Common.Lock);
    queued = filter->State == SfRunning;
    if (queued) {
        *filter->Last = nbl;
        filter->Last = &NET_BUFFER_LIST_NEXT_NBL(nbl);
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    if (queued)
        SfSendQueued(filter);
    else
        SfGiveBack(nbl);
    return STATUS_PENDING;
}

/* What is queued goes out, if the module runs. */
static VOID
SfSendQueued(PSF_FILTER Filter)
{
    PNET_BUFFER_LIST nbls = NULL;
    PNET_BUFFER_LIST nbl;

    NdisAcquireSpinLock(&Filter->Common.Lock);
    if (Filter->State == SfRunning)
        nbls = SfTakeAll(Filter);
    for (nbl = nbls; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        Filter->Sends++;
    NdisReleaseSpinLock(&Filter->Common.Lock);

    if (nbls != NULL)
        NdisFSendNetBufferLists(Filter->Common.FilterHandle, nbls, NDIS_DEFAULT_PORT_NUMBER, 0);
}

/* Lock held. */
static PNET_BUFFER_LIST
SfTakeAll(PSF_FILTER Filter)
{
    PNET_BUFFER_LIST nbls = Filter->First;

    Filter->First = NULL;
    Filter->Last = &Filter->First;
    return nbls;
}

/* They never went out: their writes end as if the module had been paused when they came. */
static VOID
SfGiveBack(PNET_BUFFER_LIST NetBufferLists)
{
    while (NetBufferLists != NULL) {
        PNET_BUFFER_LIST nbl = NetBufferLists;

        NetBufferLists = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_PAUSED;
        ZooOwnSendComplete(nbl);
    }
}

_Use_decl_annotations_
static NDIS_STATUS
SfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PSF_FILTER filter = FilterModuleContext;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    PNET_BUFFER_LIST queued;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->State = SfPaused;
    queued = SfTakeAll(filter);
    if (filter->Sends != 0) {
        filter->PausePending = TRUE;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    SfGiveBack(queued);
    return status;
}

/* Nothing is queued: the pause has given it back. */
_Use_decl_annotations_
static NDIS_STATUS
SfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->First = NULL;
    filter->Last = &filter->First;
    filter->State = SfRunning;
    NdisReleaseSpinLock(&filter->Common.Lock);
    return NDIS_STATUS_SUCCESS;
}

/* The last send to come back ends a pause that waits for it. */
static VOID
SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PSF_FILTER filter = (PSF_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;
    BOOLEAN paused;

    NdisAcquireSpinLock(&Filter->Lock);
    filter->Sends -= Count;
    paused = filter->Sends == 0 && filter->PausePending;
    if (paused)
        filter->PausePending = FALSE;
    NdisReleaseSpinLock(&Filter->Lock);

    if (paused)
        NdisFPauseComplete(filterHandle);
}

static VOID
SfDetach(PZOO_FILTER Filter)
{
    PSF_FILTER filter = (PSF_FILTER)Filter;
    PNET_BUFFER_LIST queued;

    NdisAcquireSpinLock(&Filter->Lock);
    filter->State = SfDetached;
    queued = SfTakeAll(filter);
    NdisReleaseSpinLock(&Filter->Lock);
    SfGiveBack(queued);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_STATUS status = ZooCreateSendPool(Filter);

    ((PSF_FILTER)Filter)->Last = &((PSF_FILTER)Filter)->First;
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"SF_", SfWrite);
    return status;
}
