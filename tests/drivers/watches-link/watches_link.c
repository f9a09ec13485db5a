/* SPDX-License-Identifier: MIT */
/*
 * watches_link.c - a protocol over an intermediate driver's virtual adapter and the one below. When that one has slept,
 * and the virtual adapter lost its link for it, or went, and has it again, the machine is stopped with 1, or 2. So a
 * test sees by the finding that the upper adapter followed.
 */
#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

DRIVER_INITIALIZE DriverEntry;

typedef struct _WATCH {
    NDIS_HANDLE Handle;
    NDIS_HANDLE Context; /* bind or unbind that pends */
    NDIS_MEDIUM Medium;
    UINT Index;
    BOOLEAN Virtual;
    BOOLEAN Lost;
} WATCH;

static NDIS_HANDLE DriverHandle;
static BOOLEAN Slept; /* the lower adapter */
static BOOLEAN Gone;  /* the virtual one, since it was bound last */

static VOID
Followed(ULONG_PTR How)
{
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, How, 0, 0, 0);
}

/* Virtual adapters of drivers/mux* are called Mux and a number. */
static BOOLEAN
IsVirtual(PNDIS_STRING Name)
{
    ULONG i;

    for (i = 0; i + 3 <= Name->Length / sizeof(WCHAR); i++)
        if (Name->Buffer[i] == L'M' && Name->Buffer[i + 1] == L'u' && Name->Buffer[i + 2] == L'x')
            return TRUE;
    return FALSE;
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    WATCH *watch = ProtocolBindingContext;
    NDIS_HANDLE context = watch->Context;

    if (Status != NDIS_STATUS_SUCCESS)
        NdisFreeMemory(watch, 0, 0);
    NdisCompleteBindAdapterEx(context, Status);
}

static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    NDIS_OPEN_PARAMETERS parameters;
    NDIS_STATUS status;
    WATCH *watch;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    if (NdisAllocateMemoryWithTag((PVOID *)&watch, sizeof(*watch), 'hctW') != NDIS_STATUS_SUCCESS)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(watch, sizeof(*watch));
    watch->Context = BindContext;
    watch->Medium = NdisMedium802_3;
    watch->Virtual = IsVirtual(BindParameters->AdapterName);
    if (watch->Virtual && Slept && Gone)
        Followed(2);
    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &watch->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &watch->Index;
    status = NdisOpenAdapterEx(DriverHandle, watch, &parameters, BindContext, &watch->Handle);
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_PENDING)
        NdisFreeMemory(watch, 0, 0);
    return status;
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    WATCH *watch = ProtocolBindingContext;
    NDIS_HANDLE context = watch->Context;

    NdisFreeMemory(watch, 0, 0);
    NdisCompleteUnbindAdapterEx(context);
}

static NDIS_STATUS NTAPI
Unbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    WATCH *watch = ProtocolBindingContext;
    NDIS_STATUS status;

    watch->Context = UnbindContext;
    if (watch->Virtual)
        Gone = TRUE;
    status = NdisCloseAdapterEx(watch->Handle);
    if (status != NDIS_STATUS_PENDING)
        NdisFreeMemory(watch, 0, 0);
    return status;
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    WATCH *watch = ProtocolBindingContext;
    PNET_PNP_EVENT event = &NetPnPEventNotification->NetPnPEvent;

    if (watch != NULL && !watch->Virtual && event->NetEvent == NetEventSetPower &&
        *(PNDIS_DEVICE_POWER_STATE)event->Buffer != NdisDeviceStateD0)
        Slept = TRUE;
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
Status(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    WATCH *watch = ProtocolBindingContext;
    PNDIS_LINK_STATE link = StatusIndication->StatusBuffer;

    if (!watch->Virtual || StatusIndication->StatusCode != NDIS_STATUS_LINK_STATE)
        return;
    if (watch->Lost && Slept && link->MediaConnectState == MediaConnectStateConnected)
        Followed(1);
    watch->Lost = link->MediaConnectState == MediaConnectStateDisconnected;
}

static VOID NTAPI
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS OidStatus)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    UNREFERENCED_PARAMETER(OidStatus);
}

/* No packet filter is set, so nothing comes. */
static VOID NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    WATCH *watch = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    if (NDIS_TEST_RECEIVE_CAN_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(watch->Handle, NetBufferLists, 0);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetBufferList);
    UNREFERENCED_PARAMETER(SendCompleteFlags);
}

static VOID NTAPI
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(DriverHandle);
}

static NDIS_STATUS NTAPI
SetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    UNREFERENCED_PARAMETER(DriverContext);
    DriverHandle = NdisDriverHandle;
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"WATCHES_LINK");
    chars.SetOptionsHandler = SetOptions;
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.StatusHandlerEx = Status;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &DriverHandle);
}
