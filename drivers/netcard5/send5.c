/* SPDX-License-Identifier: MIT */
/*
 * send5.c - from packets to descriptors, and back when the card has sent them.
 *
 * Model: the ring is a queue; the packet stands at its last descriptor. A ring without room makes NDIS keep the packet,
 * and all that come after it, until a send is complete.
 */
#include "netcard5.h"

NDIS_STATUS NTAPI
Nc5Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;
    PSCATTER_GATHER_LIST list = NDIS_PER_PACKET_INFO_FROM_PACKET(Packet, ScatterGatherListPacketInfo);
    ULONG used = (adapter->SendTail + NC5_RING - adapter->SendHead) % NC5_RING;
    ULONG at = adapter->SendTail, last = at;
    UINT length;
    ULONG i;

    UNREFERENCED_PARAMETER(Flags);

    NdisQueryPacketLength(Packet, &length);
    if (adapter->Gone || length > NC5_MAX_FRAME || list->NumberOfElements > NC5_RING - 1)
        return NDIS_STATUS_FAILURE;
    if (list->NumberOfElements > NC5_RING - 1 - used) {
        adapter->Refused = TRUE;
        return NDIS_STATUS_RESOURCES;
    }
    for (i = 0; i < list->NumberOfElements; i++) {
        PNC_DESCRIPTOR descriptor = &adapter->SendRing[at];

        descriptor->Address = (ULONG64)list->Elements[i].Address.QuadPart;
        descriptor->Length = list->Elements[i].Length;
        descriptor->Flags = i + 1 == list->NumberOfElements ? NC_DESCRIPTOR_END : 0;
        last = at;
        at = (at + 1) % NC5_RING;
    }
    adapter->Sending[last] = Packet;
    adapter->SendTail = at;
    Nc5Write(adapter, NC_REG_TX + NC_RING_TAIL, at);
    return NDIS_STATUS_PENDING;
}

/* Oldest first, up to the card's head. */
static VOID
Nc5CompleteUpTo(PNC5_ADAPTER Adapter, ULONG Head, NDIS_STATUS Status)
{
    while (Adapter->SendHead != Head) {
        PNDIS_PACKET packet = Adapter->Sending[Adapter->SendHead];

        Adapter->Sending[Adapter->SendHead] = NULL;
        Adapter->SendHead = (Adapter->SendHead + 1) % NC5_RING;
        if (packet == NULL)
            continue;
        Adapter->Sent += Status == NDIS_STATUS_SUCCESS;
        NdisMSendComplete(Adapter->Handle, packet, Status);
    }
}

VOID
Nc5ReapSends(PNC5_ADAPTER Adapter)
{
    Nc5CompleteUpTo(Adapter, Nc5Head(Adapter, NC_REG_TX, Adapter->SendHead), NDIS_STATUS_SUCCESS);
    if (Adapter->Refused) {
        Adapter->Refused = FALSE;
        NdisMSendResourcesAvailable(Adapter->Handle);
    }
}

VOID
Nc5FailSends(PNC5_ADAPTER Adapter, NDIS_STATUS Status)
{
    Nc5CompleteUpTo(Adapter, Adapter->SendTail, Status);
    if (Adapter->Refused) {
        Adapter->Refused = FALSE;
        NdisMSendResourcesAvailable(Adapter->Handle);
    }
}
