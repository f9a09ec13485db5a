/* SPDX-License-Identifier: MIT */
/* protocol.c - the protocol that is right, and the choice of what it does wrong; see rules_protocol.h. */
#include "rules_protocol.h"

#include "../common/choice.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static SET_OPTIONS SetOptions;
static PROTOCOL_BIND_ADAPTER_EX Bind;
static PROTOCOL_UNBIND_ADAPTER_EX Unbind;
static PROTOCOL_OPEN_ADAPTER_COMPLETE_EX OpenComplete;
static PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX CloseComplete;
static PROTOCOL_NET_PNP_EVENT NetPnPEvent;
static PROTOCOL_STATUS_EX Status;
static PROTOCOL_OID_REQUEST_COMPLETE OidComplete;
static PROTOCOL_RECEIVE_NET_BUFFER_LISTS Receive;
static PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE SendComplete;
static WORKER_THREAD_ROUTINE ReturnKept;

static const RULES_CHANGE Nothing;

#define RULE(name, id) &Break##name, &Keep##name,
static const RULES_CHANGE *const Changes[] = {
    &Nothing,
#include "rules_protocol.def"
};
#undef RULE

static const RULES_CHANGE *Change; /* const after DriverEntry */
NDIS_HANDLE ProtocolHandle;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;
    ULONG choice = ReadChoice(RegistryPath);

    if (choice >= sizeof(Changes) / sizeof(Changes[0]))
        return STATUS_INVALID_PARAMETER;
    Change = Changes[choice];
    DriverObject->DriverUnload = Unload;
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"rules_protocol");
    chars.SetOptionsHandler = SetOptions;
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnPEvent;
    chars.StatusHandlerEx = Status;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &ProtocolHandle);
}

/* Bind may run before NdisRegisterProtocolDriver has stored the handle, but not before this (documented). */
_Use_decl_annotations_ static NDIS_STATUS
SetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    UNREFERENCED_PARAMETER(DriverContext);

    ProtocolHandle = NdisDriverHandle;
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocolDriver(ProtocolHandle);
}

/* ------------------------------------------------------------------ bind and unbind */

static VOID
BindingFree(PBINDING Binding)
{
    if (Binding->Own != NULL)
        NdisFreeNetBufferList(Binding->Own);
    if (Binding->Mdl != NULL)
        NdisFreeMdl(Binding->Mdl);
    if (Binding->Pool != NULL)
        NdisFreeNetBufferListPool(Binding->Pool);
    NdisFreeMemory(Binding, 0, 0);
}

static PBINDING
BindingCreate(VOID)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    PBINDING binding;

    if (NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), RULES_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(binding, sizeof(*binding));
    binding->Medium = NdisMedium802_3;
    KeInitializeSpinLock(&binding->Lock);
    KeInitializeEvent(&binding->Idle, NotificationEvent, TRUE);
    KeInitializeEvent(&binding->Answered, NotificationEvent, FALSE);
    ExInitializeWorkItem(&binding->WorkItem, ReturnKept, binding);
    binding->Frame[0] = 2; /* locally administered; to and from nobody, of a type nobody has */
    binding->Frame[6] = 2;
    binding->Frame[12] = 0x88;
    binding->Frame[13] = 0xb5;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = RULES_TAG;
    binding->Pool = NdisAllocateNetBufferListPool(ProtocolHandle, &parameters);
    binding->Mdl = NdisAllocateMdl(ProtocolHandle, binding->Frame, OWN_FRAME);
    if (binding->Pool != NULL && binding->Mdl != NULL)
        binding->Own = NdisAllocateNetBufferAndNetBufferList(binding->Pool, 0, 0, binding->Mdl, 0, OWN_FRAME);
    if (binding->Own != NULL)
        return binding;
    BindingFree(binding);
    return NULL;
}

NDIS_STATUS
Open(PBINDING Binding, NDIS_HANDLE BindContext, PNDIS_STRING AdapterName)
{
    NDIS_OPEN_PARAMETERS parameters;
    NDIS_HANDLE handle;
    NDIS_STATUS status;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    parameters.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    parameters.AdapterName = AdapterName;
    parameters.MediumArray = &Binding->Medium;
    parameters.MediumArraySize = 1;
    parameters.SelectedMediumIndex = &Binding->MediumIndex;
    status = NdisOpenAdapterEx(ProtocolHandle, Binding, &parameters, BindContext, &handle);
    if (status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_PENDING)
        Binding->Handle = handle;
    return status;
}

/* PENDING: CloseComplete goes on. */
static NDIS_STATUS
Close(PBINDING Binding, NDIS_HANDLE UnbindContext)
{
    NDIS_STATUS status;

    Binding->PendingContext = UnbindContext;
    status = NdisCloseAdapterEx(Binding->Handle);
    if (Change->ClosesTwice)
        (VOID) NdisCloseAdapterEx(Binding->Handle);
    if (status != NDIS_STATUS_PENDING)
        BindingFree(Binding);
    return status;
}

static NDIS_STATUS
FinishBind(PBINDING Binding, NDIS_STATUS OpenStatus)
{
    NDIS_STATUS status = OpenStatus;

    if (status != NDIS_STATUS_SUCCESS) {
        BindingFree(Binding);
        return status;
    }
    Binding->Own->SourceHandle = Binding->Handle;
    status = Ask(Binding, NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, NDIS_PACKET_TYPE_PROMISCUOUS);
    if (status != NDIS_STATUS_SUCCESS)
        Close(Binding, NULL);
    return status;
}

_Use_decl_annotations_ static NDIS_STATUS
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    PBINDING binding = BindingCreate();
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);

    if (binding == NULL)
        return NDIS_STATUS_RESOURCES;
    binding->PendingContext = BindContext;
    status = Open(binding, BindContext, BindParameters->AdapterName);

    return status == NDIS_STATUS_PENDING ? status : FinishBind(binding, status);
}

_Use_decl_annotations_ static VOID
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS OpenStatus)
{
    PBINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    NdisCompleteBindAdapterEx(context, FinishBind(binding, OpenStatus));
}

/* Nothing goes out or is kept from here on; returns when all is back. */
static VOID
Stop(PBINDING Binding)
{
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    Binding->Running = FALSE;
    KeReleaseSpinLock(&Binding->Lock, irql);
    KeWaitForSingleObject(&Binding->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Binding->Lock, &irql); /* whoever set the event has let go of the lock when we have had it */
    KeReleaseSpinLock(&Binding->Lock, irql);
}

_Use_decl_annotations_ static NDIS_STATUS
Unbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    PBINDING binding = ProtocolBindingContext;

    Stop(binding);
    if (Change->Unbinding != NULL)
        Change->Unbinding(binding, UnbindContext);
    return Change->KeepsOpen ? NDIS_STATUS_SUCCESS : Close(binding, UnbindContext);
}

_Use_decl_annotations_ static VOID
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    PBINDING binding = ProtocolBindingContext;
    NDIS_HANDLE context = binding->PendingContext;

    BindingFree(binding);
    if (context != NULL)
        NdisCompleteUnbindAdapterEx(context);
}

/* ------------------------------------------------------------------ events and requests */

_Use_decl_annotations_ static NDIS_STATUS
NetPnPEvent(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    PNET_PNP_EVENT event = &NetPnPEventNotification->NetPnPEvent;
    PBINDING binding = ProtocolBindingContext;
    KIRQL irql;

    switch (event->NetEvent) {
    case NetEventPause:
        if (Change->Pausing != NULL)
            Change->Pausing(binding);
        Stop(binding);
        break;
    case NetEventRestart:
        KeAcquireSpinLock(&binding->Lock, &irql);
        binding->Running = TRUE;
        KeReleaseSpinLock(&binding->Lock, irql);
        break;
    case NetEventSetPower:
        if (Change->SetsPower != NULL)
            return Change->SetsPower(binding, *(PNDIS_DEVICE_POWER_STATE)event->Buffer);
        break;
    default:
        break;
    }
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ static VOID
Status(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusIndication);
}

NDIS_STATUS
Ask(PBINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, ULONG Value)
{
    NDIS_STATUS status;

    NdisZeroMemory(&Binding->Request, sizeof(Binding->Request));
    Binding->Request.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    Binding->Request.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    Binding->Request.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    Binding->Request.RequestType = Type;
    Binding->Request.DATA.SET_INFORMATION.Oid = Oid; /* QUERY_INFORMATION begins alike */
    Binding->Request.DATA.SET_INFORMATION.InformationBuffer = &Binding->Value;
    Binding->Request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(Binding->Value);
    Binding->Value = Value;
    KeClearEvent(&Binding->Answered);
    status = NdisOidRequest(Binding->Handle, &Binding->Request);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&Binding->Answered, Executive, KernelMode, FALSE, NULL);
        status = Binding->Status;
    }
    return status;
}

_Use_decl_annotations_ static VOID
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS OidStatus)
{
    PBINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(OidRequest);

    binding->Status = OidStatus;
    KeSetEvent(&binding->Answered, IO_NETWORK_INCREMENT, FALSE);
}

/* ------------------------------------------------------------------ frames */

BOOLEAN
GoesOut(PBINDING Binding)
{
    BOOLEAN running;
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    running = Binding->Running;
    if (running && Binding->Out++ == 0)
        KeClearEvent(&Binding->Idle);
    KeReleaseSpinLock(&Binding->Lock, irql);
    return running;
}

VOID
IsBack(PBINDING Binding)
{
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    if (--Binding->Out == 0)
        KeSetEvent(&Binding->Idle, IO_NETWORK_INCREMENT, FALSE);
    KeReleaseSpinLock(&Binding->Lock, irql);
}

VOID
SendOwn(PBINDING Binding)
{
    if (GoesOut(Binding))
        NdisSendNetBufferLists(Binding->Handle, Binding->Own, NDIS_DEFAULT_PORT_NUMBER, 0);
}

_Use_decl_annotations_ static VOID
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(NetBufferList); /* its own: there is no other */
    UNREFERENCED_PARAMETER(SendCompleteFlags);

    IsBack(ProtocolBindingContext);
}

_Use_decl_annotations_ static VOID
ReturnKept(PVOID Context)
{
    PBINDING binding = Context;
    PNET_BUFFER_LIST kept;
    KIRQL irql;

    KeAcquireSpinLock(&binding->Lock, &irql);
    kept = binding->Kept;
    binding->Kept = NULL;
    KeReleaseSpinLock(&binding->Lock, irql);
    NdisReturnNetBufferLists(binding->Handle, kept, 0);
    IsBack(binding);
}

_Use_decl_annotations_ static VOID
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PBINDING binding = ProtocolBindingContext;
    BOOLEAN keep = FALSE;
    KIRQL irql;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);

    if (NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        return;
    if (GoesOut(binding)) {
        KeAcquireSpinLock(&binding->Lock, &irql);
        keep = binding->Kept == NULL;
        if (keep)
            binding->Kept = NetBufferLists;
        KeReleaseSpinLock(&binding->Lock, irql);
        if (!keep)
            IsBack(binding);
    }
    if (keep)
        ExQueueWorkItem(&binding->WorkItem, DelayedWorkQueue);
    else
        NdisReturnNetBufferLists(binding->Handle, NetBufferLists,
                                 NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(ReceiveFlags) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL
                                                                                   : 0);
}
