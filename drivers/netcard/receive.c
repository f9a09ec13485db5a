/* SPDX-License-Identifier: MIT */
/*
 * receive.c - frames that the card put into posted buffers.
 */
#include "netcard.h"

/*
 * From the DPC. The indication itself is counted in Busy, because the stack may return all buffers before the call has
 * come back, and a pause must not end before that.
 */
VOID
NcReceive(PNC_ADAPTER Adapter)
{
    PNET_BUFFER_LIST chain = NULL;
    PNET_BUFFER_LIST *tail = &chain;
    ULONG count = 0;
    ULONG head;

    NdisDprAcquireSpinLock(&Adapter->Lock);
    head = NcRead(Adapter, NC_REG_RX + NC_RING_HEAD);
    while (head < NC_RING && Adapter->ReceiveNext != head) { /* a card that is gone reads as all ones */
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
    if (count != 0)
        Adapter->Busy += count + 1;
    NdisDprReleaseSpinLock(&Adapter->Lock);

    if (count != 0) {
        NdisMIndicateReceiveNetBufferLists(Adapter->MiniportHandle, chain, NDIS_DEFAULT_PORT_NUMBER, count,
                                           NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
        NcReleaseBusy(Adapter, 1);
    }
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
