/* SPDX-License-Identifier: MIT */
/* module.c - the filter: passes everything on, requests as clones; its restart and its pause pend. */
#include "stack.h"

NDIS_HANDLE StackModule;

static PVOID *
OriginalOf(PNDIS_OID_REQUEST Clone)
{
    return (PVOID *)&Clone->SourceReserved[0];
}

static NDIS_STATUS NTAPI
Attach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PVOID context = NULL, handlers = NULL; /* left alone: it is asked on what is no switch */
    NDIS_FILTER_ATTRIBUTES attributes;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterDriverContext);
    StackInterfaces.Module = AttachParameters->NetLuid;
    StackInterfaces.ModuleIndex = AttachParameters->IfIndex;
    StackInterfaces.ModuleBase = AttachParameters->BaseMiniportNetLuid;
    StackInterfaces.ModuleBaseIndex = AttachParameters->BaseMiniportIfIndex;
    NdisZeroMemory(&attributes, sizeof(attributes));
    CHECK(NdisFSetAttributes(NdisFilterHandle, &StackModule, &attributes) == NDIS_STATUS_FAILURE); /* no header */
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, &StackModule, &attributes);
    CHECK(NdisFGetOptionalSwitchHandlers(NdisFilterHandle, (PVOID)&context, (PVOID)&handlers) ==
          NDIS_STATUS_NOT_SUPPORTED);
    CHECK(context == NULL && handlers == NULL);
    if (status == NDIS_STATUS_SUCCESS)
        StackModule = NdisFilterHandle;
    return status;
}

static VOID NTAPI
Detach(NDIS_HANDLE FilterModuleContext)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    StackModule = NULL;
}

static VOID NTAPI
RestartedLater(PVOID Context, NDIS_HANDLE Item)
{
    InterlockedIncrement(&Seen.ModuleRestarts);
    NdisFRestartComplete(Context, NDIS_STATUS_SUCCESS);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);
    StackLater(StackModule, RestartedLater, StackModule);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
PausedLater(PVOID Context, NDIS_HANDLE Item)
{
    InterlockedIncrement(&Seen.ModulePauses);
    NdisFPauseComplete(Context);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);
    StackLater(StackModule, PausedLater, StackModule);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
Send(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleSends);
    NdisFSendNetBufferLists(StackModule, NetBufferList, PortNumber, SendFlags);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleSendsDone);
    if (NetBufferList->SourceHandle == StackModule)
        return; /* a test's own */
    NdisFSendNetBufferListsComplete(StackModule, NetBufferList, SendCompleteFlags);
}

static VOID NTAPI
CancelSend(NDIS_HANDLE FilterModuleContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleCancels);
    NdisFCancelSendNetBufferLists(StackModule, CancelId);
}

static VOID NTAPI
Receive(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleReceives);
    NdisFIndicateReceiveNetBufferLists(StackModule, NetBufferLists, PortNumber, NumberOfNetBufferLists, ReceiveFlags);
}

static VOID NTAPI
Return(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleReturns);
    NdisFReturnNetBufferLists(StackModule, NetBufferLists, ReturnFlags);
}

static PNDIS_OID_REQUEST
CloneOf(PNDIS_OID_REQUEST OidRequest)
{
    PNDIS_OID_REQUEST clone = NULL;

    InterlockedIncrement(&Seen.ModuleOids);
    if (NdisAllocateCloneOidRequest(StackModule, OidRequest, DDI_TAG, &clone) != NDIS_STATUS_SUCCESS)
        return NULL;
    *OriginalOf(clone) = OidRequest;
    clone->RequestId = OidRequest->RequestId;
    return clone;
}

/* Brings the answer into the original, frees the clone; the original. */
static PNDIS_OID_REQUEST
BackFromClone(PNDIS_OID_REQUEST Clone)
{
    PNDIS_OID_REQUEST original = *OriginalOf(Clone);

    if (original != NULL) {
        original->DATA = Clone->DATA;
        NdisFreeCloneOidRequest(StackModule, Clone);
    }
    return original;
}

static NDIS_STATUS NTAPI
Oid(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    PNDIS_OID_REQUEST clone = CloneOf(OidRequest);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterModuleContext);
    if (clone == NULL)
        return NDIS_STATUS_RESOURCES;
    status = NdisFOidRequest(StackModule, clone);
    if (status != NDIS_STATUS_PENDING)
        BackFromClone(clone);
    return status;
}

static VOID NTAPI
OidComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    PNDIS_OID_REQUEST original = BackFromClone(OidRequest);

    UNREFERENCED_PARAMETER(FilterModuleContext);
    if (original != NULL)
        NdisFOidRequestComplete(StackModule, original, Status);
    else
        StackLastStatus = Status;
}

static VOID NTAPI
CancelOid(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    NdisFCancelOidRequest(StackModule, RequestId);
}

static NDIS_STATUS NTAPI
DirectOid(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    PNDIS_OID_REQUEST clone = CloneOf(OidRequest);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterModuleContext);
    if (clone == NULL)
        return NDIS_STATUS_RESOURCES;
    status = NdisFDirectOidRequest(StackModule, clone);
    if (status != NDIS_STATUS_PENDING)
        BackFromClone(clone);
    return status;
}

static VOID NTAPI
DirectOidComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    PNDIS_OID_REQUEST original = BackFromClone(OidRequest);

    UNREFERENCED_PARAMETER(FilterModuleContext);
    if (original != NULL)
        NdisFDirectOidRequestComplete(StackModule, original, Status);
}

static VOID NTAPI
CancelDirectOid(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    NdisFCancelDirectOidRequest(StackModule, RequestId);
}

static VOID NTAPI
Status(NDIS_HANDLE FilterModuleContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleStatuses);
    NdisFIndicateStatus(StackModule, StatusIndication);
}

static VOID NTAPI
DevicePnP(NDIS_HANDLE FilterModuleContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleDevicePnP);
    NdisFDevicePnPEventNotify(StackModule, NetDevicePnPEvent);
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE FilterModuleContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    InterlockedIncrement(&Seen.ModuleNetPnP);
    return NdisFNetPnPEvent(StackModule, NetPnPEventNotification);
}

NDIS_STATUS
ModuleRegister(PDRIVER_OBJECT DriverObject)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, L"undis tests: stack");
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7c03}");
    RtlInitUnicodeString(&chars.ServiceName, L"ddi_stack_lwf");
    chars.AttachHandler = Attach;
    chars.DetachHandler = Detach;
    chars.RestartHandler = Restart;
    chars.PauseHandler = Pause;
    chars.SendNetBufferListsHandler = Send;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    chars.CancelSendNetBufferListsHandler = CancelSend;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.ReturnNetBufferListsHandler = Return;
    chars.OidRequestHandler = Oid;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.CancelOidRequestHandler = CancelOid;
    chars.DirectOidRequestHandler = DirectOid;
    chars.DirectOidRequestCompleteHandler = DirectOidComplete;
    chars.CancelDirectOidRequestHandler = CancelDirectOid;
    chars.StatusHandler = Status;
    chars.DevicePnPEventNotifyHandler = DevicePnP;
    chars.NetPnPEventHandler = NetPnP;
    return NdisFRegisterFilterDriver(DriverObject, DriverObject, &chars, &DdiFilterDriver);
}
