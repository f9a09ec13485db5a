/* SPDX-License-Identifier: MIT */
/*
 * rundown.c - a correct filter that counts its sends with rundown protection.
 *
 * Each send holds the protection from before the frame is built until it is back. FilterPause waits for the
 * protection to run down, from then on nobody gets it; FilterRestart makes it available again. It starts run down,
 * because a module starts Paused, and stays so after detach.
 */
#include "../common/zoo.h"

typedef struct _NB_FILTER {
    ZOO_FILTER Common;
    EX_RUNDOWN_REF Sending;
} NB_FILTER, *PNB_FILTER;

static FILTER_PAUSE NbPause;
static FILTER_RESTART NbRestart;
static DRIVER_DISPATCH NbWrite;
static NDIS_STATUS NbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID NbOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"neighbour_rundown"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: neighbour-rundown"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a07}"),
    .FilterSize = sizeof(NB_FILTER),
    .Attach = NbAttach,
    .Pause = NbPause,
    .Restart = NbRestart,
    .OwnSendsDone = NbOwnSendsDone,
};

_Use_decl_annotations_
static NTSTATUS
NbWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNB_FILTER filter = (PNB_FILTER)ZooFilterOfIrp(Irp);
    PNET_BUFFER_LIST nbl;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (!ExAcquireRundownProtection(&filter->Sending))
        return ZooCompleteIrp(Irp, NDIS_STATUS_PAUSED, 0);

    status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status != STATUS_SUCCESS) {
        ExReleaseRundownProtection(&filter->Sending);
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

    UNREFERENCED_PARAMETER(PauseParameters);

    ExWaitForRundownProtectionRelease(&filter->Sending);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
NbRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNB_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    ExReInitializeRundownProtection(&filter->Sending);
    return NDIS_STATUS_SUCCESS;
}

static VOID
NbOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PNB_FILTER filter = (PNB_FILTER)Filter;

    while (Count-- != 0)
        ExReleaseRundownProtection(&filter->Sending);
}

/* Everything a write needs, and the device that programs open. */
static NDIS_STATUS
NbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PNB_FILTER filter = (PNB_FILTER)Filter;
    NDIS_STATUS status;

    ExInitializeRundownProtection(&filter->Sending);
    ExWaitForRundownProtectionRelease(&filter->Sending); /* at once: nobody holds it */
    status = ZooCreateSendPool(Filter);
    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"NRD_", NbWrite);
    return status;
}
