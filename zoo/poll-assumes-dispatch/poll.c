/* SPDX-License-Identifier: MIT */
/*
 * receive.c - frames that the card put into posted buffers, given to NDIS when it polls.
 *
 * Model: as drivers/netcard's receive.c, but that NDIS indicates the chain and says how long it may be. It takes its
 * lock as a DPC does, though NDIS also polls at PASSIVE_LEVEL.
 */
#include "../poll-common/poll.h"

VOID NTAPI
PollReceive(PVOID Context, NDIS_POLL_DATA *PollData)
{
    PNC_ADAPTER adapter = Context;
    NDIS_POLL_RECEIVE_DATA *receive = &PollData->Receive;
    PNET_BUFFER_LIST *tail = &receive->IndicatedNblChain;
    ULONG head;

    NdisDprAcquireSpinLock(&adapter->Lock);
    head = NcRead(adapter, NC_REG_RX + NC_RING_HEAD);
    while (head < NC_RING && adapter->ReceiveNext != head && /* a card that is gone reads as all ones */
           receive->NumberOfIndicatedNbls < receive->MaxNblsToIndicate) {
        PNC_RECEIVE_BUFFER buffer = adapter->Posted[adapter->ReceiveNext];
        ULONG length = adapter->ReceiveRing[adapter->ReceiveNext].Length;

        adapter->ReceiveNext = (adapter->ReceiveNext + 1) % NC_RING;
        if (adapter->State != NcRunning) {
            NcPost(adapter, buffer);
            continue;
        }
        NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(buffer->Nbl)) = length;
        NET_BUFFER_LIST_STATUS(buffer->Nbl) = NDIS_STATUS_SUCCESS;
        adapter->FramesReceived++;
        adapter->Statistics.ifHCInOctets += length;
        *tail = buffer->Nbl;
        tail = &NET_BUFFER_LIST_NEXT_NBL(buffer->Nbl);
        receive->NumberOfIndicatedNbls++;
    }
    *tail = NULL;
    adapter->Busy += receive->NumberOfIndicatedNbls; /* until NcReturn */
    NdisDprReleaseSpinLock(&adapter->Lock);
}

_Use_decl_annotations_ VOID
NcReturn(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PNC_ADAPTER adapter = MiniportAdapterContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;
    ULONG count = 0;

    UNREFERENCED_PARAMETER(ReturnFlags);

    NdisAcquireSpinLock(&adapter->Lock);
    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        NcPost(adapter, NET_BUFFER_LIST_MINIPORT_RESERVED(nbl)[0]);
        count++;
    }
    NdisReleaseSpinLock(&adapter->Lock);
    NcReleaseBusy(adapter, count); /* last: it may end a pause, and the adapter with it */
}
