/* SPDX-License-Identifier: MIT */
/*
 * data5.c - packets at both edges.
 *
 * Model: what comes in is copied and given back in the same call; what goes out is a frame's own packet.
 */
#include "ndis5.h"

static MUX_SOURCE
MuxSourceOf5(PNDIS_PACKET Packet)
{
    MUX_SOURCE source;
    UINT length;

    NdisQueryPacket(Packet, NULL, NULL, &source.Mdl, &length);
    source.Offset = 0;
    source.Length = length;
    return source;
}

static PNDIS_PACKET
MuxFill5(PMUX_FRAME Frame)
{
    PNDIS_PACKET packet = Frame->Packet;

    NdisReinitializePacket(packet);
    NdisAdjustBufferLength(Frame->Mdl, Frame->Length);
    NdisChainBufferAtFront(packet, Frame->Mdl);
    return packet;
}

/* --- the miniport edge --- */

VOID NTAPI
MuxSendPackets5(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    PMUX_PORT port = MiniportAdapterContext;
    NDIS_HANDLE handle = port->Handle;
    UINT i;

    for (i = 0; i < NumberOfPackets; i++) {
        MUX_SOURCE source = MuxSourceOf5(PacketArray[i]);

        NdisMSendComplete(handle, PacketArray[i], MuxSend(port, &source));
    }
}

VOID NTAPI
MuxReturnPacket5(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);

    MuxReturn(UP_FRAME(Packet));
}

/* documented: a deserialized miniport has the packet back in MiniportReturnPacket, always. */
VOID
EdgeIndicate(PMUX_PORT Port, PMUX_FRAME Frame)
{
    PNDIS_PACKET packet = MuxFill5(Frame);

    UP_FRAME(packet) = Frame;
    NDIS_SET_PACKET_HEADER_SIZE(packet, MUX_HEADER);
    NDIS_SET_PACKET_STATUS(packet, NDIS_STATUS_SUCCESS);
    NdisMIndicateReceivePacket(Port->Handle, &packet, 1);
}

/* --- the protocol edge --- */

VOID
EdgeSend(PMUX_LOWER Lower, PMUX_FRAME Frame)
{
    PNDIS_PACKET packet = MuxFill5(Frame);
    NDIS_STATUS status;

    DOWN_FRAME(packet) = Frame;
    NdisSend(&status, Lower->Binding, packet);
    if (status != NDIS_STATUS_PENDING)
        MuxSendDone(Frame);
}

VOID NTAPI
MuxSendComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);

    MuxSendDone(DOWN_FRAME(Packet));
}

/* 0: the packet is not kept. */
INT NTAPI
MuxReceivePacket5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet)
{
    MUX_SOURCE source = MuxSourceOf5(Packet);

    MuxReceive(ProtocolBindingContext, &source, 0);
    return 0;
}

/* Adapters that indicate with lookahead: all of the frame must be in it; a longer one is not taken. */
NDIS_STATUS NTAPI
MuxReceive5(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer,
            UINT HeaderBufferSize, PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    MUX_SOURCE source;
    PUCHAR bytes;

    UNREFERENCED_PARAMETER(MacReceiveContext);

    if (LookaheadBufferSize < PacketSize)
        return NDIS_STATUS_NOT_ACCEPTED;
    source.Offset = 0;
    source.Length = HeaderBufferSize + PacketSize;
    if (NdisAllocateMemoryWithTag((PVOID *)&bytes, source.Length, MUX_TAG) != NDIS_STATUS_SUCCESS)
        return NDIS_STATUS_NOT_ACCEPTED;
    NdisMoveMemory(bytes, HeaderBuffer, HeaderBufferSize);
    NdisMoveMemory(bytes + HeaderBufferSize, LookAheadBuffer, PacketSize);
    source.Mdl = IoAllocateMdl(bytes, source.Length, FALSE, FALSE, NULL);
    if (source.Mdl != NULL) {
        MmBuildMdlForNonPagedPool(source.Mdl);
        MuxReceive(ProtocolBindingContext, &source, 0);
        IoFreeMdl(source.Mdl);
    }
    NdisFreeMemory(bytes, 0, 0);
    return source.Mdl != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_NOT_ACCEPTED;
}

VOID NTAPI
MuxReceiveComplete5(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

/* This driver transfers nothing. */
VOID NTAPI
MuxTransferComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status,
                     UINT BytesTransferred)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(BytesTransferred);
}

/* --- frames --- */

NDIS_STATUS
EdgeMakePacket(PMUX_PORT Port, PMUX_FRAME Frame, ULONG Room)
{
    PMUX_POOLS pools = Port->Edge;
    PNDIS_BUFFER buffer;
    PNDIS_PACKET packet;
    NDIS_STATUS status;

    NdisAllocateBuffer(&status, &buffer, pools->BufferPool, Frame->Data, Room);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    Frame->Mdl = buffer;
    NdisAllocatePacket(&status, &packet, pools->PacketPool);
    if (status == NDIS_STATUS_SUCCESS)
        Frame->Packet = packet;
    return status;
}

VOID
EdgeFreePacket(PMUX_PORT Port, PMUX_FRAME Frame)
{
    UNREFERENCED_PARAMETER(Port);

    if (Frame->Packet != NULL)
        NdisFreePacket(Frame->Packet);
    if (Frame->Mdl != NULL)
        NdisFreeBuffer(Frame->Mdl);
}
