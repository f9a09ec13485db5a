/* SPDX-License-Identifier: MIT */
/*
 * oneword.c - a filter whose state and count of sends are one word.
 *
 * Model: bit 0 of Uses says that the module runs, the rest counts sends that are out. So one interlocked operation both
 * looks at the state and counts, and the one that makes the word zero is unique: it ends the pause.
 *
 * The bug: SfBeginSend looks at the word and counts in two operations. Between them a pause may make it zero, and find
 * that nothing is out.
 */
#include "../common/zoo.h"

#define SF_RUNNING 1
#define SF_SEND    2

typedef struct _SF_FILTER {
    ZOO_FILTER Common;
    volatile LONG Uses; /* interlocked */
} SF_FILTER, *PSF_FILTER;

static FILTER_PAUSE SfPause;
static FILTER_RESTART SfRestart;
static DRIVER_DISPATCH SfWrite;
static NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID SfDetach(PZOO_FILTER Filter);
static VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);
static BOOLEAN SfBeginSend(PSF_FILTER Filter);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"refcount_from_zero"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: refcount-from-zero"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a11}"),
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

/* TRUE: the send is counted, and a pause waits for it. */
static BOOLEAN
SfBeginSend(PSF_FILTER Filter)
{
    if (InterlockedCompareExchange(&Filter->Uses, 0, 0) == 0)
        return FALSE;
    InterlockedAdd(&Filter->Uses, SF_SEND);
    return TRUE;
}

_Use_decl_annotations_
static NDIS_STATUS
SfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);

    return InterlockedAdd(&filter->Uses, -SF_RUNNING) == 0 ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
}

_Use_decl_annotations_
static NDIS_STATUS
SfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    InterlockedAdd(&filter->Uses, SF_RUNNING);
    return NDIS_STATUS_SUCCESS;
}

/* The handle is read first: once the word is zero the pause may be over, and the module gone. */
static VOID
SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PSF_FILTER filter = (PSF_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;

    if (InterlockedAdd(&filter->Uses, -SF_SEND * (LONG)Count) == 0)
        NdisFPauseComplete(filterHandle);
}

/* Paused: nothing is out, and no send begins any more. */
static VOID
SfDetach(PZOO_FILTER Filter)
{
    UNREFERENCED_PARAMETER(Filter);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_STATUS status = ZooCreateSendPool(Filter);

    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"SF_", SfWrite);
    return status;
}
