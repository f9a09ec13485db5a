/* SPDX-License-Identifier: MIT */
/*
 * npf.c - a filter that pauses well and never sends again.
 *
 * The bug: NPF_Restart does its work once ("already set up") and leaves before it clears the flag the second time.
 * After any pause that is followed by a restart and not by a detach, NDIS takes the module for Running and every
 * write is refused.
 */
#include "../common/zoo.h"

typedef struct _NPF_FILTER {
    ZOO_FILTER Common;
    BOOLEAN Paused;         /* Common.Lock; sends are refused */
    BOOLEAN PausePending;   /* Common.Lock; NPF_Pause returned PENDING */
    BOOLEAN Ready;          /* the first restart's work is done; changes in NPF_Restart only */
    ULONG SendsOutstanding; /* Common.Lock; sends we originated */
} NPF_FILTER, *PNPF_FILTER;

static FILTER_PAUSE NPF_Pause;
static FILTER_RESTART NPF_Restart;
static DRIVER_DISPATCH NPF_Write;
static NDIS_STATUS NpfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID NpfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"npf"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: pause-never-cleared"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a04}"),
    .FilterSize = sizeof(NPF_FILTER),
    .Attach = NpfAttach,
    .Pause = NPF_Pause,
    .Restart = NPF_Restart,
    .OwnSendsDone = NpfOwnSendsDone,
};

/*
 * The test and the count are one step under the lock: a pause finds this send counted, or the send finds the pause.
 */
_Use_decl_annotations_
static NTSTATUS
NPF_Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNPF_FILTER filter = (PNPF_FILTER)ZooFilterOfIrp(Irp);
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
        NpfOwnSendsDone(&filter->Common, 1);
        return ZooCompleteIrp(Irp, status, 0);
    }

    NdisFSendNetBufferLists(filter->Common.FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

_Use_decl_annotations_
static NDIS_STATUS
NPF_Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PNPF_FILTER filter = FilterModuleContext;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Paused = TRUE;
    if (filter->SendsOutstanding != 0) {
        filter->PausePending = TRUE;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    return status;
}

_Use_decl_annotations_
static NDIS_STATUS
NPF_Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNPF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    if (filter->Ready)
        return NDIS_STATUS_SUCCESS;

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Ready = TRUE;
    filter->Paused = FALSE;
    NdisReleaseSpinLock(&filter->Common.Lock);
    return NDIS_STATUS_SUCCESS;
}

/* The last send to come back ends a pause that waits for it. */
static VOID
NpfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PNPF_FILTER filter = (PNPF_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;
    BOOLEAN paused = FALSE;

    NdisAcquireSpinLock(&Filter->Lock);
    filter->SendsOutstanding -= Count;
    if (filter->SendsOutstanding == 0 && filter->PausePending) {
        filter->PausePending = FALSE;
        paused = TRUE;
    }
    NdisReleaseSpinLock(&Filter->Lock);

    if (paused)
        NdisFPauseComplete(filterHandle);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
NpfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PNPF_FILTER filter = (PNPF_FILTER)Filter;
    NDIS_STATUS status;

    filter->Paused = TRUE; /* until the first restart */
    status = ZooCreateSendPool(Filter);
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"NPF_", NPF_Write);
    return status;
}
