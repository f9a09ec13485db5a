/* SPDX-License-Identifier: MIT */
/* filter.c - all of the filter of oidfilter.h but OfDecide(). */
#include "oidfilter.h"

#define OF_TAG 'dioZ'
#define OF_ORIGINAL(Clone) (*(PNDIS_OID_REQUEST *)&(Clone)->SourceReserved[0])

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD OfUnload;
static FILTER_ATTACH OfAttach;
static FILTER_DETACH OfDetach;
static FILTER_PAUSE OfPause;
static FILTER_RESTART OfRestart;
static FILTER_OID_REQUEST OfRequest;
static FILTER_OID_REQUEST_COMPLETE OfRequestComplete;
static FILTER_CANCEL_OID_REQUEST OfCancelRequest;

static NDIS_HANDLE OfDriverHandle; /* const after DriverEntry */

_Use_decl_annotations_
NTSTATUS
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
    chars.FriendlyName = OfServiceName;
    chars.UniqueName = OfUniqueName;
    chars.ServiceName = OfServiceName;
    chars.AttachHandler = OfAttach;
    chars.DetachHandler = OfDetach;
    chars.PauseHandler = OfPause;
    chars.RestartHandler = OfRestart;
    chars.OidRequestHandler = OfRequest;
    chars.OidRequestCompleteHandler = OfRequestComplete;
    chars.CancelOidRequestHandler = OfCancelRequest;
    DriverObject->DriverUnload = OfUnload;
    return NdisFRegisterFilterDriver(DriverObject, NULL, &chars, &OfDriverHandle);
}

_Use_decl_annotations_
static VOID
OfUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFDeregisterFilterDriver(OfDriverHandle);
}

_Use_decl_annotations_
static NDIS_STATUS
OfAttach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    POF_FILTER filter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterDriverContext);
    UNREFERENCED_PARAMETER(AttachParameters);

    filter = NdisAllocateMemoryWithTagPriority(NdisFilterHandle, sizeof(*filter), OF_TAG, NormalPoolPriority);
    if (filter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(filter, sizeof(*filter));
    filter->Handle = NdisFilterHandle;
    NdisAllocateSpinLock(&filter->Lock);
    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, filter, &attributes);
    if (status != NDIS_STATUS_SUCCESS) {
        NdisFreeSpinLock(&filter->Lock);
        NdisFreeMemory(filter, 0, 0);
    }
    return status;
}

_Use_decl_annotations_
static VOID
OfDetach(NDIS_HANDLE FilterModuleContext)
{
    POF_FILTER filter = FilterModuleContext;

    NdisFreeSpinLock(&filter->Lock);
    NdisFreeMemory(filter, 0, 0);
}

_Use_decl_annotations_
static NDIS_STATUS
OfPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    POF_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);
    NdisAcquireSpinLock(&filter->Lock);
    filter->Running = FALSE;
    NdisReleaseSpinLock(&filter->Lock);
    return NDIS_STATUS_SUCCESS;
}

/* The clone carries where its original is. */
static NDIS_STATUS
OfForward(POF_FILTER Filter, PNDIS_OID_REQUEST Request)
{
    PNDIS_OID_REQUEST clone;
    NDIS_STATUS status = NdisAllocateCloneOidRequest(Filter->Handle, Request, OF_TAG, &clone);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    clone->RequestId = Request->RequestId;
    OF_ORIGINAL(clone) = Request;
    status = NdisFOidRequest(Filter->Handle, clone);
    if (status != NDIS_STATUS_PENDING) {
        Request->DATA = clone->DATA;
        NdisFreeCloneOidRequest(Filter->Handle, clone);
    }
    return status;
}

_Use_decl_annotations_
static NDIS_STATUS
OfRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    POF_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST kept;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(RestartParameters);
    NdisAcquireSpinLock(&filter->Lock);
    filter->Running = TRUE;
    kept = filter->Kept;
    filter->Kept = NULL;
    NdisReleaseSpinLock(&filter->Lock);
    if (kept != NULL) {
        status = OfForward(filter, kept);
        if (status != NDIS_STATUS_PENDING)
            NdisFOidRequestComplete(filter->Handle, kept, status);
    }
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
OfRequest(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    POF_FILTER filter = FilterModuleContext;
    OF_DECISION decision;

    NdisAcquireSpinLock(&filter->Lock);
    decision = OfDecide(filter, OidRequest);
    if (decision == OfKeep)
        filter->Kept = OidRequest;
    NdisReleaseSpinLock(&filter->Lock);
    if (decision == OfKeep)
        return NDIS_STATUS_PENDING;
    return decision == OfPass ? OfForward(filter, OidRequest) : NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
OfRequestComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    POF_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST original = OF_ORIGINAL(Request);

    original->DATA = Request->DATA;
    NdisFreeCloneOidRequest(filter->Handle, Request);
    NdisFOidRequestComplete(filter->Handle, original, Status);
}

/* A kept request is given back; one that is below is asked back there. */
_Use_decl_annotations_
static VOID
OfCancelRequest(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    POF_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST kept;

    NdisAcquireSpinLock(&filter->Lock);
    kept = filter->Kept;
    if (kept != NULL && kept->RequestId == RequestId)
        filter->Kept = NULL;
    else
        kept = NULL;
    NdisReleaseSpinLock(&filter->Lock);
    if (kept != NULL)
        NdisFOidRequestComplete(filter->Handle, kept, NDIS_STATUS_REQUEST_ABORTED);
    else
        NdisFCancelOidRequest(filter->Handle, RequestId);
}
