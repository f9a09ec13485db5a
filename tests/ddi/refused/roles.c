/* SPDX-License-Identifier: MIT */
/* roles.c - entry, the filter, the protocol; when to ask. See refused.h. */
#include "refused.h"

typedef struct _BINDING {
    NDIS_HANDLE Handle;
    NDIS_HANDLE PendingContext; /* bind or unbind that pended */
    NDIS_MEDIUM Medium;
    UINT MediumIndex;
} BINDING, *PBINDING;

NDIS_HANDLE DdiFilterDriver, RefusedModule, RefusedBinding;
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

static NDIS_HANDLE ProtocolDriver;
static KEVENT Quiet; /* set while nobody asks */
static BOOLEAN Asked;

/* ---- asking ---- */

static VOID NTAPI
Ask(PVOID Context, NDIS_HANDLE Item)
{
    ULONG failed = DdiRunGroup(&refusedGroup);

    UNREFERENCED_PARAMETER(Context);
    if (failed != 0)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, refusedGroup.Count - failed, failed, 0, 0);
    NdisFreeIoWorkItem(Item);
    KeSetEvent(&Quiet, IO_NO_INCREMENT, FALSE);
}

static VOID
AskOnce(PBINDING Binding)
{
    NDIS_HANDLE item;

    if (Asked || RefusedModule == NULL || (item = NdisAllocateIoWorkItem(DdiFilterDriver)) == NULL)
        return;
    Asked = TRUE;
    RefusedBinding = Binding->Handle;
    KeClearEvent(&Quiet);
    NdisQueueIoWorkItem(item, Ask, NULL);
}

static VOID
WaitUntilQuiet(VOID)
{
    KeWaitForSingleObject(&Quiet, Executive, KernelMode, FALSE, NULL);
}

/* ---- the filter ---- */

static NDIS_STATUS NTAPI
Attach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterDriverContext);
    UNREFERENCED_PARAMETER(AttachParameters);
    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, NdisFilterHandle, &attributes);
    if (status == NDIS_STATUS_SUCCESS && RefusedModule == NULL)
        RefusedModule = NdisFilterHandle;
    return status;
}

static VOID NTAPI
Detach(NDIS_HANDLE FilterModuleContext)
{
    WaitUntilQuiet();
    if (RefusedModule == FilterModuleContext)
        RefusedModule = NULL;
}

static NDIS_STATUS NTAPI
Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
RegisterFilter(PDRIVER_OBJECT DriverObject)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, L"undis tests: refused");
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7c05}");
    RtlInitUnicodeString(&chars.ServiceName, L"ddi_refused");
    chars.AttachHandler = Attach;
    chars.DetachHandler = Detach;
    chars.RestartHandler = Restart;
    chars.PauseHandler = Pause;
    return NdisFRegisterFilterDriver(DriverObject, DriverObject, &chars, &DdiFilterDriver);
}

/* ---- the protocol ---- */

static NDIS_STATUS
Opened(PBINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS)
        NdisFreeMemory(Binding, 0, 0);
    return Status;
}

static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    NDIS_OPEN_PARAMETERS parameters;
    PBINDING binding;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    status = RefusedName(BindContext);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), DDI_TAG) != NDIS_STATUS_SUCCESS)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(binding, sizeof(*binding));
    binding->Medium = NdisMedium802_3;
    binding->PendingContext = BindContext;
    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &binding->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &binding->MediumIndex;
    status = NdisOpenAdapterEx(ProtocolDriver, binding, &parameters, BindContext, &binding->Handle);
    return status == NDIS_STATUS_PENDING ? status : Opened(binding, status);
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    NDIS_HANDLE context = ((PBINDING)ProtocolBindingContext)->PendingContext;

    NdisCompleteBindAdapterEx(context, Opened(ProtocolBindingContext, Status));
}

static NDIS_STATUS NTAPI
Unbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    PBINDING binding = ProtocolBindingContext;
    NDIS_STATUS status;

    WaitUntilQuiet();
    binding->PendingContext = UnbindContext;
    status = NdisCloseAdapterEx(binding->Handle);
    if (status != NDIS_STATUS_PENDING)
        NdisFreeMemory(binding, 0, 0);
    return status;
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    NDIS_HANDLE context = ((PBINDING)ProtocolBindingContext)->PendingContext;

    NdisFreeMemory(ProtocolBindingContext, 0, 0);
    NdisCompleteUnbindAdapterEx(context);
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    if (NetPnPEventNotification->NetPnPEvent.NetEvent == NetEventRestart)
        AskOnce(ProtocolBindingContext);
    return NDIS_STATUS_SUCCESS;
}

/* This protocol asks nothing, sends nothing, and sets no packet filter. */
static VOID NTAPI
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
StatusOf(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusIndication);
}

static VOID NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PBINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    if (NDIS_TEST_RECEIVE_CAN_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(binding->Handle, NetBufferLists, 0);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetBufferList);
    UNREFERENCED_PARAMETER(SendCompleteFlags);
}

static NDIS_STATUS
RegisterProtocol(VOID)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"DDI_REFUSED");
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.StatusHandlerEx = StatusOf;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &ProtocolDriver);
}

/* ---- the driver ---- */

static VOID NTAPI
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(ProtocolDriver);
    NdisFDeregisterFilterDriver(DdiFilterDriver);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_STATUS status;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;
    DriverObject->DriverUnload = Unload;
    KeInitializeEvent(&Quiet, NotificationEvent, TRUE);
    status = RegisterFilter(DriverObject);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    status = RegisterProtocol();
    if (status != NDIS_STATUS_SUCCESS)
        NdisFDeregisterFilterDriver(DdiFilterDriver);
    return status;
}
