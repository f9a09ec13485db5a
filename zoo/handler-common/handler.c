/* SPDX-License-Identifier: MIT */
/*
 * handler.c - the filter around a handler pointer that comes and goes: all of it but the question whether a write may
 * begin, which is write.c.
 *
 * Model: a restart may bring other attributes of the link, so restarting takes the routine that begins sends out of
 * Begin, looks at them, and stores the one that fits. The routines are right at any time: they look at the state and
 * count in one interlocked operation. So one that was read a moment ago may still be called.
 */
#include "handler.h"

#define SF_RUNNING 1
#define SF_SEND    2

static DRIVER_DISPATCH SfWrite;
static BOOLEAN SfBeginSend(PSF_FILTER Filter);
static BOOLEAN SfRefuse(PSF_FILTER Filter);
static SF_BEGIN SfFitting(PNDIS_FILTER_RESTART_PARAMETERS RestartParameters);

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

/* A link that takes no whole frame is left alone. */
static BOOLEAN
SfRefuse(PSF_FILTER Filter)
{
    UNREFERENCED_PARAMETER(Filter);
    return FALSE;
}

static SF_BEGIN
SfFitting(PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNDIS_RESTART_ATTRIBUTES attributes = RestartParameters->RestartAttributes;

    while (attributes != NULL && attributes->Oid != OID_GEN_MINIPORT_RESTART_ATTRIBUTES)
        attributes = attributes->Next;
    if (attributes != NULL && attributes->DataLength >= sizeof(NDIS_RESTART_GENERAL_ATTRIBUTES) &&
        ((PNDIS_RESTART_GENERAL_ATTRIBUTES)attributes->Data)->MtuSize < ZOO_MAX_FRAME - ZOO_ETHERNET_HEADER)
        return SfRefuse;
    return SfBeginSend;
}

static BOOLEAN
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

    filter->Begin = NULL;
    filter->Begin = SfFitting(RestartParameters);
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
