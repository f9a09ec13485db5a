/* SPDX-License-Identifier: MIT */
/* event5.c - requests of the driver's own, and what NDIS tells a binding: status, power. */
#include "ndis5.h"

typedef struct _NP_REQUEST {
    NDIS_REQUEST Request;
    KEVENT Done;
    NDIS_STATUS Status;
} NP_REQUEST, *PNP_REQUEST;

/* As its namesake for NDIS 6 (ndisprot/oid.c); NDIS 5 knows no ports. */
NDIS_STATUS
NpOidRequest(PNP_BINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, NDIS_PORT_NUMBER Port, PVOID Buffer,
             ULONG Length, PULONG Done)
{
    NP_REQUEST request;
    NDIS_STATUS status;

    *Done = 0;
    if (Port != NDIS_DEFAULT_PORT_NUMBER)
        return NDIS_STATUS_INVALID_PORT;
    NdisZeroMemory(&request, sizeof(request));
    KeInitializeEvent(&request.Done, NotificationEvent, FALSE);
    request.Request.RequestType = Type;
    if (Type == NdisRequestQueryInformation) {
        request.Request.DATA.QUERY_INFORMATION.Oid = Oid;
        request.Request.DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
        request.Request.DATA.QUERY_INFORMATION.InformationBufferLength = Length;
    } else {
        request.Request.DATA.SET_INFORMATION.Oid = Oid;
        request.Request.DATA.SET_INFORMATION.InformationBuffer = Buffer;
        request.Request.DATA.SET_INFORMATION.InformationBufferLength = Length;
    }

    NdisRequest(&status, Binding->BindingHandle, &request.Request);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&request.Done, Executive, KernelMode, FALSE, NULL);
        status = request.Status;
    }
    if (Type == NdisRequestQueryInformation)
        *Done = status == NDIS_STATUS_SUCCESS ? request.Request.DATA.QUERY_INFORMATION.BytesWritten
                                              : request.Request.DATA.QUERY_INFORMATION.BytesNeeded;
    else
        *Done = status == NDIS_STATUS_SUCCESS ? request.Request.DATA.SET_INFORMATION.BytesRead
                                              : request.Request.DATA.SET_INFORMATION.BytesNeeded;
    return status;
}

VOID NTAPI
NpRequestComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status)
{
    PNP_REQUEST request = CONTAINING_RECORD(NdisRequest, NP_REQUEST, Request);

    UNREFERENCED_PARAMETER(ProtocolBindingContext);

    request->Status = Status;
    KeSetEvent(&request->Done, IO_NETWORK_INCREMENT, FALSE);
}

VOID NTAPI
NpStatus5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    NP_LINK link = NpLinkSame;

    if (GeneralStatus == NDIS_STATUS_MEDIA_CONNECT)
        link = NpLinkUp;
    else if (GeneralStatus == NDIS_STATUS_MEDIA_DISCONNECT)
        link = NpLinkDown;
    NpTellStatus(ProtocolBindingContext, link, GeneralStatus, StatusBuffer, StatusBufferSize);
}

VOID NTAPI
NpStatusComplete5(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext); /* each status was told as it came */
}

/* NpStatus5 has told programs of the reset; sends that it ended come back by themselves. */
VOID NTAPI
NpResetComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
}

/* ProtocolBindingContext is NULL for events about the driver as a whole. */
NDIS_STATUS NTAPI
NpPnPEvent5(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT NetPnPEvent)
{
    switch (NetPnPEvent->NetEvent) {
    case NetEventBindsComplete:
        KeSetEvent(&NpBindsComplete, IO_NO_INCREMENT, FALSE);
        break;
    case NetEventSetPower:
        if (NetPnPEvent->BufferLength < sizeof(NDIS_DEVICE_POWER_STATE))
            return NDIS_STATUS_INVALID_LENGTH;
        NpSetPower(ProtocolBindingContext, *(PNDIS_DEVICE_POWER_STATE)NetPnPEvent->Buffer);
        break;
    default:
        break; /* asked whether we mind: we do not; told: we have no use for it */
    }
    return NDIS_STATUS_SUCCESS;
}
