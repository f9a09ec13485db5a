/* SPDX-License-Identifier: MIT */
/*
 * blocking.c - a correct filter that waits inside FilterPause until its sends are back.
 *
 * FilterPause runs at PASSIVE_LEVEL and may block (documented: it is NDIS that waits otherwise). The event lies in
 * the filter's context, so the pause must not end while the completion that signaled it is still inside the lock:
 * NbPause takes the lock once more after the wait.
 */
#include "../common/zoo.h"

typedef struct _NB_FILTER {
    ZOO_FILTER Common;
    BOOLEAN Paused;         /* Common.Lock; sends are refused */
    BOOLEAN Draining;       /* Common.Lock; NbPause waits on Drained */
    ULONG SendsOutstanding; /* Common.Lock; sends we originated */
    KEVENT Drained;
} NB_FILTER, *PNB_FILTER;

static FILTER_PAUSE NbPause;
static FILTER_RESTART NbRestart;
static DRIVER_DISPATCH NbWrite;
static NDIS_STATUS NbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID NbOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"neighbour_blocking_pause"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: neighbour-blocking-pause"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a08}"),
    .FilterSize = sizeof(NB_FILTER),
    .Attach = NbAttach,
    .Pause = NbPause,
    .Restart = NbRestart,
    .OwnSendsDone = NbOwnSendsDone,
};

/*
 * The test and the count are one step under the lock: a pause finds this send counted, or the send finds the pause.
 */
_Use_decl_annotations_
static NTSTATUS
NbWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNB_FILTER filter = (PNB_FILTER)ZooFilterOfIrp(Irp);
    PNET_BUFFER_LIST nbl;
    BOOLEAN paused;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    NdisAcquireSpinLock(&filter->Common.Lock);
    paused = filter->Paused;
    if (!paused)
        filter->SendsOutstanding++;
    NdisReleaseSpinLock(&filter->Common.Lock);
    if (paused)
        return ZooCompleteIrp(Irp, NDIS_STATUS_PAUSED, 0);

    status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status != STATUS_SUCCESS) {
        NbOwnSendsDone(&filter->Common, 1);
        return ZooCompleteIrp(Irp, status, 0);
    }

    NdisFSendNetBufferLists(filter->Common.FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

_Use_decl_annotations_
static NDIS_STATUS
NbPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PNB_FILTER filter = FilterModuleContext;
    BOOLEAN wait;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Paused = TRUE;
    wait = filter->SendsOutstanding != 0;
    if (wait) {
        filter->Draining = TRUE;
        KeClearEvent(&filter->Drained);
    }
    NdisReleaseSpinLock(&filter->Common.Lock);

    if (wait) {
        KeWaitForSingleObject(&filter->Drained, Executive, KernelMode, FALSE, NULL);
        NdisAcquireSpinLock(&filter->Common.Lock);
        filter->Draining = FALSE;
        NdisReleaseSpinLock(&filter->Common.Lock);
    }
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
NbRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNB_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Paused = FALSE;
    NdisReleaseSpinLock(&filter->Common.Lock);
    return NDIS_STATUS_SUCCESS;
}

/* Signaled under the lock: after it, the pause may end and the module go. */
static VOID
NbOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PNB_FILTER filter = (PNB_FILTER)Filter;

    NdisAcquireSpinLock(&Filter->Lock);
    filter->SendsOutstanding -= Count;
    if (filter->SendsOutstanding == 0 && filter->Draining)
        KeSetEvent(&filter->Drained, IO_NO_INCREMENT, FALSE);
    NdisReleaseSpinLock(&Filter->Lock);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
NbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PNB_FILTER filter = (PNB_FILTER)Filter;
    NDIS_STATUS status;

    filter->Paused = TRUE; /* until the first restart */
    KeInitializeEvent(&filter->Drained, NotificationEvent, FALSE);
    status = ZooCreateSendPool(Filter);
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"NBP_", NbWrite);
    return status;
}
