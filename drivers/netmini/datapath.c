/* SPDX-License-Identifier: MIT */
/*
 * datapath.c - sends, and the receives that a looped back send becomes.
 *
 * Model: a buffer goes Free -> Queue (NmSend) -> the stack (NmReceiveDpc) -> Free (NmReturn). The DPC is there
 * because a protocol may send from its receive handler: indicating from inside the send would nest without end.
 */
#include "netmini.h"

static VOID NmSendFrame(PNM_ADAPTER Adapter, PNET_BUFFER NetBuffer);
static BOOLEAN NmWanted(PNM_ADAPTER Adapter, const UCHAR *Destination);
static BOOLEAN NmCopyFrame(PNET_BUFFER NetBuffer, PUCHAR Data, ULONG Length);
static BOOLEAN NmIsBroadcast(const UCHAR *Destination);
static VOID NmCount(const UCHAR *Destination, ULONG Length, PULONG64 Directed, PULONG64 Multicast, PULONG64 Broadcast,
                    PULONG64 Octets);

/* Buffers know their NBL; the NBL knows its buffer by the data its first MDL maps. */
#define NM_BUFFER_OF(Nbl)                                                                                              \
    CONTAINING_RECORD((PUCHAR)MmGetMdlVirtualAddress(NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(Nbl))), NM_BUFFER, \
                      Data)

_Use_decl_annotations_
VOID
NmSend(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
       ULONG SendFlags)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;
    NDIS_HANDLE miniportHandle = adapter->MiniportHandle;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(PortNumber);

    NdisAcquireSpinLock(&adapter->Lock);
    status = adapter->State == NmRunning ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PAUSED;
    if (status == NDIS_STATUS_SUCCESS)
        adapter->Busy++;
    for (nbl = NetBufferList; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        NET_BUFFER_LIST_STATUS(nbl) = status;
        if (status != NDIS_STATUS_SUCCESS)
            continue;
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb))
            NmSendFrame(adapter, nb);
    }
    if (!IsListEmpty(&adapter->Queue))
        KeInsertQueueDpc(&adapter->ReceiveDpc, NULL, NULL); /* FALSE: it is on its way already */
    NdisReleaseSpinLock(&adapter->Lock);

    NdisMSendNetBufferListsComplete(miniportHandle, NetBufferList,
                                    NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags)
                                        ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL
                                        : 0);
    if (status == NDIS_STATUS_SUCCESS)
        NmReleaseBusy(adapter, 1);
}

/* No send is ever waiting here. */
_Use_decl_annotations_
VOID
NmCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
}

/*
 * Indicates what is queued. The indication itself is counted in Busy, because the stack may return all buffers before
 * the call has come back, and a pause must not end before that.
 */
_Use_decl_annotations_
VOID
NmReceiveDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PNM_ADAPTER adapter = DeferredContext;
    PNET_BUFFER_LIST chain = NULL;
    PNET_BUFFER_LIST *tail = &chain;
    ULONG count = 0;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    NdisDprAcquireSpinLock(&adapter->Lock);
    while (!IsListEmpty(&adapter->Queue)) {
        PNM_BUFFER buffer = CONTAINING_RECORD(RemoveHeadList(&adapter->Queue), NM_BUFFER, Link);

        *tail = buffer->Nbl;
        tail = &NET_BUFFER_LIST_NEXT_NBL(buffer->Nbl);
        count++;
    }
    *tail = NULL;
    if (count != 0)
        adapter->Busy++;
    NdisDprReleaseSpinLock(&adapter->Lock);

    if (count != 0) {
        NdisMIndicateReceiveNetBufferLists(adapter->MiniportHandle, chain, NDIS_DEFAULT_PORT_NUMBER, count,
                                           NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
        NmReleaseBusy(adapter, 1);
    }
}

_Use_decl_annotations_
VOID
NmReturn(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;
    ULONG count = 0;

    UNREFERENCED_PARAMETER(ReturnFlags);

    NdisAcquireSpinLock(&adapter->Lock);
    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        InsertTailList(&adapter->Free, &NM_BUFFER_OF(nbl)->Link);
        count++;
    }
    NdisReleaseSpinLock(&adapter->Lock);
    NmReleaseBusy(adapter, count); /* last: it may end a pause, and the adapter with it */
}

NDIS_STATUS
NmCreateBuffers(PNM_ADAPTER Adapter)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    ULONG size = NM_RECEIVE_BUFFERS * sizeof(NM_BUFFER);
    ULONG i;

    if (!Adapter->Loopback)
        return NDIS_STATUS_SUCCESS;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = NM_TAG;
    Adapter->Pool = NdisAllocateNetBufferListPool(Adapter->MiniportHandle, &parameters);
    if (Adapter->Pool == NULL)
        return NDIS_STATUS_RESOURCES;

    Adapter->Buffers = NdisAllocateMemoryWithTagPriority(Adapter->MiniportHandle, size, NM_TAG, NormalPoolPriority);
    if (Adapter->Buffers == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(Adapter->Buffers, size);

    for (i = 0; i < NM_RECEIVE_BUFFERS; i++) {
        PNM_BUFFER buffer = &Adapter->Buffers[i];

        buffer->Mdl = NdisAllocateMdl(Adapter->MiniportHandle, buffer->Data, sizeof(buffer->Data));
        if (buffer->Mdl == NULL)
            return NDIS_STATUS_RESOURCES;
        buffer->Nbl = NdisAllocateNetBufferAndNetBufferList(Adapter->Pool, 0, 0, buffer->Mdl, 0, 0);
        if (buffer->Nbl == NULL)
            return NDIS_STATUS_RESOURCES;
        buffer->Nbl->SourceHandle = Adapter->MiniportHandle;
        InsertTailList(&Adapter->Free, &buffer->Link);
    }
    return NDIS_STATUS_SUCCESS;
}

/* Frees what NmCreateBuffers made, also when it failed half way. */
VOID
NmDestroyBuffers(PNM_ADAPTER Adapter)
{
    ULONG i;

    for (i = 0; Adapter->Buffers != NULL && i < NM_RECEIVE_BUFFERS; i++) {
        if (Adapter->Buffers[i].Nbl != NULL)
            NdisFreeNetBufferList(Adapter->Buffers[i].Nbl);
        if (Adapter->Buffers[i].Mdl != NULL)
            NdisFreeMdl(Adapter->Buffers[i].Mdl);
    }
    if (Adapter->Buffers != NULL)
        NdisFreeMemory(Adapter->Buffers, 0, 0);
    if (Adapter->Pool != NULL)
        NdisFreeNetBufferListPool(Adapter->Pool);
    Adapter->Buffers = NULL;
    Adapter->Pool = NULL;
}

/* Lock held, running. */
static VOID
NmSendFrame(PNM_ADAPTER Adapter, PNET_BUFFER NetBuffer)
{
    PNDIS_STATISTICS_INFO statistics = &Adapter->Statistics;
    ULONG length = NET_BUFFER_DATA_LENGTH(NetBuffer);
    UCHAR destination[NM_ADDRESS_LENGTH];
    PNM_BUFFER buffer;

    if (length < NM_HEADER || length > NM_MAX_FRAME || !NmCopyFrame(NetBuffer, destination, sizeof(destination))) {
        statistics->ifOutErrors++;
        return;
    }
    NmCount(destination, length, &statistics->ifHCOutUcastPkts, &statistics->ifHCOutMulticastPkts,
            &statistics->ifHCOutBroadcastPkts, &statistics->ifHCOutOctets);
    if (!Adapter->Loopback || !NmWanted(Adapter, destination))
        return;

    if (IsListEmpty(&Adapter->Free)) {
        statistics->ifInDiscards++;
        return;
    }
    buffer = CONTAINING_RECORD(Adapter->Free.Flink, NM_BUFFER, Link);
    if (!NmCopyFrame(NetBuffer, buffer->Data, length)) {
        statistics->ifInDiscards++;
        return;
    }
    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(buffer->Nbl)) = length;
    NmCount(destination, length, &statistics->ifHCInUcastPkts, &statistics->ifHCInMulticastPkts,
            &statistics->ifHCInBroadcastPkts, &statistics->ifHCInOctets);
    RemoveEntryList(&buffer->Link);
    InsertTailList(&Adapter->Queue, &buffer->Link);
    Adapter->Busy++;
}

static VOID
NmCount(const UCHAR *Destination, ULONG Length, PULONG64 Directed, PULONG64 Multicast, PULONG64 Broadcast,
        PULONG64 Octets)
{
    if (NmIsBroadcast(Destination))
        (*Broadcast)++;
    else if ((Destination[0] & 1) != 0)
        (*Multicast)++;
    else
        (*Directed)++;
    *Octets += Length;
}

static BOOLEAN
NmIsBroadcast(const UCHAR *Destination)
{
    ULONG i;

    for (i = 0; i < NM_ADDRESS_LENGTH; i++) {
        if (Destination[i] != 0xff)
            return FALSE;
    }
    return TRUE;
}

/* Lock held. Does the packet filter let a frame with this destination in? */
static BOOLEAN
NmWanted(PNM_ADAPTER Adapter, const UCHAR *Destination)
{
    ULONG filter = Adapter->PacketFilter;
    ULONG i;

    if ((filter & NDIS_PACKET_TYPE_PROMISCUOUS) != 0)
        return TRUE;
    if (NmIsBroadcast(Destination))
        return (filter & NDIS_PACKET_TYPE_BROADCAST) != 0;
    if ((Destination[0] & 1) == 0)
        return (filter & NDIS_PACKET_TYPE_DIRECTED) != 0 &&
               NdisEqualMemory(Destination, Adapter->Address, NM_ADDRESS_LENGTH);
    if ((filter & NDIS_PACKET_TYPE_ALL_MULTICAST) != 0)
        return TRUE;
    if ((filter & NDIS_PACKET_TYPE_MULTICAST) == 0)
        return FALSE;
    for (i = 0; i < Adapter->MulticastCount; i++) {
        if (NdisEqualMemory(Destination, Adapter->Multicast[i], NM_ADDRESS_LENGTH))
            return TRUE;
    }
    return FALSE;
}

/* The first Length bytes of a frame. FALSE if an MDL cannot be mapped or the chain is too short. */
static BOOLEAN
NmCopyFrame(PNET_BUFFER NetBuffer, PUCHAR Data, ULONG Length)
{
    ULONG left = Length;
    ULONG skip = NET_BUFFER_CURRENT_MDL_OFFSET(NetBuffer);
    PMDL mdl;

    for (mdl = NET_BUFFER_CURRENT_MDL(NetBuffer); mdl != NULL && left != 0; mdl = mdl->Next) {
        ULONG bytes = min(MmGetMdlByteCount(mdl) - skip, left);
        PUCHAR from = MmGetSystemAddressForMdlSafe(mdl, LowPagePriority | MdlMappingNoExecute);

        if (from == NULL)
            return FALSE;
        NdisMoveMemory(Data, from + skip, bytes);
        Data += bytes;
        left -= bytes;
        skip = 0;
    }
    return left == 0;
}
