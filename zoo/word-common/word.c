/* SPDX-License-Identifier: MIT */
/* word.c - see word.h. */
#include "word.h"

static DRIVER_DISPATCH SfWrite;

_Use_decl_annotations_
static NTSTATUS
SfWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSF_FILTER filter = (PSF_FILTER)ZooFilterOfIrp(Irp);
    PNET_BUFFER_LIST nbl;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (!SfMayWrite(filter))
        return ZooCompleteIrp(Irp, NDIS_STATUS_PAUSED, 0);
    status = ZooBuildSend(&filter->Common, Irp, &nbl);
    if (status != STATUS_SUCCESS) {
        SfOwnSendsDone(&filter->Common, 1);
        return ZooCompleteIrp(Irp, status, 0);
    }
    NdisFSendNetBufferLists(filter->Common.FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

BOOLEAN
SfBeginSend(PSF_FILTER Filter)
{
    LONG uses = Filter->Uses;

    while (uses & SF_RUNNING) {
        LONG seen = InterlockedCompareExchange(&Filter->Uses, uses + SF_SEND, uses);

        if (seen == uses)
            return TRUE;
        uses = seen;
    }
    return FALSE;
}

_Use_decl_annotations_
NDIS_STATUS
SfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);

    return InterlockedAdd(&filter->Uses, -SF_RUNNING) == 0 ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
}

_Use_decl_annotations_
NDIS_STATUS
SfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PSF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    InterlockedAdd(&filter->Uses, SF_RUNNING);
    return NDIS_STATUS_SUCCESS;
}

/* The handle is read first: once the word is zero the pause may be over, and the module gone. */
VOID
SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PSF_FILTER filter = (PSF_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;

    if (InterlockedAdd(&filter->Uses, -SF_SEND * (LONG)Count) == 0)
        NdisFPauseComplete(filterHandle);
}

/* Everything a write needs, and the device that programs open. */
NDIS_STATUS
SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_STATUS status = ZooCreateSendPool(Filter);

    if (status == NDIS_STATUS_SUCCESS)
        status = ZooCreateDevice(Filter, AttachParameters->BaseMiniportName, L"SF_", SfWrite);
    return status;
}
