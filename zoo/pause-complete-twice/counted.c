/* SPDX-License-Identifier: MIT */
/*
 * counted.c - a filter that counts its sends, and has a flag for a pause that waits.
 *
 * The bug: SfPause says that it waits, and then looks whether a send is out. The last send may come back between the
 * two: it completes the pause, and SfPause, which finds nothing out, returns NDIS_STATUS_SUCCESS: completed twice.
 */
#include "../common/zoo.h"

typedef struct _SF_FILTER {
    ZOO_FILTER Common;
    volatile LONG Paused;       /* interlocked, as the others; sends are refused */
    volatile LONG Sends;        /* out, or about to be refused */
    volatile LONG PausePending; /* the last send completes the pause */
} SF_FILTER, *PSF_FILTER;

static FILTER_PAUSE SfPause;
static FILTER_RESTART SfRestart;
static DRIVER_DISPATCH SfWrite;
static NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID SfDetach(PZOO_FILTER Filter);
static VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);
static BOOLEAN SfBeginSend(PSF_FILTER Filter);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"pause_complete_twice"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: pause-complete-twice"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a13}"),
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
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (!SfBeginSend(filter))
        return ZooCompleteIrp(Irp, NDIS_STATUS_PAUSED, 0);
    status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status != STATUS_SUCCESS) {
        SfOwnSendsDone(&filter->Common, 1);
        return ZooCompleteIrp(Irp, status, 0);
    }
    NdisFSendNetBufferLists(filter->Common.FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

/* Counts first and looks after: a pause finds this send counted, or the send finds the pause. */
static BOOLEAN
SfBeginSend(PSF_FILTER Filter)
{
    InterlockedIncrement(&Filter->Sends);
    if (InterlockedCompareExchange(&Filter->Paused, 0, 0) == 0)
        return TRUE;
    SfOwnSendsDone(&Filter->Common, 1);
    return FALSE;
}

_Use_decl_annotations_
static NDIS_STATUS
SfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);

    InterlockedExchange(&filter->Paused, TRUE);
    InterlockedExchange(&filter->PausePending, TRUE);
    if (InterlockedCompareExchange(&filter->Sends, 0, 0) != 0)
        return NDIS_STATUS_PENDING;
    InterlockedExchange(&filter->PausePending, FALSE); /* nobody will complete it */
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
SfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    InterlockedExchange(&filter->PausePending, FALSE);
    InterlockedExchange(&filter->Paused, FALSE);
    return NDIS_STATUS_SUCCESS;
}

/* The last send to come back ends a pause that waits for it. */
static VOID
SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PSF_FILTER filter = (PSF_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;

    if (InterlockedAdd(&filter->Sends, -(LONG)Count) == 0 && InterlockedExchange(&filter->PausePending, FALSE))
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
