/* SPDX-License-Identifier: MIT */
/* binding.c - bind and unbind, pause and restart, the packet filter. */
#include "responder.h"

typedef struct _RS_REQUEST {
    NDIS_OID_REQUEST Oid;
    KEVENT Done;
    NDIS_STATUS Status;
} RS_REQUEST, *PRS_REQUEST;

static NDIS_STATUS RsFinishBind(PRS_BINDING Binding, NDIS_STATUS Status);

static VOID
RsFree(PRS_BINDING Binding)
{
    RsDestroyAnswers(Binding);
    NdisFreeMemory(Binding, 0, 0);
}

static PRS_BINDING
RsCreate(PNDIS_BIND_PARAMETERS Parameters)
{
    PRS_BINDING binding;

    if (NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), RS_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(binding, sizeof(*binding));
    binding->Medium = NdisMedium802_3;
    KeInitializeSpinLock(&binding->Lock);
    KeInitializeEvent(&binding->Idle, NotificationEvent, TRUE);
    InitializeListHead(&binding->Free);
    NdisMoveMemory(binding->Address, Parameters->CurrentMacAddress, sizeof(binding->Address));
    if (RsCreateAnswers(binding) != NDIS_STATUS_SUCCESS) {
        RsFree(binding);
        return NULL;
    }
    return binding;
}

_Use_decl_annotations_
NDIS_STATUS
RsBindAdapter(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    NDIS_OPEN_PARAMETERS parameters;
    PRS_BINDING binding;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);

    if (BindParameters->MediaType != NdisMedium802_3)
        return NDIS_STATUS_NOT_SUPPORTED;
    binding = RsCreate(BindParameters);
    if (binding == NULL)
        return NDIS_STATUS_RESOURCES;
    binding->PendingContext = BindContext;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &binding->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &binding->MediumIndex;
    status = NdisOpenAdapterEx(RsProtocolHandle, binding, &parameters, BindContext, &binding->Handle);
    if (status == NDIS_STATUS_PENDING)
        return status; /* RsOpenAdapterComplete goes on */
    return RsFinishBind(binding, status);
}

_Use_decl_annotations_
VOID
RsOpenAdapterComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    PRS_BINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    NdisCompleteBindAdapterEx(context, RsFinishBind(binding, Status));
}

static NDIS_STATUS
RsSetFilter(PRS_BINDING Binding, ULONG Filter)
{
    RS_REQUEST request;
    NDIS_STATUS status;

    NdisZeroMemory(&request, sizeof(request));
    KeInitializeEvent(&request.Done, NotificationEvent, FALSE);
    request.Oid.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    request.Oid.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    request.Oid.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    request.Oid.RequestType = NdisRequestSetInformation;
    request.Oid.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    request.Oid.DATA.SET_INFORMATION.InformationBuffer = &Filter;
    request.Oid.DATA.SET_INFORMATION.InformationBufferLength = sizeof(Filter);
    status = NdisOidRequest(Binding->Handle, &request.Oid);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&request.Done, Executive, KernelMode, FALSE, NULL);
        status = request.Status;
    }
    return status;
}

_Use_decl_annotations_
VOID
RsOidRequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    PRS_REQUEST request = CONTAINING_RECORD(OidRequest, RS_REQUEST, Oid);

    UNREFERENCED_PARAMETER(ProtocolBindingContext);

    request->Status = Status;
    KeSetEvent(&request->Done, IO_NETWORK_INCREMENT, FALSE);
}

/* PENDING: RsCloseAdapterComplete goes on. */
static NDIS_STATUS
RsClose(PRS_BINDING Binding, NDIS_HANDLE UnbindContext)
{
    NDIS_STATUS status;

    Binding->PendingContext = UnbindContext;
    status = NdisCloseAdapterEx(Binding->Handle);
    if (status != NDIS_STATUS_PENDING)
        RsFree(Binding);
    return status;
}

static NDIS_STATUS
RsFinishBind(PRS_BINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS) {
        RsFree(Binding);
        return Status;
    }
    Status = RsSetFilter(Binding, NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST);
    if (Status != NDIS_STATUS_SUCCESS)
        RsClose(Binding, NULL);
    return Status;
}

/* Nothing is answered from here on; returns when the last answer is back. */
static VOID
RsStop(PRS_BINDING Binding)
{
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    Binding->Running = FALSE;
    KeReleaseSpinLock(&Binding->Lock, irql);
    KeWaitForSingleObject(&Binding->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Binding->Lock, &irql); /* whoever set the event has let go of the lock when we have had it */
    KeReleaseSpinLock(&Binding->Lock, irql);
}

_Use_decl_annotations_
NDIS_STATUS
RsUnbindAdapter(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    RsStop(ProtocolBindingContext);
    RsSetFilter(ProtocolBindingContext, 0);
    return RsClose(ProtocolBindingContext, UnbindContext);
}

_Use_decl_annotations_
VOID
RsCloseAdapterComplete(NDIS_HANDLE ProtocolBindingContext)
{
    PRS_BINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    RsFree(binding);
    if (context != NULL)
        NdisCompleteUnbindAdapterEx(context);
}

_Use_decl_annotations_
NDIS_STATUS
RsNetPnPEvent(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    PRS_BINDING binding = ProtocolBindingContext;
    KIRQL irql;

    switch (NetPnPEventNotification->NetPnPEvent.NetEvent) {
    case NetEventPause:
        RsStop(binding);
        break;
    case NetEventRestart:
        KeAcquireSpinLock(&binding->Lock, &irql);
        binding->Running = TRUE;
        KeReleaseSpinLock(&binding->Lock, irql);
        break;
    default:
        break;
    }
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
RsStatus(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusIndication);
}
