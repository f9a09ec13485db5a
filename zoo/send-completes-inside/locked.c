/* SPDX-License-Identifier: MIT */
/*
 * locked.c - a filter that sends what programs write, one frame at a time.
 *
 * Model: the lock orders writes, so that frames go out in the order in which they were written.
 *
 * The bug: it is held while the frame is sent. A miniport may complete a send before it returns from it; then
 * SfOwnSendsDone runs inside SfWrite, and takes the lock once more.
 */
#include "../common/zoo.h"

typedef struct _SF_FILTER {
    ZOO_FILTER Common;
    BOOLEAN Paused;       /* Common.Lock, as the others; sends are refused */
    BOOLEAN PausePending;
    ULONG Sends;
} SF_FILTER, *PSF_FILTER;

static FILTER_PAUSE SfPause;
static FILTER_RESTART SfRestart;
static DRIVER_DISPATCH SfWrite;
static NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID SfDetach(PZOO_FILTER Filter);
static VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"send_completes_inside"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: send-completes-inside"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a17}"),
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
    NTSTATUS status = NDIS_STATUS_PAUSED;

    UNREFERENCED_PARAMETER(DeviceObject);

    NdisAcquireSpinLock(&filter->Common.Lock);
    if (!filter->Paused)
        status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status == STATUS_SUCCESS) {
        filter->Sends++;
        NdisFSendNetBufferLists(filter->Common.FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER,
                                NDIS_SEND_FLAGS_DISPATCH_LEVEL);
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    return status == STATUS_SUCCESS ? STATUS_PENDING : ZooCompleteIrp(Irp, status, 0);
}

_Use_decl_annotations_
static NDIS_STATUS
SfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PSF_FILTER filter = FilterModuleContext;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Paused = TRUE;
    if (filter->Sends != 0) {
        filter->PausePending = TRUE;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    return status;
}

_Use_decl_annotations_
static NDIS_STATUS
SfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Paused = FALSE;
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
    UNREFERENCED_PARAMETER(Filter); /* paused, and stays so */
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_STATUS status = ZooCreateSendPool(Filter);

    ((PSF_FILTER)Filter)->Paused = TRUE; /* until the first restart */
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"SF_", SfWrite);
    return status;
}
