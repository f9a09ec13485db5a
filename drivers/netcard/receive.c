/* SPDX-License-Identifier: MIT */
/*
 * receive.c - frames that the card put into posted buffers.
 */
#include "netcard.h"

/* Lock. A chain of what came since the last time, Most at most; how many. What comes in a pause is posted again. */
ULONG
NcTakeReceived(PNC_ADAPTER Adapter, ULONG Most, PNET_BUFFER_LIST *Chain)
{
    ULONG head = NcHead(Adapter, NC_REG_RX, Adapter->ReceiveNext);
    PNET_BUFFER_LIST *tail = Chain;
    ULONG count = 0;

    while (Adapter->ReceiveNext != head && count < Most) {
        PNC_RECEIVE_BUFFER buffer = Adapter->Posted[Adapter->ReceiveNext];
        ULONG length = Adapter->ReceiveRing[Adapter->ReceiveNext].Length;

        Adapter->ReceiveNext = (Adapter->ReceiveNext + 1) % NC_RING;
        if (Adapter->State != NcRunning) {
            NcPost(Adapter, buffer);
            continue;
        }
        NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(buffer->Nbl)) = length;
        NET_BUFFER_LIST_STATUS(buffer->Nbl) = NDIS_STATUS_SUCCESS;
        Adapter->FramesReceived++;
        Adapter->Statistics.ifHCInOctets += length;
        *tail = buffer->Nbl;
        tail = &NET_BUFFER_LIST_NEXT_NBL(buffer->Nbl);
        count++;
    }
    *tail = NULL;
    return count;
}

_Use_decl_annotations_
VOID
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
