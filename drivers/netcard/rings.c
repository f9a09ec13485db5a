/* SPDX-License-Identifier: MIT */
/*
 * rings.c - memory shared with the card: two rings, and buffers to receive into.
 *
 * Model: one block holds both rings, one the buffers. A buffer has an MDL and an NBL over it for good, and is either
 * posted in the receive ring or above.
 */
#include "netcard.h"

static NDIS_STATUS NcCreateBuffer(PNC_ADAPTER Adapter, ULONG Index);

NDIS_STATUS
NcCreateRings(PNC_ADAPTER Adapter)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    NDIS_SG_DMA_DESCRIPTION dma;
    NDIS_STATUS status;
    ULONG i;

    NdisZeroMemory(&dma, sizeof(dma));
    dma.Header.Type = NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION;
    dma.Header.Revision = NDIS_SG_DMA_DESCRIPTION_REVISION_1;
    dma.Header.Size = NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1;
    dma.Flags = NDIS_SG_DMA_64_BIT_ADDRESS;
    dma.MaximumPhysicalMapping = NC_MAX_FRAME;
    dma.ProcessSGListHandler = NcProcessSGList;
    status = NdisMRegisterScatterGatherDma(Adapter->MiniportHandle, &dma, &Adapter->Dma);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisMAllocateSharedMemory(Adapter->MiniportHandle, 2 * NC_RING * sizeof(NC_DESCRIPTOR), TRUE,
                              (PVOID *)&Adapter->SendRing, &Adapter->RingAddress);
    NdisMAllocateSharedMemory(Adapter->MiniportHandle, NC_RECEIVE_BUFFERS * NC_BUFFER_SIZE, TRUE,
                              (PVOID *)&Adapter->ReceiveMemory, &Adapter->ReceiveAddress);
    if (Adapter->SendRing == NULL || Adapter->ReceiveMemory == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(Adapter->SendRing, 2 * NC_RING * sizeof(NC_DESCRIPTOR));
    Adapter->ReceiveRing = Adapter->SendRing + NC_RING;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = NC_TAG;
    Adapter->Pool = NdisAllocateNetBufferListPool(Adapter->MiniportHandle, &parameters);
    if (Adapter->Pool == NULL)
        return NDIS_STATUS_RESOURCES;

    for (i = 0; i < NC_RECEIVE_BUFFERS; i++) {
        status = NcCreateBuffer(Adapter, i);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
    }
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
NcCreateBuffer(PNC_ADAPTER Adapter, ULONG Index)
{
    PNC_RECEIVE_BUFFER buffer = &Adapter->Buffers[Index];

    buffer->Data = Adapter->ReceiveMemory + Index * NC_BUFFER_SIZE;
    buffer->Address = (ULONG64)Adapter->ReceiveAddress.QuadPart + Index * NC_BUFFER_SIZE;
    buffer->Mdl = NdisAllocateMdl(Adapter->MiniportHandle, buffer->Data, NC_BUFFER_SIZE);
    if (buffer->Mdl == NULL)
        return NDIS_STATUS_RESOURCES;
    buffer->Nbl = NdisAllocateNetBufferAndNetBufferList(Adapter->Pool, 0, 0, buffer->Mdl, 0, 0);
    if (buffer->Nbl == NULL)
        return NDIS_STATUS_RESOURCES;
    buffer->Nbl->SourceHandle = Adapter->MiniportHandle;
    NET_BUFFER_LIST_MINIPORT_RESERVED(buffer->Nbl)[0] = buffer;
    return NDIS_STATUS_SUCCESS;
}

/* Also what NcCreateRings made before it failed. The card has been reset: it reaches for none of this. */
VOID
NcDestroyRings(PNC_ADAPTER Adapter)
{
    ULONG i;

    for (i = 0; i < NC_RECEIVE_BUFFERS; i++) {
        if (Adapter->Buffers[i].Nbl != NULL)
            NdisFreeNetBufferList(Adapter->Buffers[i].Nbl);
        if (Adapter->Buffers[i].Mdl != NULL)
            NdisFreeMdl(Adapter->Buffers[i].Mdl);
    }
    if (Adapter->Pool != NULL)
        NdisFreeNetBufferListPool(Adapter->Pool);
    if (Adapter->ReceiveMemory != NULL)
        NdisMFreeSharedMemory(Adapter->MiniportHandle, NC_RECEIVE_BUFFERS * NC_BUFFER_SIZE, TRUE,
                              Adapter->ReceiveMemory, Adapter->ReceiveAddress);
    if (Adapter->SendRing != NULL)
        NdisMFreeSharedMemory(Adapter->MiniportHandle, 2 * NC_RING * sizeof(NC_DESCRIPTOR), TRUE, Adapter->SendRing,
                              Adapter->RingAddress);
    if (Adapter->Dma != NULL)
        NdisMDeregisterScatterGatherDma(Adapter->Dma);
}

static VOID
NcStartRing(PNC_ADAPTER Adapter, ULONG Register, ULONG64 Address)
{
    NcWrite(Adapter, Register + NC_RING_BASE, (ULONG)Address);
    NcWrite(Adapter, Register + NC_RING_BASE_HIGH, (ULONG)(Address >> 32));
    NcWrite(Adapter, Register + NC_RING_COUNT, NC_RING);
}

/* The card was reset: both rings are empty. */
VOID
NcStartRings(PNC_ADAPTER Adapter)
{
    ULONG64 address = (ULONG64)Adapter->RingAddress.QuadPart;
    ULONG i;

    NcStartRing(Adapter, NC_REG_TX, address);
    NcStartRing(Adapter, NC_REG_RX, address + NC_RING * sizeof(NC_DESCRIPTOR));
    for (i = 0; i < NC_RECEIVE_BUFFERS; i++)
        NcPost(Adapter, &Adapter->Buffers[i]);
    NcWrite(Adapter, NC_REG_CONTROL, NC_CONTROL_TX);
}

/* Lock, or nobody else yet. Descriptor first, then the tail: from then on the card may write to the buffer. */
VOID
NcPost(PNC_ADAPTER Adapter, PNC_RECEIVE_BUFFER Buffer)
{
    PNC_DESCRIPTOR descriptor = &Adapter->ReceiveRing[Adapter->ReceiveTail];

    descriptor->Address = Buffer->Address;
    descriptor->Length = NC_BUFFER_SIZE;
    descriptor->Flags = 0;
    Adapter->Posted[Adapter->ReceiveTail] = Buffer;
    Adapter->ReceiveTail = (Adapter->ReceiveTail + 1) % NC_RING;
    NcWrite(Adapter, NC_REG_RX + NC_RING_TAIL, Adapter->ReceiveTail);
}

/*
 * Lock. How far the card is in a ring; Seen, what was known before, if it tells no more: one that is gone reads as all
 * ones, and one that NcShutdown has reset while a DPC was still to run has lost its place, and is off.
 */
ULONG
NcHead(PNC_ADAPTER Adapter, ULONG Ring, ULONG Seen)
{
    ULONG head = NcRead(Adapter, Ring + NC_RING_HEAD);
    ULONG on = NcRead(Adapter, NC_REG_CONTROL) & (NC_CONTROL_TX | NC_CONTROL_RX);

    return head < NC_RING && on != 0 ? head : Seen;
}
