/* SPDX-License-Identifier: MIT */
/*
 * binding.c - adapters come and go.
 *
 * Model: NDIS binds and unbinds on threads of its own, one operation at a time per adapter. Opening and closing the
 * adapter may each pend; then the operation ends in the completion handler, with the context NDIS gave. Programs see
 * a binding from NpPublish to NpWithdraw.
 */
#include "ndisprot.h"

static NDIS_STATUS NpPublish(PNP_BINDING Binding, NDIS_STATUS Status);
static VOID NpWithdraw(PNP_BINDING Binding);
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

    binding = NdisAllocateMemoryWithTagPriority(NpProtocolHandle, sizeof(*binding), NP_TAG, NormalPoolPriority);
    if (binding == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(binding, sizeof(*binding));
    InitializeListHead(&binding->Opens);
    NdisAllocateSpinLock(&binding->Lock);
    KeInitializeEvent(&binding->Idle, NotificationEvent, TRUE);
    ExInitializeFastMutex(&binding->FilterMutex);
    binding->Medium = NdisMedium802_3;
    binding->MaxFrame = BindParameters->MtuSize + NP_ETHERNET_HEADER;
    binding->LinkUp = BindParameters->MediaConnectState == MediaConnectStateConnected;
    NdisMoveMemory(binding->MacAddress, BindParameters->CurrentMacAddress, sizeof(binding->MacAddress));
    binding->Name.Buffer = binding->NameBuffer;
    binding->Name.MaximumLength = sizeof(binding->NameBuffer);
    RtlCopyUnicodeString(&binding->Name, BindParameters->AdapterName);

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
    return NpPublish(binding, status);
}

_Use_decl_annotations_
VOID
NpOpenAdapterComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    PNP_BINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    NdisCompleteBindAdapterEx(context, NpPublish(binding, Status));
}

/* The adapter is open, or could not be opened. */
static NDIS_STATUS
NpPublish(PNP_BINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS) {
        NpFreeBinding(Binding);
        return Status;
    }
    NdisAcquireSpinLock(&NpLock);
    InsertTailList(&NpBindings, &Binding->Link);
    NdisReleaseSpinLock(&NpLock);
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

/* No program finds the binding from here on; requests that wait for it end. */
static VOID
NpWithdraw(PNP_BINDING Binding)
{
    LIST_ENTRY completed;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    RemoveEntryList(&Binding->Link);
    NdisDprAcquireSpinLock(&Binding->Lock);
    Binding->State = NpClosing;
    NdisDprReleaseSpinLock(&Binding->Lock);
    while (!IsListEmpty(&Binding->Opens)) {
        PNP_OPEN open = CONTAINING_RECORD(RemoveHeadList(&Binding->Opens), NP_OPEN, Link);

        open->Binding = NULL;
        NpQueueRefuse(&open->Reads, STATUS_DEVICE_REMOVED, &completed);
        NpQueueRefuse(&open->Statuses, STATUS_DEVICE_REMOVED, &completed);
    }
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);
}

static VOID
NpFreeBinding(PNP_BINDING Binding)
{
    NdisFreeSpinLock(&Binding->Lock);
    NdisFreeMemory(Binding, 0, 0);
}

/* ---- who uses a binding */

/* Binding->Sends or ->Requests is zero on return, and stays so if nothing new can be counted. PASSIVE_LEVEL. */
VOID
NpWaitIdle(PNP_BINDING Binding, const ULONG *Count)
{
    NdisAcquireSpinLock(&Binding->Lock);
    while (*Count != 0) {
        KeClearEvent(&Binding->Idle);
        NdisReleaseSpinLock(&Binding->Lock);
        KeWaitForSingleObject(&Binding->Idle, Executive, KernelMode, FALSE, NULL);
        NdisAcquireSpinLock(&Binding->Lock);
    }
    NdisReleaseSpinLock(&Binding->Lock);
}

/* The handle's adapter, for an OID request: NpEndUse(&Requests) must follow. NULL without adapter. */
PNP_BINDING
NpBeginRequest(PNP_OPEN Open)
{
    PNP_BINDING binding;

    NdisAcquireSpinLock(&NpLock);
    binding = Open->Binding;
    if (binding != NULL) {
        NdisDprAcquireSpinLock(&binding->Lock);
        binding->Requests++;
        NdisDprReleaseSpinLock(&binding->Lock);
    }
    NdisReleaseSpinLock(&NpLock);
    return binding;
}

/* The event is set under the lock: once it is free, unbinding may go on and free the binding. */
VOID
NpEndUse(PNP_BINDING Binding, PULONG Count)
{
    NdisAcquireSpinLock(&Binding->Lock);
    if (--*Count == 0)
        KeSetEvent(&Binding->Idle, IO_NETWORK_INCREMENT, FALSE);
    NdisReleaseSpinLock(&Binding->Lock);
}

/* ---- handles */

/* Name: as IOCTL_NDISPROT_QUERY_BINDING gives it, Length bytes. The frames begin to come. */
NTSTATUS
NpOpenAdapter(PNP_OPEN Open, PCWSTR Name, ULONG Length)
{
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    PNP_BINDING binding = NULL;
    PLIST_ENTRY entry;

    NdisAcquireSpinLock(&NpLock);
    if (Open->Closing || Open->Binding != NULL) {
        NdisReleaseSpinLock(&NpLock);
        return STATUS_INVALID_DEVICE_STATE;
    }
    for (entry = NpBindings.Flink; entry != &NpBindings; entry = entry->Flink) {
        binding = CONTAINING_RECORD(entry, NP_BINDING, Link);
        if (binding->Name.Length == Length && NdisEqualMemory(binding->Name.Buffer, Name, Length)) {
            Open->Binding = binding;
            InsertTailList(&binding->Opens, &Open->Link);
            NpQueueAccept(&Open->Reads);
            NpQueueAccept(&Open->Statuses);
            status = STATUS_SUCCESS;
            break;
        }
    }
    NdisReleaseSpinLock(&NpLock);
    if (status != STATUS_SUCCESS)
        return status;

    binding = NpBeginRequest(Open);
    if (binding == NULL)
        return STATUS_DEVICE_REMOVED; /* it went meanwhile */
    status = NpUpdateFilter(binding);
    NpEndUse(binding, &binding->Requests);
    return status;
}

/* The last handle to the file is closed: no adapter from here on, and nothing waits any more. */
VOID
NpLeaveAdapter(PNP_OPEN Open)
{
    PNP_BINDING binding = NpBeginRequest(Open);
    LIST_ENTRY completed;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    Open->Closing = TRUE;
    if (Open->Binding != NULL) {
        RemoveEntryList(&Open->Link);
        Open->Binding = NULL;
    }
    NpQueueRefuse(&Open->Reads, STATUS_CANCELLED, &completed);
    NpQueueRefuse(&Open->Statuses, STATUS_CANCELLED, &completed);
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);

    if (binding != NULL) {
        NpUpdateFilter(binding);
        NpEndUse(binding, &binding->Requests);
    }
}
