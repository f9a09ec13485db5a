/* SPDX-License-Identifier: MIT */
/*
 * common/passthru.c - what passes through a driver of the zoo unchanged: sends, receives, status, OID requests.
 *
 * Model: nothing is queued here. Of what comes back from below, frames of our own are told by their SourceHandle and
 * go to send.c. An OID request goes down as a clone; a clone has a second reference while a canceller uses it.
 */
#include "zoo.h"

/* In a clone's SourceReserved, which belongs to the driver that sent the request. */
typedef struct _ZOO_CLONE_CONTEXT {
    PNDIS_OID_REQUEST Original;
    LONG_PTR References; /* Filter->Lock */
} ZOO_CLONE_CONTEXT, *PZOO_CLONE_CONTEXT;

C_ASSERT(sizeof(ZOO_CLONE_CONTEXT) <= sizeof(((PNDIS_OID_REQUEST)0)->SourceReserved));

#define ZOO_CLONE_CONTEXT_OF(Request) ((PZOO_CLONE_CONTEXT)(Request)->SourceReserved)

static VOID ZooReleaseClone(PZOO_FILTER Filter, PNDIS_OID_REQUEST Clone);
static VOID ZooCopyResults(PNDIS_OID_REQUEST Original, const NDIS_OID_REQUEST *Clone);

_Use_decl_annotations_
VOID
ZooSend(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG SendFlags)
{
    PZOO_FILTER filter = FilterModuleContext;

    if (ZooDriver.Passing != NULL)
        ZooDriver.Passing(filter, NetBufferLists);
    NdisFSendNetBufferLists(filter->FilterHandle, NetBufferLists, PortNumber, SendFlags);
}

_Use_decl_annotations_
VOID
ZooSendComplete(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG SendCompleteFlags)
{
    PZOO_FILTER filter = FilterModuleContext;
    NDIS_HANDLE filterHandle = filter->FilterHandle;
    PNET_BUFFER_LIST others = NULL;
    PNET_BUFFER_LIST *othersTail = &others;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;
    ULONG ours = 0;

    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        if (nbl->SourceHandle == filterHandle && ZooDriver.OwnSendsDone != NULL) {
            NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
            ZooOwnSendComplete(nbl);
            ours++;
        } else {
            *othersTail = nbl;
            othersTail = &NET_BUFFER_LIST_NEXT_NBL(nbl);
        }
    }
    *othersTail = NULL;

    if (others != NULL)
        NdisFSendNetBufferListsComplete(filterHandle, others, SendCompleteFlags);
    if (ours != 0)
        ZooDriver.OwnSendsDone(filter, ours); /* last: it may end a pause, and the module with it */
}

_Use_decl_annotations_
VOID
ZooReceive(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
           ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PZOO_FILTER filter = FilterModuleContext;

    if (ZooDriver.Passing != NULL)
        ZooDriver.Passing(filter, NetBufferLists);
    NdisFIndicateReceiveNetBufferLists(filter->FilterHandle, NetBufferLists, PortNumber, NumberOfNetBufferLists,
                                       ReceiveFlags);
}

_Use_decl_annotations_
VOID
ZooReturn(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PZOO_FILTER filter = FilterModuleContext;

    NdisFReturnNetBufferLists(filter->FilterHandle, NetBufferLists, ReturnFlags);
}

_Use_decl_annotations_
VOID
ZooStatus(NDIS_HANDLE FilterModuleContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    PZOO_FILTER filter = FilterModuleContext;

    NdisFIndicateStatus(filter->FilterHandle, StatusIndication);
}

_Use_decl_annotations_
NDIS_STATUS
ZooOidRequest(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    PZOO_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST clone;
    NDIS_STATUS status;

    status = NdisAllocateCloneOidRequest(filter->FilterHandle, OidRequest, ZOO_TAG, &clone);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    clone->RequestId = OidRequest->RequestId;
    ZOO_CLONE_CONTEXT_OF(clone)->Original = OidRequest;
    ZOO_CLONE_CONTEXT_OF(clone)->References = 1;

    NdisAcquireSpinLock(&filter->Lock);
    filter->Clone = clone;
    NdisReleaseSpinLock(&filter->Lock);

    status = NdisFOidRequest(filter->FilterHandle, clone);
    if (status != NDIS_STATUS_PENDING)
        ZooOidRequestComplete(filter, clone, status);
    return NDIS_STATUS_PENDING;
}

_Use_decl_annotations_
VOID
ZooOidRequestComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    PZOO_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST original = ZOO_CLONE_CONTEXT_OF(Request)->Original;

    ZooCopyResults(original, Request);
    NdisAcquireSpinLock(&filter->Lock);
    filter->Clone = NULL;
    NdisReleaseSpinLock(&filter->Lock);
    ZooReleaseClone(filter, Request);
    NdisFOidRequestComplete(filter->FilterHandle, original, Status);
}

_Use_decl_annotations_
VOID
ZooCancelOidRequest(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    PZOO_FILTER filter = FilterModuleContext;
    PNDIS_OID_REQUEST clone;

    NdisAcquireSpinLock(&filter->Lock);
    clone = filter->Clone;
    if (clone != NULL && clone->RequestId == RequestId)
        ZOO_CLONE_CONTEXT_OF(clone)->References++;
    else
        clone = NULL;
    NdisReleaseSpinLock(&filter->Lock);

    if (clone != NULL) {
        NdisFCancelOidRequest(filter->FilterHandle, clone);
        ZooReleaseClone(filter, clone);
    }
}

static VOID
ZooReleaseClone(PZOO_FILTER Filter, PNDIS_OID_REQUEST Clone)
{
    BOOLEAN last;

    NdisAcquireSpinLock(&Filter->Lock);
    last = --ZOO_CLONE_CONTEXT_OF(Clone)->References == 0;
    NdisReleaseSpinLock(&Filter->Lock);
    if (last)
        NdisFreeCloneOidRequest(Filter->FilterHandle, Clone);
}

static VOID
ZooCopyResults(PNDIS_OID_REQUEST Original, const NDIS_OID_REQUEST *Clone)
{
    switch (Clone->RequestType) {
    case NdisRequestMethod:
        Original->DATA.METHOD_INFORMATION.OutputBufferLength = Clone->DATA.METHOD_INFORMATION.OutputBufferLength;
        Original->DATA.METHOD_INFORMATION.BytesRead = Clone->DATA.METHOD_INFORMATION.BytesRead;
        Original->DATA.METHOD_INFORMATION.BytesNeeded = Clone->DATA.METHOD_INFORMATION.BytesNeeded;
        Original->DATA.METHOD_INFORMATION.BytesWritten = Clone->DATA.METHOD_INFORMATION.BytesWritten;
        break;
    case NdisRequestSetInformation:
        Original->DATA.SET_INFORMATION.BytesRead = Clone->DATA.SET_INFORMATION.BytesRead;
        Original->DATA.SET_INFORMATION.BytesNeeded = Clone->DATA.SET_INFORMATION.BytesNeeded;
        break;
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
    default:
        Original->DATA.QUERY_INFORMATION.BytesWritten = Clone->DATA.QUERY_INFORMATION.BytesWritten;
        Original->DATA.QUERY_INFORMATION.BytesNeeded = Clone->DATA.QUERY_INFORMATION.BytesNeeded;
        break;
    }
}
