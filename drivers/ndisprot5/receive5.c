/* SPDX-License-Identifier: MIT */
/*
 * receive5.c - received frames on their way to programs.
 *
 * Model: each handle of the adapter gets a copy, so no packet is kept. An adapter that shows a header and some bytes
 * after it has the rest fetched, into the item that will hold the frame; such a transfer counts as a send does, so that
 * unbinding waits for it.
 */
#include "ndis5.h"

#define NP_ITEM_OF(Packet) (*(PNP_ITEM *)(PVOID)(Packet)->ProtocolReserved)

static VOID NpFrame(PNP_BINDING Binding, PNP_ITEM Item);
static VOID NpFetch(PNP5_BINDING Binding, PNP_ITEM Item, NDIS_HANDLE MacReceiveContext, UINT Header, UINT Have);

/* An item for a frame that some handle will want. NULL: nobody does, or there is no memory. */
static PNP_ITEM
NpItemFor(PNP_BINDING Binding, ULONG Length)
{
    BOOLEAN wanted;

    NdisAcquireSpinLock(&NpLock);
    wanted = !IsListEmpty(&Binding->Opens);
    NdisReleaseSpinLock(&NpLock);
    return wanted ? NpAllocateItem(Length) : NULL;
}

/* Returns 0: the packet is not kept. */
INT NTAPI
NpReceivePacket5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet)
{
    PNDIS_BUFFER buffer;
    UINT length, total, done = 0;
    PVOID bytes;
    PNP_ITEM item;

    NdisQueryPacket(Packet, NULL, NULL, &buffer, &total);
    item = NpItemFor(ProtocolBindingContext, total);
    if (item == NULL)
        return 0;
    for (; buffer != NULL; NdisGetNextBuffer(buffer, &buffer)) {
        NdisQueryBufferSafe(buffer, &bytes, &length, NormalPagePriority);
        if (bytes == NULL || length > total - done)
            break;
        NdisMoveMemory(item->Data + done, bytes, length);
        done += length;
    }
    if (done == total)
        NpFrame(ProtocolBindingContext, item);
    else
        NdisFreeMemory(item, 0, 0);
    return 0;
}

NDIS_STATUS NTAPI
NpReceive5(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer, UINT HeaderBufferSize,
           PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    UINT have = min(LookaheadBufferSize, PacketSize);
    PNP_BINDING binding = ProtocolBindingContext;
    PNP_ITEM item;

    if (HeaderBufferSize != NP_ETHERNET_HEADER || PacketSize > binding->MaxFrame - NP_ETHERNET_HEADER)
        return NDIS_STATUS_NOT_ACCEPTED;
    item = NpItemFor(binding, HeaderBufferSize + PacketSize);
    if (item == NULL)
        return NDIS_STATUS_NOT_ACCEPTED;
    NdisMoveMemory(item->Data, HeaderBuffer, HeaderBufferSize);
    NdisMoveMemory(item->Data + HeaderBufferSize, LookAheadBuffer, have);
    if (have == PacketSize)
        NpFrame(binding, item);
    else
        NpFetch((PNP5_BINDING)binding, item, MacReceiveContext, HeaderBufferSize, have);
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NpReceiveComplete5(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext); /* nothing was put off until now */
}

/* Takes Item. */
static VOID
NpFrame(PNP_BINDING Binding, PNP_ITEM Item)
{
    LIST_ENTRY completed;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    NpDeliver(Binding, NpFrames, Item, &completed);
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);
}

static BOOLEAN
NpBeginTransfer(PNP_BINDING Binding)
{
    BOOLEAN runs;

    NdisAcquireSpinLock(&Binding->Lock);
    runs = Binding->State == NpRunning;
    if (runs)
        Binding->Sends++;
    NdisReleaseSpinLock(&Binding->Lock);
    return runs;
}

/* The frame's bytes from Have on, behind the header. Takes Item. */
static VOID
NpFetch(PNP5_BINDING Binding, PNP_ITEM Item, NDIS_HANDLE MacReceiveContext, UINT Header, UINT Have)
{
    UINT lacking = Item->Length - Header - Have, done = 0;
    PNDIS_PACKET packet = NULL;
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;

    if (!NpBeginTransfer(&Binding->Common)) {
        NdisFreeMemory(Item, 0, 0);
        return;
    }
    NdisAllocateBuffer(&status, &buffer, Binding->BufferPool, Item->Data + Header + Have, lacking);
    if (status == NDIS_STATUS_SUCCESS) {
        NdisAllocatePacket(&status, &packet, Binding->PacketPool);
        if (status != NDIS_STATUS_SUCCESS)
            NdisFreeBuffer(buffer);
    }
    if (status != NDIS_STATUS_SUCCESS) {
        NdisFreeMemory(Item, 0, 0);
        NpEndUse(&Binding->Common, &Binding->Common.Sends);
        return;
    }
    NP_ITEM_OF(packet) = Item;
    NdisChainBufferAtFront(packet, buffer);
    NdisTransferData(&status, Binding->Common.BindingHandle, MacReceiveContext, Have, lacking, packet, &done);
    if (status != NDIS_STATUS_PENDING)
        NpTransferComplete5(Binding, packet, status, done);
}

/* A frame whose rest does not come is lost. */
VOID NTAPI
NpTransferComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status, UINT BytesTransferred)
{
    PNP_BINDING binding = ProtocolBindingContext;
    PNP_ITEM item = NP_ITEM_OF(Packet);
    PNDIS_BUFFER buffer;
    UINT wanted;

    NdisQueryPacketLength(Packet, &wanted);
    NdisUnchainBufferAtFront(Packet, &buffer);
    NdisFreeBuffer(buffer);
    NdisFreePacket(Packet);
    if (Status == NDIS_STATUS_SUCCESS && BytesTransferred == wanted)
        NpFrame(binding, item);
    else
        NdisFreeMemory(item, 0, 0);
    NpEndUse(binding, &binding->Sends);
}
