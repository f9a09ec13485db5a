/* SPDX-License-Identifier: MIT */
/* receive5.c - what the card has received, packet by packet. */
#include "netcard5.h"

VOID
Nc5Receive(PNC5_ADAPTER Adapter)
{
    ULONG head = Nc5Head(Adapter, NC_REG_RX, Adapter->ReceiveHead);

    while (Adapter->ReceiveHead != head) {
        ULONG length = Adapter->ReceiveRing[Adapter->ReceiveHead].Length;
        PNC5_BUFFER buffer = Adapter->Posted[Adapter->ReceiveHead];

        Adapter->Posted[Adapter->ReceiveHead] = NULL;
        Adapter->ReceiveHead = (Adapter->ReceiveHead + 1) % NC5_RING;
        Adapter->Received++;
        NdisAdjustBufferLength(buffer->Mdl, length);
        NdisRecalculatePacketCounts(buffer->Packet);
        NDIS_SET_PACKET_STATUS(buffer->Packet, NDIS_STATUS_SUCCESS);
        NdisMIndicateReceivePacket(Adapter->Handle, &buffer->Packet, 1);
        /* documented: PENDING says that Nc5ReturnPacket will come; a serialized miniport may look */
        if (NDIS_GET_PACKET_STATUS(buffer->Packet) != NDIS_STATUS_PENDING)
            Nc5Post(Adapter, buffer);
    }
}

VOID NTAPI
Nc5ReturnPacket(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet)
{
    Nc5Post(MiniportAdapterContext, NC5_BUFFER_OF(Packet));
}
