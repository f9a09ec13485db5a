/* SPDX-License-Identifier: MIT */
/*
 * binding.c - the protocol edge: bind and unbind, pause and restart, power, status, OID requests.
 *
 * Model: opening and closing the adapter may each pend; then the operation ends in the completion handler. Whoever
 * sends an OID request waits for it.
 */
#include "ndis6.h"

typedef struct _MUX_REQUEST {
    NDIS_OID_REQUEST Oid;
    KEVENT Done;
    NDIS_STATUS Status;
} MUX_REQUEST, *PMUX_REQUEST;

static NDIS_STATUS MuxFinishBind(PMUX_LOWER Lower, NDIS_STATUS Status);

static PMUX_LOWER
MuxCreateBinding(PNDIS_BIND_PARAMETERS Parameters)
{
    PMUX_BINDING binding;
    PMUX_LOWER lower;

    if (NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), MUX_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(binding, sizeof(*binding));
    binding->Medium = NdisMedium802_3;
    lower = MuxCreateLower(Parameters->AdapterName);
    if (lower == NULL) {
        NdisFreeMemory(binding, 0, 0);
        return NULL;
    }
    lower->Edge = binding;
    MuxDescribe(lower, Parameters->CurrentMacAddress, Parameters->MtuSize,
                Parameters->MediaConnectState == MediaConnectStateConnected, Parameters->XmitLinkSpeed);
    return lower;
}

static VOID
MuxFreeBinding(PMUX_LOWER Lower)
{
    NdisFreeMemory(Lower->Edge, 0, 0);
    MuxFreeLower(Lower);
}

_Use_decl_annotations_
NDIS_STATUS
MuxBindAdapter(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    NDIS_OPEN_PARAMETERS parameters;
    PMUX_BINDING binding;
    PMUX_LOWER lower;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);

    if (BindParameters->MediaType != NdisMedium802_3 || BindParameters->MacAddressLength != MUX_ADDRESS)
        return NDIS_STATUS_NOT_SUPPORTED;
    lower = MuxCreateBinding(BindParameters);
    if (lower == NULL)
        return NDIS_STATUS_RESOURCES;
    binding = lower->Edge;
    binding->PendingContext = BindContext;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &binding->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &binding->MediumIndex;
    status = NdisOpenAdapterEx(MuxProtocolHandle, lower, &parameters, BindContext, &lower->Binding);
    if (status == NDIS_STATUS_PENDING)
        return status; /* MuxOpenAdapterComplete goes on */
    return MuxFinishBind(lower, status);
}

_Use_decl_annotations_
VOID
MuxOpenAdapterComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    PMUX_LOWER lower = ProtocolBindingContext;
    NDIS_HANDLE context = ((PMUX_BINDING)lower->Edge)->PendingContext;

    NdisCompleteBindAdapterEx(context, MuxFinishBind(lower, Status));
}

/* Close a binding whose bind failed, or that is unbound. PENDING: MuxCloseAdapterComplete goes on. */
static NDIS_STATUS
MuxClose(PMUX_LOWER Lower)
{
    NDIS_STATUS status = NdisCloseAdapterEx(Lower->Binding);

    if (status != NDIS_STATUS_PENDING)
        MuxFreeBinding(Lower);
    return status;
}

static NDIS_STATUS
MuxFinishBind(PMUX_LOWER Lower, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS) {
        MuxFreeBinding(Lower);
        return Status;
    }
    Status = MuxOpened(Lower);
    if (Status != NDIS_STATUS_SUCCESS) {
        ((PMUX_BINDING)Lower->Edge)->PendingContext = NULL; /* no unbind waits for the close */
        MuxClose(Lower);
    }
    return Status;
}

_Use_decl_annotations_
NDIS_STATUS
MuxUnbindAdapter(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    PMUX_LOWER lower = ProtocolBindingContext;

    MuxClosing(lower);
    ((PMUX_BINDING)lower->Edge)->PendingContext = UnbindContext;
    return MuxClose(lower);
}

_Use_decl_annotations_
VOID
MuxCloseAdapterComplete(NDIS_HANDLE ProtocolBindingContext)
{
    PMUX_LOWER lower = ProtocolBindingContext;
    NDIS_HANDLE context = ((PMUX_BINDING)lower->Edge)->PendingContext;

    MuxFreeBinding(lower);
    if (context != NULL)
        NdisCompleteUnbindAdapterEx(context);
}

/* A pause, and a change to sleep, end when the last send is back. */
_Use_decl_annotations_
NDIS_STATUS
MuxNetPnPEvent(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    PNET_PNP_EVENT event = &NetPnPEventNotification->NetPnPEvent;
    PMUX_LOWER lower = ProtocolBindingContext;

    switch (event->NetEvent) {
    case NetEventPause:
        MuxSetState(lower, &lower->Paused, TRUE);
        break;
    case NetEventRestart:
        MuxSetState(lower, &lower->Paused, FALSE);
        break;
    case NetEventSetPower:
        MuxSetState(lower, &lower->Asleep, *(PNDIS_DEVICE_POWER_STATE)event->Buffer != NdisDeviceStateD0);
        break;
    default:
        break;
    }
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
MuxStatus(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    PNDIS_LINK_STATE state = StatusIndication->StatusBuffer;

    if (StatusIndication->StatusCode == NDIS_STATUS_LINK_STATE && StatusIndication->StatusBufferSize >= sizeof(*state))
        MuxSetLink(ProtocolBindingContext, state->MediaConnectState == MediaConnectStateConnected,
                   state->XmitLinkSpeed);
}

NDIS_STATUS
EdgeSetFilter(PMUX_LOWER Lower, ULONG PacketFilter)
{
    MUX_REQUEST request;
    NDIS_STATUS status;

    NdisZeroMemory(&request, sizeof(request));
    KeInitializeEvent(&request.Done, NotificationEvent, FALSE);
    request.Oid.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    request.Oid.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    request.Oid.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    request.Oid.RequestType = NdisRequestSetInformation;
    request.Oid.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    request.Oid.DATA.SET_INFORMATION.InformationBuffer = &PacketFilter;
    request.Oid.DATA.SET_INFORMATION.InformationBufferLength = sizeof(PacketFilter);
    status = NdisOidRequest(Lower->Binding, &request.Oid);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&request.Done, Executive, KernelMode, FALSE, NULL);
        status = request.Status;
    }
    return status;
}

_Use_decl_annotations_
VOID
MuxOidRequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    PMUX_REQUEST request = CONTAINING_RECORD(OidRequest, MUX_REQUEST, Oid);

    UNREFERENCED_PARAMETER(ProtocolBindingContext);

    request->Status = Status;
    KeSetEvent(&request->Done, IO_NETWORK_INCREMENT, FALSE);
}
