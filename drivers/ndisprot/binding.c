/* SPDX-License-Identifier: MIT */
/*
 * binding.c - adapters come and go.
 *
 * Model: NDIS binds and unbinds on threads of its own, one operation at a time per adapter. Opening and closing the
 * adapter may each pend; then the operation ends in the completion handler, with the context NDIS gave. Programs see
 * a binding from NpPublish to NpWithdraw.
 */
#include "ndisprot.h"

static NDIS_STATUS NpFinishBind(PNP_BINDING Binding, NDIS_STATUS Status);
static VOID NpFreeBinding(PNP_BINDING Binding);

_Use_decl_annotations_
NDIS_STATUS
NpBindAdapter(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    NDIS_OPEN_PARAMETERS parameters;
    PNP_BINDING binding;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);

    if (BindParameters->MediaType != NdisMedium802_3 ||
        BindParameters->AdapterName->Length >= sizeof(binding->NameBuffer))
        return NDIS_STATUS_NOT_SUPPORTED;

    binding = NpAllocate(sizeof(*binding));
    if (binding == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(binding, sizeof(*binding));
    NpInitializeBinding(binding, BindParameters->AdapterName);
    binding->MaxFrame = BindParameters->MtuSize + NP_ETHERNET_HEADER;
    binding->LinkUp = BindParameters->MediaConnectState == MediaConnectStateConnected;
    NdisMoveMemory(binding->MacAddress, BindParameters->CurrentMacAddress, sizeof(binding->MacAddress));

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = BindParameters->AdapterName;
    parameters.MediumArray = &binding->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &binding->MediumIndex;
    parameters.FrameTypeArray = NULL; /* frames of every type */
    parameters.FrameTypeArraySize = 0;

    binding->PendingContext = BindContext;
    status = NdisOpenAdapterEx(NpProtocolHandle, binding, &parameters, BindContext, &binding->BindingHandle);
    if (status == NDIS_STATUS_PENDING)
        return status; /* NpOpenAdapterComplete goes on */
    return NpFinishBind(binding, status);
}

_Use_decl_annotations_
VOID
NpOpenAdapterComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    PNP_BINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    NdisCompleteBindAdapterEx(context, NpFinishBind(binding, Status));
}

/* The adapter is open, or could not be opened. */
static NDIS_STATUS
NpFinishBind(PNP_BINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS) {
        NpFreeBinding(Binding);
        return Status;
    }
    NpPublish(Binding);
    return NDIS_STATUS_SUCCESS;
}

/* NDIS has paused the binding. Nothing new is counted once it is withdrawn, so Idle comes and stays. */
_Use_decl_annotations_
NDIS_STATUS
NpUnbindAdapter(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    PNP_BINDING binding = ProtocolBindingContext;
    NDIS_STATUS status;

    NpWithdraw(binding);
    NpWaitIdle(binding, &binding->Requests);
    NpWaitIdle(binding, &binding->Sends);

    binding->PendingContext = UnbindContext;
    status = NdisCloseAdapterEx(binding->BindingHandle);
    if (status == NDIS_STATUS_PENDING)
        return status; /* NpCloseAdapterComplete goes on */
    NpFreeBinding(binding);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
NpCloseAdapterComplete(NDIS_HANDLE ProtocolBindingContext)
{
    PNP_BINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    NpFreeBinding(binding);
    NdisCompleteUnbindAdapterEx(context);
}

static VOID
NpFreeBinding(PNP_BINDING Binding)
{
    NdisFreeSpinLock(&Binding->Lock);
    NdisFreeMemory(Binding, 0, 0);
}
