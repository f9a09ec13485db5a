/* SPDX-License-Identifier: MIT */
/*
 * oid.c - OID requests: for the packet filter, and for programs.
 *
 * Model: who asks waits, at PASSIVE_LEVEL or APC_LEVEL, so request and answer lie on its stack. It has counted itself
 * in Binding->Requests.
 */
#include "ndisprot.h"

typedef struct _NP_REQUEST {
    NDIS_OID_REQUEST Oid;
    KEVENT Done;
    NDIS_STATUS Status;
} NP_REQUEST, *PNP_REQUEST;

/* Length bytes at Buffer go out or come in; *Done is how many did, or how many it would have taken. */
NDIS_STATUS
NpOidRequest(PNP_BINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, NDIS_PORT_NUMBER Port, PVOID Buffer,
             ULONG Length, PULONG Done)
{
    NP_REQUEST request;
    NDIS_STATUS status;

    NdisZeroMemory(&request, sizeof(request));
    KeInitializeEvent(&request.Done, NotificationEvent, FALSE);
    request.Oid.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    request.Oid.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    request.Oid.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    request.Oid.RequestType = Type;
    request.Oid.PortNumber = Port;
    if (Type == NdisRequestQueryInformation) {
        request.Oid.DATA.QUERY_INFORMATION.Oid = Oid;
        request.Oid.DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
        request.Oid.DATA.QUERY_INFORMATION.InformationBufferLength = Length;
    } else {
        request.Oid.DATA.SET_INFORMATION.Oid = Oid;
        request.Oid.DATA.SET_INFORMATION.InformationBuffer = Buffer;
        request.Oid.DATA.SET_INFORMATION.InformationBufferLength = Length;
    }

    status = NdisOidRequest(Binding->BindingHandle, &request.Oid);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&request.Done, Executive, KernelMode, FALSE, NULL);
        status = request.Status;
    }
    if (Type == NdisRequestQueryInformation)
        *Done = status == NDIS_STATUS_SUCCESS ? request.Oid.DATA.QUERY_INFORMATION.BytesWritten
                                              : request.Oid.DATA.QUERY_INFORMATION.BytesNeeded;
    else
        *Done = status == NDIS_STATUS_SUCCESS ? request.Oid.DATA.SET_INFORMATION.BytesRead
                                              : request.Oid.DATA.SET_INFORMATION.BytesNeeded;
    return status;
}

_Use_decl_annotations_
VOID
NpOidRequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    PNP_REQUEST request = CONTAINING_RECORD(OidRequest, NP_REQUEST, Oid);

    UNREFERENCED_PARAMETER(ProtocolBindingContext);

    request->Status = Status;
    KeSetEvent(&request->Done, IO_NETWORK_INCREMENT, FALSE);
}
