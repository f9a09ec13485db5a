/* SPDX-License-Identifier: MIT */
/* onlooker.c - see onlooker.h. No adapter is open, so most handlers are never called. */
#include "onlooker.h"

static NDIS_HANDLE Handle;
static VOID (*Offered)(PNDIS_STRING AdapterName);
static VOID (*Event)(PNET_PNP_EVENT Event);

static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    UNREFERENCED_PARAMETER(BindContext);

    if (Offered != NULL)
        Offered(BindParameters->AdapterName);
    return NDIS_STATUS_NOT_RECOGNIZED;
}

static NDIS_STATUS NTAPI
Unbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(UnbindContext);
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEvent)
{
    if (Event != NULL && ProtocolBindingContext == NULL)
        Event(&NetPnPEvent->NetPnPEvent);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
StatusIndicated(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusIndication);
}

static VOID NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetBufferLists);
    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    UNREFERENCED_PARAMETER(ReceiveFlags);
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
    NdisDeregisterProtocolDriver(Handle);
}

NDIS_STATUS
OnlookerRegister(PDRIVER_OBJECT DriverObject, PCWSTR Name, VOID (*OnOffered)(PNDIS_STRING AdapterName),
                 VOID (*OnEvent)(PNET_PNP_EVENT Event))
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    Offered = OnOffered;
    Event = OnEvent;
    DriverObject->DriverUnload = Unload;
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, Name);
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.StatusHandlerEx = StatusIndicated;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &Handle);
}
