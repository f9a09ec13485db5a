/* SPDX-License-Identifier: MIT */
/*
 * oid.c - requests of overlying drivers that pass through, and the packet filter, which we share with them.
 *
 * Model, passing through: the request that comes down is cloned, the clone goes on, its results are copied back. A
 * clone has two references, the request's and a canceller's while NPF_CancelOidRequest uses it: completion may
 * overtake a cancel.
 *
 * Model, packet filter: the miniport must see what the stack wants merged with what our handles want; the stack must
 * see only its own. Two threads can be on the way down at once: an overlying driver's set, and one of ours. Ours
 * (NpfApplyPacketFilter) starts while no overlying set is under way and repeats until it has put down what is wanted
 * now; an overlying set that starts later has our part in it already.
 */
#include "npf.h"

#define NPF_OID_ID ((PVOID)(ULONG_PTR)NPF_TAG)

#define NPF_PACKET_FILTERS                                                                                             \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                         \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

/* In a clone's SourceReserved, which belongs to the driver that sent the request. Zero in requests of our own. */
typedef struct _NPF_CLONE_CONTEXT {
    PNDIS_OID_REQUEST Original;
    LONG_PTR References; /* Adapter->Lock */
} NPF_CLONE_CONTEXT, *PNPF_CLONE_CONTEXT;

C_ASSERT(sizeof(NPF_CLONE_CONTEXT) <= sizeof(((PNDIS_OID_REQUEST)0)->SourceReserved));

#define NPF_CLONE_CONTEXT_OF(Request) ((PNPF_CLONE_CONTEXT)(Request)->SourceReserved)

/* A request of our own, on the stack of the thread that waits for it. */
typedef struct _NPF_OWN_REQUEST {
    NDIS_OID_REQUEST Request;
    KEVENT Done;
    NDIS_STATUS Status;
} NPF_OWN_REQUEST, *PNPF_OWN_REQUEST;

static VOID NpfReleaseClone(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Clone);
static VOID NpfCopyResults(PNDIS_OID_REQUEST Original, const NDIS_OID_REQUEST *Clone);
static VOID NpfMergeUpperFilter(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Original, PNDIS_OID_REQUEST Clone);
static VOID NpfUpperFilterDone(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Original, NDIS_STATUS Status);
static ULONG NpfOwnFilterLocked(PNPF_ADAPTER Adapter);
static NTSTATUS NpfBeginOid(PNPF_ADAPTER Adapter);
static VOID NpfEndOid(PNPF_ADAPTER Adapter);
static NTSTATUS NpfLearnUpperFilter(PNPF_ADAPTER Adapter);
static NTSTATUS NpfApplyPacketFilter(PNPF_ADAPTER Adapter);
static NDIS_STATUS NpfOwnRequest(PNPF_ADAPTER Adapter, NDIS_REQUEST_TYPE Type, PULONG PacketFilter);

_Use_decl_annotations_
NDIS_STATUS
NPF_OidRequest(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    PNDIS_OID_REQUEST clone;
    NDIS_STATUS status;

    status = NdisAllocateCloneOidRequest(adapter->FilterHandle, OidRequest, NPF_TAG, &clone);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    clone->RequestId = OidRequest->RequestId;
    NPF_CLONE_CONTEXT_OF(clone)->Original = OidRequest;
    NPF_CLONE_CONTEXT_OF(clone)->References = 1;

    NdisAcquireSpinLock(&adapter->Lock);
    adapter->Clone = clone;
    NpfMergeUpperFilter(adapter, OidRequest, clone);
    NdisReleaseSpinLock(&adapter->Lock);

    status = NdisFOidRequest(adapter->FilterHandle, clone);
    if (status != NDIS_STATUS_PENDING)
        NPF_OidRequestComplete(adapter, clone, status);
    return NDIS_STATUS_PENDING;
}

_Use_decl_annotations_
VOID
NPF_OidRequestComplete(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    PNDIS_OID_REQUEST original = NPF_CLONE_CONTEXT_OF(Request)->Original;

    if (original == NULL) {
        PNPF_OWN_REQUEST own = CONTAINING_RECORD(Request, NPF_OWN_REQUEST, Request);

        own->Status = Status;
        KeSetEvent(&own->Done, IO_NO_INCREMENT, FALSE); /* own is gone as soon as its thread runs */
        return;
    }

    NpfCopyResults(original, Request);
    NdisAcquireSpinLock(&adapter->Lock);
    adapter->Clone = NULL;
    NpfUpperFilterDone(adapter, original, Status);
    NdisReleaseSpinLock(&adapter->Lock);
    NpfReleaseClone(adapter, Request);
    NdisFOidRequestComplete(adapter->FilterHandle, original, Status);
}

_Use_decl_annotations_
VOID
NPF_CancelOidRequest(NDIS_HANDLE FilterModuleContext, PVOID RequestId)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    PNDIS_OID_REQUEST clone;

    NdisAcquireSpinLock(&adapter->Lock);
    clone = adapter->Clone;
    if (clone != NULL && clone->RequestId == RequestId)
        NPF_CLONE_CONTEXT_OF(clone)->References++;
    else
        clone = NULL;
    NdisReleaseSpinLock(&adapter->Lock);

    if (clone != NULL) {
        NdisFCancelOidRequest(adapter->FilterHandle, clone);
        NpfReleaseClone(adapter, clone);
    }
}

/*
 * NpfSetPacketFilter - what this handle wants to see, besides what the stack has the miniport receive.
 * PASSIVE_LEVEL. STATUS_INVALID_PARAMETER, _DEVICE_NOT_READY before the first restart, _DEVICE_REMOVED after detach,
 * or the miniport's answer; on failure the handle wants what it wanted before.
 */
NTSTATUS
NpfSetPacketFilter(PNPF_OPEN Open, ULONG PacketFilter)
{
    PNPF_ADAPTER adapter = Open->Adapter;
    ULONG old;
    NTSTATUS status;

    if ((PacketFilter & ~NPF_PACKET_FILTERS) != 0)
        return STATUS_INVALID_PARAMETER;
    status = NpfBeginOid(adapter);
    if (status != STATUS_SUCCESS)
        return status;
    status = NpfLearnUpperFilter(adapter);
    if (status == STATUS_SUCCESS) {
        NdisAcquireSpinLock(&adapter->Lock);
        old = Open->PacketFilter;
        Open->PacketFilter = PacketFilter;
        NdisReleaseSpinLock(&adapter->Lock);

        status = NpfApplyPacketFilter(adapter);
        if (status != STATUS_SUCCESS) {
            NdisAcquireSpinLock(&adapter->Lock);
            Open->PacketFilter = old;
            NdisReleaseSpinLock(&adapter->Lock);
        }
    }
    NpfEndOid(adapter);
    return status;
}

/*
 * A handle that had a packet filter has left OpenList. If the miniport will not take the narrower one it stays wide.
 */
VOID
NpfPacketFilterGone(PNPF_ADAPTER Adapter)
{
    NTSTATUS status = NpfBeginOid(Adapter);

    if (status != STATUS_SUCCESS)
        return; /* detached: the miniport's filter is nobody's concern any more */
    status = NpfApplyPacketFilter(Adapter);
    if (status != STATUS_SUCCESS)
        DbgPrint("npf: the packet filter stays wide, 0x%x\n", status);
    NpfEndOid(Adapter);
}

static VOID
NpfReleaseClone(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Clone)
{
    BOOLEAN last;

    NdisAcquireSpinLock(&Adapter->Lock);
    last = --NPF_CLONE_CONTEXT_OF(Clone)->References == 0;
    NdisReleaseSpinLock(&Adapter->Lock);
    if (last)
        NdisFreeCloneOidRequest(Adapter->FilterHandle, Clone);
}

static VOID
NpfCopyResults(PNDIS_OID_REQUEST Original, const NDIS_OID_REQUEST *Clone)
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

/* Lock held. An overlying driver's packet filter goes down with ours in it, from a buffer of our own. */
static VOID
NpfMergeUpperFilter(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Original, PNDIS_OID_REQUEST Clone)
{
    if (Original->RequestType != NdisRequestSetInformation ||
        Original->DATA.SET_INFORMATION.Oid != OID_GEN_CURRENT_PACKET_FILTER ||
        Original->DATA.SET_INFORMATION.InformationBufferLength != sizeof(ULONG))
        return;
    NdisMoveMemory(&Adapter->UpperRequested, Original->DATA.SET_INFORMATION.InformationBuffer, sizeof(ULONG));
    Adapter->MergedFilter = Adapter->UpperRequested | NpfOwnFilterLocked(Adapter);
    Clone->DATA.SET_INFORMATION.InformationBuffer = &Adapter->MergedFilter;
    Adapter->UpperSetPending = TRUE;
    KeClearEvent(&Adapter->UpperSetIdle);
}

/* Lock held. The set took effect or not; a query is answered with the stack's own part. */
static VOID
NpfUpperFilterDone(PNPF_ADAPTER Adapter, PNDIS_OID_REQUEST Original, NDIS_STATUS Status)
{
    if (Original->DATA.QUERY_INFORMATION.Oid != OID_GEN_CURRENT_PACKET_FILTER)
        return;
    if (Original->RequestType == NdisRequestSetInformation && Adapter->UpperSetPending) {
        if (Status == NDIS_STATUS_SUCCESS) {
            Adapter->UpperFilter = Adapter->UpperRequested;
            Adapter->UpperFilterKnown = TRUE;
        }
        Adapter->UpperSetPending = FALSE;
        KeSetEvent(&Adapter->UpperSetIdle, IO_NO_INCREMENT, FALSE);
    }
    if (Original->RequestType == NdisRequestQueryInformation && Status == NDIS_STATUS_SUCCESS &&
        Adapter->UpperFilterKnown && Original->DATA.QUERY_INFORMATION.InformationBufferLength >= sizeof(ULONG))
        NdisMoveMemory(Original->DATA.QUERY_INFORMATION.InformationBuffer, &Adapter->UpperFilter, sizeof(ULONG));
}

/* Lock held. */
static ULONG
NpfOwnFilterLocked(PNPF_ADAPTER Adapter)
{
    PLIST_ENTRY entry;
    ULONG filter = 0;

    for (entry = Adapter->OpenList.Flink; entry != &Adapter->OpenList; entry = entry->Flink)
        filter |= CONTAINING_RECORD(entry, NPF_OPEN, Link)->PacketFilter;
    return filter;
}

/*
 * On success FilterHandle is good for requests until NpfEndOid, and no other thread is here. Normal kernel APCs stay
 * off meanwhile: a thread that is suspended inside would keep FilterDetach waiting.
 */
static NTSTATUS
NpfBeginOid(PNPF_ADAPTER Adapter)
{
    BOOLEAN restarted;

    NdisAcquireSpinLock(&Adapter->Lock);
    restarted = Adapter->State != NpfAttached;
    NdisReleaseSpinLock(&Adapter->Lock);
    if (!restarted)
        return STATUS_DEVICE_NOT_READY;

    KeEnterCriticalRegion();
    if (!ExAcquireRundownProtection(&Adapter->OidRundown)) {
        KeLeaveCriticalRegion();
        return STATUS_DEVICE_REMOVED;
    }
    KeWaitForSingleObject(&Adapter->OidGate, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static VOID
NpfEndOid(PNPF_ADAPTER Adapter)
{
    KeSetEvent(&Adapter->OidGate, IO_NO_INCREMENT, FALSE);
    ExReleaseRundownProtection(&Adapter->OidRundown);
    KeLeaveCriticalRegion();
}

/* The stack may have set its filter before this module was attached: then the miniport knows it, unmixed still. */
static NTSTATUS
NpfLearnUpperFilter(PNPF_ADAPTER Adapter)
{
    NDIS_STATUS status;
    ULONG filter = 0;
    BOOLEAN known;

    NdisAcquireSpinLock(&Adapter->Lock);
    known = Adapter->UpperFilterKnown;
    NdisReleaseSpinLock(&Adapter->Lock);
    if (known)
        return STATUS_SUCCESS;

    status = NpfOwnRequest(Adapter, NdisRequestQueryInformation, &filter);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisAcquireSpinLock(&Adapter->Lock);
    if (!Adapter->UpperFilterKnown) {
        Adapter->UpperFilter = filter;
        Adapter->UpperFilterKnown = TRUE;
    }
    NdisReleaseSpinLock(&Adapter->Lock);
    return STATUS_SUCCESS;
}

static NTSTATUS
NpfApplyPacketFilter(PNPF_ADAPTER Adapter)
{
    for (;;) {
        NDIS_STATUS status;
        BOOLEAN settled;
        BOOLEAN busy;
        ULONG wanted;
        ULONG filter;

        KeWaitForSingleObject(&Adapter->UpperSetIdle, Executive, KernelMode, FALSE, NULL);
        NdisAcquireSpinLock(&Adapter->Lock);
        busy = Adapter->UpperSetPending;
        wanted = Adapter->UpperFilter | NpfOwnFilterLocked(Adapter);
        NdisReleaseSpinLock(&Adapter->Lock);
        if (busy)
            continue;

        filter = wanted;
        status = NpfOwnRequest(Adapter, NdisRequestSetInformation, &filter);
        if (status != NDIS_STATUS_SUCCESS)
            return status;

        NdisAcquireSpinLock(&Adapter->Lock);
        settled = !Adapter->UpperSetPending && wanted == (Adapter->UpperFilter | NpfOwnFilterLocked(Adapter));
        NdisReleaseSpinLock(&Adapter->Lock);
        if (settled)
            return STATUS_SUCCESS;
    }
}

/* Queries or sets OID_GEN_CURRENT_PACKET_FILTER below this module and waits for the answer. */
static NDIS_STATUS
NpfOwnRequest(PNPF_ADAPTER Adapter, NDIS_REQUEST_TYPE Type, PULONG PacketFilter)
{
    NPF_OWN_REQUEST own;
    NDIS_STATUS status;

    NdisZeroMemory(&own, sizeof(own));
    KeInitializeEvent(&own.Done, NotificationEvent, FALSE);
    own.Request.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    own.Request.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    own.Request.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    own.Request.RequestType = Type;
    own.Request.PortNumber = NDIS_DEFAULT_PORT_NUMBER;
    own.Request.RequestId = NPF_OID_ID;
    if (Type == NdisRequestSetInformation) {
        own.Request.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
        own.Request.DATA.SET_INFORMATION.InformationBuffer = PacketFilter;
        own.Request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(*PacketFilter);
    } else {
        own.Request.DATA.QUERY_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
        own.Request.DATA.QUERY_INFORMATION.InformationBuffer = PacketFilter;
        own.Request.DATA.QUERY_INFORMATION.InformationBufferLength = sizeof(*PacketFilter);
    }

    status = NdisFOidRequest(Adapter->FilterHandle, &own.Request);
    if (status == NDIS_STATUS_PENDING) {
        KeWaitForSingleObject(&own.Done, Executive, KernelMode, FALSE, NULL);
        status = own.Status;
    }
    return status;
}
