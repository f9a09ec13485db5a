/* SPDX-License-Identifier: MIT */
/*
 * rings5.c - memory shared with the card: two rings, and buffers to receive into.
 *
 * Model: one block holds both rings, one the buffers. A buffer has a packet over it for good, and is either posted in
 * the receive ring or above.
 */
#include "netcard5.h"

#define NC5_RING_BYTES (2 * NC5_RING * sizeof(NC_DESCRIPTOR))

static NDIS_STATUS
Nc5CreateBuffer(PNC5_ADAPTER Adapter, ULONG Index)
{
    PNC5_BUFFER buffer = &Adapter->Buffers[Index];
    NDIS_STATUS status;

    buffer->Data = Adapter->ReceiveMemory + Index * NC5_BUFFER_SIZE;
    buffer->Address = (ULONG64)Adapter->ReceiveAddress.QuadPart + Index * NC5_BUFFER_SIZE;
    NdisAllocatePacket(&status, &buffer->Packet, Adapter->PacketPool);
    if (status != NDIS_STATUS_SUCCESS) {
        buffer->Packet = NULL;
        return status;
    }
    NC5_BUFFER_OF(buffer->Packet) = buffer;
    NDIS_SET_PACKET_HEADER_SIZE(buffer->Packet, 14);
    NdisAllocateBuffer(&status, &buffer->Mdl, Adapter->BufferPool, buffer->Data, NC5_BUFFER_SIZE);
    if (status != NDIS_STATUS_SUCCESS) {
        buffer->Mdl = NULL;
        return status;
    }
    NdisChainBufferAtFront(buffer->Packet, buffer->Mdl);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS
Nc5CreateRings(PNC5_ADAPTER Adapter)
{
    NDIS_STATUS status = NdisMInitializeScatterGatherDma(Adapter->Handle, TRUE, NC5_MAX_FRAME);
    ULONG i;

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisMAllocateSharedMemory(Adapter->Handle, NC5_RING_BYTES, TRUE, (PVOID *)&Adapter->SendRing,
                              &Adapter->RingAddress);
    NdisMAllocateSharedMemory(Adapter->Handle, NC5_RECEIVE_BUFFERS * NC5_BUFFER_SIZE, TRUE,
                              (PVOID *)&Adapter->ReceiveMemory, &Adapter->ReceiveAddress);
    if (Adapter->SendRing == NULL || Adapter->ReceiveMemory == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(Adapter->SendRing, NC5_RING_BYTES);
    Adapter->ReceiveRing = Adapter->SendRing + NC5_RING;
    NdisAllocatePacketPool(&status, &Adapter->PacketPool, NC5_RECEIVE_BUFFERS, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status != NDIS_STATUS_SUCCESS) {
        Adapter->PacketPool = NULL;
        return status;
    }
    NdisAllocateBufferPool(&status, &Adapter->BufferPool, NC5_RECEIVE_BUFFERS);
    if (status != NDIS_STATUS_SUCCESS)
        Adapter->BufferPool = NULL;
    for (i = 0; i < NC5_RECEIVE_BUFFERS && status == NDIS_STATUS_SUCCESS; i++)
        status = Nc5CreateBuffer(Adapter, i);
    return status;
}

/* Also what Nc5CreateRings made before it failed. The card has been reset. */
VOID
Nc5DestroyRings(PNC5_ADAPTER Adapter)
{
    ULONG i;

    for (i = 0; i < NC5_RECEIVE_BUFFERS; i++) {
        if (Adapter->Buffers[i].Mdl != NULL)
            NdisFreeBuffer(Adapter->Buffers[i].Mdl);
        if (Adapter->Buffers[i].Packet != NULL)
            NdisFreePacket(Adapter->Buffers[i].Packet);
    }
    if (Adapter->BufferPool != NULL)
        NdisFreeBufferPool(Adapter->BufferPool);
    if (Adapter->PacketPool != NULL)
        NdisFreePacketPool(Adapter->PacketPool);
    if (Adapter->ReceiveMemory != NULL)
        NdisMFreeSharedMemory(Adapter->Handle, NC5_RECEIVE_BUFFERS * NC5_BUFFER_SIZE, TRUE, Adapter->ReceiveMemory,
                              Adapter->ReceiveAddress);
    if (Adapter->SendRing != NULL)
        NdisMFreeSharedMemory(Adapter->Handle, NC5_RING_BYTES, TRUE, Adapter->SendRing, Adapter->RingAddress);
}

static VOID
Nc5StartRing(PNC5_ADAPTER Adapter, ULONG Register, ULONG64 Address)
{
    Nc5Write(Adapter, Register + NC_RING_BASE, (ULONG)Address);
    Nc5Write(Adapter, Register + NC_RING_BASE_HIGH, (ULONG)(Address >> 32));
    Nc5Write(Adapter, Register + NC_RING_COUNT, NC5_RING);
}

/* The card was reset: both rings are empty. Buffers that were posted are so again; the others are above. */
VOID
Nc5StartRings(PNC5_ADAPTER Adapter)
{
    ULONG64 address = (ULONG64)Adapter->RingAddress.QuadPart;
    BOOLEAN above[NC5_RECEIVE_BUFFERS];
    ULONG i;

    for (i = 0; i < NC5_RECEIVE_BUFFERS; i++)
        above[i] = Adapter->Connected; /* a reset: all but those posted */
    for (i = 0; i < NC5_RING; i++)
        if (Adapter->Posted[i] != NULL)
            above[Adapter->Posted[i] - Adapter->Buffers] = FALSE;
    NdisZeroMemory(Adapter->Posted, sizeof(Adapter->Posted));
    Adapter->SendTail = Adapter->SendHead = Adapter->ReceiveTail = Adapter->ReceiveHead = 0;
    Nc5StartRing(Adapter, NC_REG_TX, address);
    Nc5StartRing(Adapter, NC_REG_RX, address + NC5_RING * sizeof(NC_DESCRIPTOR));
    for (i = 0; i < NC5_RECEIVE_BUFFERS; i++)
        if (!above[i])
            Nc5Post(Adapter, &Adapter->Buffers[i]);
    Nc5Write(Adapter, NC_REG_CONTROL, NC_CONTROL_TX | NC_CONTROL_RX);
}

/* Descriptor first, then the tail: from then on the card may write to the buffer. */
VOID
Nc5Post(PNC5_ADAPTER Adapter, PNC5_BUFFER Buffer)
{
    PNC_DESCRIPTOR descriptor = &Adapter->ReceiveRing[Adapter->ReceiveTail];

    descriptor->Address = Buffer->Address;
    descriptor->Length = NC5_BUFFER_SIZE;
    descriptor->Flags = 0;
    Adapter->Posted[Adapter->ReceiveTail] = Buffer;
    Adapter->ReceiveTail = (Adapter->ReceiveTail + 1) % NC5_RING;
    Nc5Write(Adapter, NC_REG_RX + NC_RING_TAIL, Adapter->ReceiveTail);
}

/*
 * How far the card is in a ring; Seen, what was known before, if it tells no more: one that is gone reads as all ones,
 * and one that Nc5Shutdown has reset while Nc5Handle was still to run has lost its place, and is off.
 */
ULONG
Nc5Head(PNC5_ADAPTER Adapter, ULONG Ring, ULONG Seen)
{
    ULONG head = Nc5Read(Adapter, Ring + NC_RING_HEAD);
    ULONG on = Nc5Read(Adapter, NC_REG_CONTROL) & (NC_CONTROL_TX | NC_CONTROL_RX);

    return head < NC5_RING && on != 0 ? head : Seen;
}
