/* SPDX-License-Identifier: MIT */
/*
 * watches_power.c - a filter that stops the machine when its adapter, having slept, is told to be at full power again:
 * with how often it was told before the sleep what may wake it, the patterns of that, the state it slept in, and for
 * how many seconds. So a test sees by the finding what came down the stack, and what woke the adapter.
 */
#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#define WATCH_TAG 'hctW'

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE DriverHandle;
static WCHAR Name[] = L"watches_power";

/* Requests come one at a time. */
typedef struct _WATCH {
    NDIS_HANDLE Handle;
    PNDIS_OID_REQUEST Original; /* of the clone that is on its way */
    ULONG Told, Patterns;
    NDIS_DEVICE_POWER_STATE Slept;
    ULONGLONG Since;
} WATCH;

static NDIS_STATUS NTAPI
Attach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE DriverContext, PNDIS_FILTER_ATTACH_PARAMETERS Parameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    NDIS_STATUS status;
    WATCH *watch;

    UNREFERENCED_PARAMETER(DriverContext);
    UNREFERENCED_PARAMETER(Parameters);
    watch = NdisAllocateMemoryWithTagPriority(NdisFilterHandle, sizeof(*watch), WATCH_TAG, NormalPoolPriority);
    if (watch == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(watch, sizeof(*watch));
    watch->Handle = NdisFilterHandle;
    watch->Slept = NdisDeviceStateD0;
    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, watch, &attributes);
    if (status != NDIS_STATUS_SUCCESS)
        NdisFreeMemory(watch, 0, 0);
    return status;
}

static VOID NTAPI
Detach(NDIS_HANDLE FilterModuleContext)
{
    NdisFreeMemory(FilterModuleContext, 0, 0);
}

static NDIS_STATUS NTAPI
Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static VOID
Look(WATCH *Watch, PNDIS_OID_REQUEST Request)
{
    PVOID buffer = Request->DATA.SET_INFORMATION.InformationBuffer;
    NDIS_DEVICE_POWER_STATE state;

    if (Request->RequestType != NdisRequestSetInformation)
        return;
    if (Request->DATA.SET_INFORMATION.Oid == OID_PM_PARAMETERS) {
        Watch->Told++;
        Watch->Patterns = ((PNDIS_PM_PARAMETERS)buffer)->EnabledWoLPacketPatterns;
    }
    if (Request->DATA.SET_INFORMATION.Oid != OID_PNP_SET_POWER)
        return;
    state = *(PNDIS_DEVICE_POWER_STATE)buffer;
    if (state == NdisDeviceStateD0 && Watch->Slept != NdisDeviceStateD0)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Watch->Told, Watch->Patterns, Watch->Slept,
                     (ULONG_PTR)((KeQueryInterruptTime() - Watch->Since) / 10000000));
    Watch->Slept = state;
    Watch->Since = KeQueryInterruptTime();
}

static VOID NTAPI
OidComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    WATCH *watch = FilterModuleContext;
    PNDIS_OID_REQUEST original = watch->Original;

    if (Request->RequestType == NdisRequestMethod)
        original->DATA.METHOD_INFORMATION = Request->DATA.METHOD_INFORMATION;
    else
        original->DATA.QUERY_INFORMATION = Request->DATA.QUERY_INFORMATION; /* of a set in the same places */
    watch->Original = NULL;
    NdisFreeCloneOidRequest(watch->Handle, Request);
    NdisFOidRequestComplete(watch->Handle, original, Status);
}

static NDIS_STATUS NTAPI
Oid(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    WATCH *watch = FilterModuleContext;
    PNDIS_OID_REQUEST clone;
    NDIS_STATUS status;

    Look(watch, OidRequest);
    status = NdisAllocateCloneOidRequest(watch->Handle, OidRequest, WATCH_TAG, &clone);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    clone->RequestId = OidRequest->RequestId;
    watch->Original = OidRequest;
    status = NdisFOidRequest(watch->Handle, clone);
    if (status != NDIS_STATUS_PENDING)
        OidComplete(watch, clone, status);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
CancelOid(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RequestId); /* the request ends by itself */
}

static VOID NTAPI
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFDeregisterFilterDriver(DriverHandle);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;

    UNREFERENCED_PARAMETER(RegistryPath);
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, Name);
    RtlInitUnicodeString(&chars.ServiceName, Name);
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7d00}");
    chars.AttachHandler = Attach;
    chars.DetachHandler = Detach;
    chars.RestartHandler = Restart;
    chars.PauseHandler = Pause;
    chars.OidRequestHandler = Oid;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.CancelOidRequestHandler = CancelOid;
    DriverObject->DriverUnload = Unload;
    return NdisFRegisterFilterDriver(DriverObject, DriverObject, &chars, &DriverHandle);
}
