/* SPDX-License-Identifier: MIT */
/* edge5.c - frames as NDIS 5 has them: packets, linked into Card->Frames through MiniportReserved. */
#include "ndis5.h"

VOID NTAPI
CardReturnPacket5(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet)
{
    CardReturn(MiniportAdapterContext, BUFFER_OF(Packet));
}

VOID NTAPI
CardCancelSends5(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    CardCancelSends(MiniportAdapterContext, CancelId);
}

VOID NTAPI
CardAgeTimer5(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    CardAge(FunctionContext);
}

NDIS_STATUS
EdgeMakePacket(PCARD Card, PCARD_BUFFER Buffer, ULONG Room)
{
    PCARD_EDGE edge = Card->Edge;
    PNDIS_BUFFER descriptor;
    PNDIS_PACKET packet;
    NDIS_STATUS status;

    NdisAllocateBuffer(&status, &descriptor, edge->BufferPool, Buffer->Data, Room);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    Buffer->Mdl = descriptor;
    NdisAllocatePacket(&status, &packet, edge->PacketPool);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    Buffer->Packet = packet;
    return NDIS_STATUS_SUCCESS;
}

VOID
EdgeFreePacket(PCARD Card, PCARD_BUFFER Buffer)
{
    UNREFERENCED_PARAMETER(Card);

    if (Buffer->Packet != NULL)
        NdisFreePacket(Buffer->Packet);
    if (Buffer->Mdl != NULL)
        NdisFreeBuffer(Buffer->Mdl);
}

VOID
EdgeSetTimer(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;

    NdisMSetTimer(&edge->Age, CARD_AGE_MS);
}

BOOLEAN
EdgeCancelTimer(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;
    BOOLEAN cancelled;

    NdisMCancelTimer(&edge->Age, &cancelled);
    return cancelled;
}

ULONG
EdgeCopyFrame(PLIST_ENTRY Frame, PUCHAR To, ULONG Room)
{
    PNDIS_BUFFER buffer;
    UINT length;
    ULONG left;

    NdisQueryPacket(PACKET_OF(Frame), NULL, NULL, &buffer, &length);
    for (left = length < Room ? length : Room; buffer != NULL && left > 0; NdisGetNextBuffer(buffer, &buffer)) {
        PVOID from;
        UINT part;

        NdisQueryBufferSafe(buffer, &from, &part, LowPagePriority);
        if (from == NULL)
            return 0;
        if (part > left)
            part = left;
        NdisMoveMemory(To, from, part);
        To += part;
        left -= part;
    }
    return length;
}

PVOID
EdgeCancelId(PLIST_ENTRY Frame)
{
    return NDIS_GET_PACKET_CANCEL_ID(PACKET_OF(Frame));
}

VOID
EdgeComplete(PCARD Card, PLIST_ENTRY Frame, NDIS_STATUS Status)
{
    NdisMSendComplete(Card->Handle, PACKET_OF(Frame), Status);
}

VOID
EdgeIndicate(PCARD Card, PCARD_BUFFER Buffer)
{
    PNDIS_PACKET packet = Buffer->Packet;

    NdisReinitializePacket(packet);
    NdisAdjustBufferLength(Buffer->Mdl, Buffer->Length);
    NdisChainBufferAtFront(packet, Buffer->Mdl);
    BUFFER_OF(packet) = Buffer;
    NDIS_SET_PACKET_HEADER_SIZE(packet, CARD_HEADER);
    NDIS_SET_PACKET_STATUS(packet, NDIS_STATUS_SUCCESS);
    NdisMIndicateReceivePacket(Card->Handle, &packet, 1);
    CardIndicated5(Card, Buffer);
}

/* Programs learn of a new speed when NDIS asks for it; NDIS 5 has no indication that it would need. */
VOID
EdgeIndicateLink(PCARD Card, ULONG MediaState, ULONG64 Speed)
{
    UNREFERENCED_PARAMETER(Speed);

    NdisMIndicateStatus(Card->Handle,
                        MediaState == MediaConnectStateConnected ? NDIS_STATUS_MEDIA_CONNECT
                                                                 : NDIS_STATUS_MEDIA_DISCONNECT,
                        NULL, 0);
    NdisMIndicateStatusComplete(Card->Handle);
}
