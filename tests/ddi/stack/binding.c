/* SPDX-License-Identifier: MIT */
/* binding.c - the protocol: opens the adapter, completes bind, unbind and pause later, counts what comes. */
#include "stack.h"

NDIS_HANDLE StackBinding;
NDIS_HANDLE StackProtocolDriver;
NDIS_STATUS StackLastStatus, StackIndicated;
ULONG StackIndicatedValue;
volatile LONG StackPendsEvents, StackRefusesRemoval;
ULONG StackBoundPorts;

static NDIS_HANDLE BindContext, UnbindContext;
static BOOLEAN Started;

/* Not a thread of the driver's own: what waits in such a one keeps nobody, so the machine would go on without it. */
static VOID NTAPI
TestLater(PVOID Context, NDIS_HANDLE Item)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Item);
    StackRunTests();
}

static VOID NTAPI
BoundLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisCompleteBindAdapterEx(BindContext, (NDIS_STATUS)(ULONG_PTR)Context);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE Context, PNDIS_BIND_PARAMETERS BindParameters)
{
    static NDIS_MEDIUM wrong = NdisMediumTunnel, medium = NdisMedium802_3;
    static UINT index;
    NDIS_STRING nowhere = NDIS_STRING_CONST("\\Device\\{no adapter}");
    NDIS_STRING name;
    NDIS_OPEN_PARAMETERS parameters;
    PNDIS_PORT port;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    if (StackBinding != NULL || StackPort == NULL)
        return NDIS_STATUS_NOT_SUPPORTED; /* another's adapter */
    CHECK(NdisQueryBindInstanceName(&name, Context) == NDIS_STATUS_SUCCESS && name.Length > 0);
    NdisFreeMemory(name.Buffer, 0, 0);
    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &wrong;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &index;
    CHECK(NdisOpenAdapterEx(StackProtocolDriver, &StackBinding, &parameters, Context, &StackBinding) ==
          NDIS_STATUS_UNSUPPORTED_MEDIA);
    parameters.MediumArray = &medium;
    parameters.AdapterName = &nowhere;
    CHECK(NdisOpenAdapterEx(StackProtocolDriver, &StackBinding, &parameters, Context, &StackBinding) ==
          NDIS_STATUS_ADAPTER_NOT_FOUND);
    parameters.AdapterName = BindParameters->AdapterName;
    StackBoundPorts = 0;
    for (port = BindParameters->ActivePorts; port != NULL; port = port->Next)
        StackBoundPorts++;
    StackInterfaces.Bound = BindParameters->BoundIfNetluid;
    StackInterfaces.BoundIndex = BindParameters->BoundIfIndex;
    BindContext = Context;
    status = NdisOpenAdapterEx(StackProtocolDriver, &StackBinding, &parameters, Context, &StackBinding);
    if (status == NDIS_STATUS_PENDING)
        return status;
    InterlockedIncrement(&Seen.BindingBinds);
    StackLater(DdiFilterDriver, BoundLater, (PVOID)(ULONG_PTR)(ULONG)status);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    InterlockedIncrement(&Seen.BindingBinds);
    NdisCompleteBindAdapterEx(BindContext, Status);
}

static VOID NTAPI
ClosedLater(PVOID Context, NDIS_HANDLE Item)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&Seen.BindingUnbinds);
    NdisCompleteUnbindAdapterEx(UnbindContext);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
Unbind(NDIS_HANDLE Context, NDIS_HANDLE ProtocolBindingContext)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UnbindContext = Context;
    status = NdisCloseAdapterEx(StackBinding);
    if (status == NDIS_STATUS_PENDING)
        return status;
    StackBinding = NULL;
    StackLater(DdiFilterDriver, ClosedLater, NULL);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    StackBinding = NULL;
    InterlockedIncrement(&Seen.BindingUnbinds);
    NdisCompleteUnbindAdapterEx(UnbindContext);
}

static VOID NTAPI
EventLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisCompleteNetPnPEvent(StackBinding, Context, NDIS_STATUS_SUCCESS);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    PNDIS_PORT port;

    if (ProtocolBindingContext == NULL)
        return NDIS_STATUS_SUCCESS;
    switch (NetPnPEventNotification->NetPnPEvent.NetEvent) {
    case NetEventPause:
        InterlockedIncrement(&Seen.BindingPauses);
        StackLater(DdiFilterDriver, EventLater, NetPnPEventNotification);
        return NDIS_STATUS_PENDING;
    case NetEventRestart:
        InterlockedIncrement(&Seen.BindingRestarts);
        if (!Started) {
            Started = TRUE;
            StackLater(DdiFilterDriver, TestLater, NULL);
        }
        return NDIS_STATUS_SUCCESS;
    case NetEventPortActivation:
        for (port = NetPnPEventNotification->NetPnPEvent.Buffer; port != NULL; port = port->Next)
            InterlockedIncrement(&Seen.BindingPortsOn);
        break;
    case NetEventPortDeactivation:
        InterlockedExchangeAdd(&Seen.BindingPortsOff,
                               NetPnPEventNotification->NetPnPEvent.BufferLength / sizeof(NDIS_PORT_NUMBER));
        break;
    default:
        break;
    }
    InterlockedIncrement(&Seen.BindingNetPnP);
    if (NetPnPEventNotification->NetPnPEvent.NetEvent == NetEventSetPower)
        InterlockedIncrement(&Seen.BindingPowers);
    if (NetPnPEventNotification->NetPnPEvent.NetEvent == NetEventQueryRemoveDevice && StackRefusesRemoval)
        return NDIS_STATUS_FAILURE;
    if (!StackPendsEvents)
        return NDIS_STATUS_SUCCESS;
    StackLater(DdiFilterDriver, EventLater, NetPnPEventNotification);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    StackLastStatus = Status;
    InterlockedIncrement(&Seen.BindingOidsDone);
}

static VOID NTAPI
DirectOidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    StackLastStatus = Status;
    InterlockedIncrement(&Seen.BindingDirectsDone);
}

static VOID NTAPI
Status(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    StackIndicated = StatusIndication->StatusCode;
    if (StatusIndication->StatusBufferSize >= sizeof(ULONG))
        StackIndicatedValue = *(PULONG)StatusIndication->StatusBuffer;
    if (StatusIndication->StatusCode == NDIS_STATUS_MEDIA_SPECIFIC_INDICATION)
        InterlockedIncrement(&Seen.BindingStatuses);
    if (StatusIndication->StatusCode == NDIS_STATUS_RESET_START)
        InterlockedIncrement(&Seen.BindingResetsBegun);
    if (StatusIndication->StatusCode == NDIS_STATUS_RESET_END)
        InterlockedIncrement(&Seen.BindingResetsEnded);
    if (StatusIndication->StatusCode == NDIS_STATUS_PORT_STATE)
        InterlockedIncrement(&Seen.BindingPortStates);
}

static VOID NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    InterlockedIncrement(&Seen.BindingReceives);
    if (NDIS_TEST_RECEIVE_CAN_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(StackBinding, NetBufferLists, 0);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(SendCompleteFlags);
    StackLastStatus = NET_BUFFER_LIST_STATUS(NetBufferList);
    InterlockedIncrement(&Seen.BindingSendsDone);
}

NDIS_STATUS
BindingRegister(VOID)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"DDI_STACK");
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.DirectOidRequestCompleteHandler = DirectOidComplete;
    chars.StatusHandlerEx = Status;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &StackProtocolDriver);
}
