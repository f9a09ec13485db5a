/* SPDX-License-Identifier: MIT */
/*
 * npf.c - a filter that sends what programs write, and whose FilterPause does nothing.
 *
 * The bug: NPF_Pause says that the module has stopped sending, and NPF_Write goes on, with a handle that is dead
 * once the module is detached. A program's handle outlives the module: nothing closes it when the adapter is
 * disabled.
 */
#include "../common/zoo.h"

typedef struct _NPF_FILTER {
    ZOO_FILTER Common;
} NPF_FILTER, *PNPF_FILTER;

static FILTER_PAUSE NPF_Pause;
static FILTER_RESTART NPF_Restart;
static DRIVER_DISPATCH NPF_Write;
static NDIS_STATUS NpfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID NpfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"npf"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: pause-ignored"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a01}"),
    .FilterSize = sizeof(NPF_FILTER),
    .Attach = NpfAttach,
    .Pause = NPF_Pause,
    .Restart = NPF_Restart,
    .OwnSendsDone = NpfOwnSendsDone,
};

_Use_decl_annotations_
static NTSTATUS
NPF_Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PZOO_FILTER filter = ZooFilterOfIrp(Irp);
    PNET_BUFFER_LIST nbl;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    status = ZooBuildSend(filter, Irp, &nbl);
    if (status != STATUS_SUCCESS)
        return ZooCompleteIrp(Irp, status, 0);

    NdisFSendNetBufferLists(filter->FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

/* "There is nothing to stop: this driver queues nothing." */
_Use_decl_annotations_
static NDIS_STATUS
NPF_Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);

    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
NPF_Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);

    return NDIS_STATUS_SUCCESS;
}

/* The IRP is completed already; nothing else was kept of the send. */
static VOID
NpfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Count);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
NpfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_STATUS status;

    status = ZooCreateSendPool(Filter);
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"NPF_", NPF_Write);
    return status;
}
