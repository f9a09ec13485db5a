/* SPDX-License-Identifier: MIT */
/* filter.c - the filter that is right, and the choice of what stands in for its handlers; see rules_filter.h. */
#include "rules_filter.h"

#include "../common/choice.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static FILTER_RESTART Restart;
static FILTER_RECEIVE_NET_BUFFER_LISTS Receive;
static FILTER_OID_REQUEST_COMPLETE OidComplete;
static FILTER_STATUS Status;

static const RULES_CHANGE Nothing;

#define RULE(name, id) &Break##name, &Keep##name,
static const RULES_CHANGE *const Changes[] = {
    &Nothing,
#include "rules_filter.def"
};
#undef RULE

static const RULES_CHANGE *Change; /* const after DriverEntry */
static NDIS_HANDLE DriverHandle;
static LONG Ran;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;
    ULONG choice = ReadChoice(RegistryPath);

    if (choice >= sizeof(Changes) / sizeof(Changes[0]))
        return STATUS_INVALID_PARAMETER;
    Change = Changes[choice];
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, L"undis tests: rules of filters");
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7d01}");
    RtlInitUnicodeString(&chars.ServiceName, L"rules_filter");
    chars.AttachHandler = Change->Attach != NULL ? Change->Attach : Attach;
    chars.DetachHandler = Change->Detach != NULL ? Change->Detach : Detach;
    chars.RestartHandler = Restart;
    chars.PauseHandler = Change->Pause != NULL ? Change->Pause : Pause;
    chars.SendNetBufferListsHandler = Change->Send != NULL ? Change->Send : Send;
    chars.SendNetBufferListsCompleteHandler = Change->SendComplete != NULL ? Change->SendComplete : SendComplete;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.ReturnNetBufferListsHandler = Change->Return != NULL ? Change->Return : Return;
    chars.StatusHandler = Status;
    if (Change->NoReturns) {
        chars.ReceiveNetBufferListsHandler = NULL;
        chars.ReturnNetBufferListsHandler = NULL;
    }
    chars.OidRequestHandler = Change->Oid != NULL ? Change->Oid : Oid;
    chars.OidRequestCompleteHandler = OidComplete;
    DriverObject->DriverUnload = Unload;
    return NdisFRegisterFilterDriver(DriverObject, NULL, &chars, &DriverHandle);
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisFDeregisterFilterDriver(DriverHandle);
}

/* ------------------------------------------------------------------ attach and detach */

NDIS_HANDLE
CreatePool(NDIS_HANDLE Handle, UCHAR Type)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = Type;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = RULES_TAG;
    return NdisAllocateNetBufferListPool(Handle, &parameters);
}

PNET_BUFFER_LIST
CreateFrame(NDIS_HANDLE Pool, PMODULE Module)
{
    PNET_BUFFER_LIST nbl = NdisAllocateNetBufferAndNetBufferList(Pool, 0, 0, Module->Mdl, 0, FRAME);

    if (nbl != NULL)
        nbl->SourceHandle = Module->Handle;
    return nbl;
}

VOID
ModuleFree(PMODULE Module)
{
    if (Module->Own != NULL)
        NdisFreeNetBufferList(Module->Own);
    if (Module->Mdl != NULL)
        NdisFreeMdl(Module->Mdl);
    if (Module->Pool != NULL)
        NdisFreeNetBufferListPool(Module->Pool);
    if (Module->WorkItem != NULL)
        NdisFreeIoWorkItem(Module->WorkItem);
    OutFree(&Module->Out);
    NdisFreeMemory(Module, 0, 0);
}

PMODULE
ModuleCreate(NDIS_HANDLE NdisFilterHandle)
{
    PMODULE module =
        NdisAllocateMemoryWithTagPriority(NdisFilterHandle, sizeof(*module), RULES_TAG, NormalPoolPriority);

    if (module == NULL)
        return NULL;
    NdisZeroMemory(module, sizeof(*module));
    module->Handle = NdisFilterHandle;
    OutInitialize(&module->Out);
    KeInitializeEvent(&module->Answered, NotificationEvent, FALSE);
    module->Frame[0] = 2; /* locally administered; to and from nobody, of a type nobody has */
    module->Frame[6] = 2;
    module->Frame[12] = 0x88;
    module->Frame[13] = 0xb5;
    module->Mdl = NdisAllocateMdl(NdisFilterHandle, module->Frame, FRAME);
    module->Pool = CreatePool(NdisFilterHandle, NDIS_OBJECT_TYPE_DEFAULT);
    module->WorkItem = NdisAllocateIoWorkItem(NdisFilterHandle);
    if (module->Mdl != NULL && module->Pool != NULL)
        module->Own = CreateFrame(module->Pool, module);
    if (module->Own != NULL && module->WorkItem != NULL)
        return module;
    ModuleFree(module);
    return NULL;
}

NDIS_STATUS
ModuleSetAttributes(PMODULE Module)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    NDIS_STATUS status;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(Module->Handle, Module, &attributes);
    if (status != NDIS_STATUS_SUCCESS)
        ModuleFree(Module);
    return status;
}

_Use_decl_annotations_ NDIS_STATUS
Attach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PMODULE module = ModuleCreate(NdisFilterHandle);

    UNREFERENCED_PARAMETER(FilterDriverContext);
    UNREFERENCED_PARAMETER(AttachParameters);

    return module != NULL ? ModuleSetAttributes(module) : NDIS_STATUS_RESOURCES;
}

_Use_decl_annotations_ VOID
Detach(NDIS_HANDLE FilterModuleContext)
{
    ModuleFree(FilterModuleContext);
}

/* ------------------------------------------------------------------ restart and pause */

_Use_decl_annotations_ static NDIS_STATUS
Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(RestartParameters);

    OutRun(&((PMODULE)FilterModuleContext)->Out);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NDIS_STATUS
Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(PauseParameters);

    return OutPause(&((PMODULE)FilterModuleContext)->Out);
}

VOID
IsBack(PMODULE Module)
{
    NDIS_HANDLE handle = Module->Handle;

    if (OutBack(&Module->Out))
        NdisFPauseComplete(handle);
}

/* ------------------------------------------------------------------ frames */

VOID
SendOwn(PMODULE Module, ULONG SendFlags)
{
    if (OutMayGo(&Module->Out))
        NdisFSendNetBufferLists(Module->Handle, Module->Own, NDIS_DEFAULT_PORT_NUMBER, SendFlags);
}

VOID
IndicateOwn(PMODULE Module, ULONG Count, ULONG ReceiveFlags)
{
    if (OutMayGo(&Module->Out))
        NdisFIndicateReceiveNetBufferLists(Module->Handle, Module->Own, NDIS_DEFAULT_PORT_NUMBER, Count, ReceiveFlags);
}

_Use_decl_annotations_ VOID
Send(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    PMODULE module = FilterModuleContext;

    NdisFSendNetBufferLists(module->Handle, NetBufferLists, PortNumber, SendFlags);
    if (Change->Running != NULL && KeGetCurrentIrql() == PASSIVE_LEVEL && InterlockedExchange(&Ran, 1) == 0)
        Change->Running(module);
}

/* Takes the frame of its own out of a chain, and says whether it was there. */
static BOOLEAN
TakeOwn(PMODULE Module, PNET_BUFFER_LIST *NetBufferLists)
{
    PNET_BUFFER_LIST *at = NetBufferLists;

    while (*at != NULL && *at != Module->Own)
        at = &NET_BUFFER_LIST_NEXT_NBL(*at);
    if (*at == NULL)
        return FALSE;
    *at = NET_BUFFER_LIST_NEXT_NBL(Module->Own);
    NET_BUFFER_LIST_NEXT_NBL(Module->Own) = NULL;
    return TRUE;
}

_Use_decl_annotations_ VOID
SendComplete(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG SendCompleteFlags)
{
    PMODULE module = FilterModuleContext;

    BOOLEAN own = TakeOwn(module, &NetBufferLists);

    if (NetBufferLists != NULL)
        NdisFSendNetBufferListsComplete(module->Handle, NetBufferLists, SendCompleteFlags);
    if (own)
        IsBack(module);
}

_Use_decl_annotations_ static VOID
Receive(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PMODULE module = FilterModuleContext;

    if (Change->Takes != NULL)
        Change->Takes(module, NetBufferLists, ReceiveFlags);
    else
        NdisFIndicateReceiveNetBufferLists(module->Handle, NetBufferLists, PortNumber, NumberOfNetBufferLists,
                                           ReceiveFlags);
}

_Use_decl_annotations_ VOID
Return(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PMODULE module = FilterModuleContext;

    BOOLEAN own = TakeOwn(module, &NetBufferLists);

    if (NetBufferLists != NULL)
        NdisFReturnNetBufferLists(module->Handle, NetBufferLists, ReturnFlags);
    if (own)
        IsBack(module);
}

_Use_decl_annotations_ static VOID
Status(NDIS_HANDLE FilterModuleContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    NdisFIndicateStatus(((PMODULE)FilterModuleContext)->Handle, StatusIndication);
}

/* ------------------------------------------------------------------ requests */

#define ORIGINAL_OF(Clone) (*(PNDIS_OID_REQUEST *)&(Clone)->SourceReserved[0])

_Use_decl_annotations_ NDIS_STATUS
Oid(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    PMODULE module = FilterModuleContext;
    PNDIS_OID_REQUEST clone;
    NDIS_STATUS status = NdisAllocateCloneOidRequest(module->Handle, OidRequest, RULES_TAG, &clone);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    ORIGINAL_OF(clone) = OidRequest;
    status = NdisFOidRequest(module->Handle, clone);
    if (status != NDIS_STATUS_PENDING) {
        OidRequest->DATA = clone->DATA;
        NdisFreeCloneOidRequest(module->Handle, clone);
    }
    return status;
}

/* A request of the filter's own has no original. */
_Use_decl_annotations_ static VOID
OidComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    PMODULE module = FilterModuleContext;
    PNDIS_OID_REQUEST original = ORIGINAL_OF(Request);

    if (original == NULL) {
        KeSetEvent(&module->Answered, IO_NETWORK_INCREMENT, FALSE);
        return;
    }
    original->DATA = Request->DATA;
    NdisFreeCloneOidRequest(module->Handle, Request);
    NdisFOidRequestComplete(module->Handle, original, Status);
}
