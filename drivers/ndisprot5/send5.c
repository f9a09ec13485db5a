/* SPDX-License-Identifier: MIT */
/* send5.c - a write's frame under NDIS 5: a packet whose one buffer is the IRP's own MDL. */
#include "ndis5.h"

/* Lies in the packet's ProtocolReserved. */
typedef struct _NP_SEND_CONTEXT {
    PIRP Irp;
    PNP_OPEN Open; /* alive as long as Irp is */
} NP_SEND_CONTEXT, *PNP_SEND_CONTEXT;

C_ASSERT(sizeof(NP_SEND_CONTEXT) <= PROTOCOL_RESERVED_SIZE_IN_PACKET);

#define NP_SEND_CONTEXT_OF(Packet) ((PNP_SEND_CONTEXT)(PVOID)(Packet)->ProtocolReserved)

PVOID
NpMakeFrame(PNP_BINDING Binding, PNP_OPEN Open, PIRP Irp, PVOID CancelId)
{
    PNDIS_PACKET packet;
    NDIS_STATUS status;

    NdisAllocatePacket(&status, &packet, ((PNP5_BINDING)Binding)->PacketPool);
    if (status != NDIS_STATUS_SUCCESS)
        return NULL;
    NP_SEND_CONTEXT_OF(packet)->Irp = Irp;
    NP_SEND_CONTEXT_OF(packet)->Open = Open;
    NDIS_SET_PACKET_CANCEL_ID(packet, CancelId);
    NdisChainBufferAtFront(packet, Irp->MdlAddress);
    return packet;
}

VOID
NpFreeFrame(PVOID Frame)
{
    PNDIS_BUFFER buffer;

    NdisUnchainBufferAtFront((PNDIS_PACKET)Frame, &buffer); /* the IRP's, and stays it */
    NdisFreePacket(Frame);
}

VOID
NpSendFrame(PNP_BINDING Binding, PVOID Frame)
{
    NDIS_STATUS status;

    NdisSend(&status, Binding->BindingHandle, (PNDIS_PACKET)Frame);
    if (status != NDIS_STATUS_PENDING)
        NpSendComplete5(Binding, Frame, status);
}

VOID
NpCancelFrames(NDIS_HANDLE BindingHandle, PVOID CancelId)
{
    NdisCancelSendPackets(BindingHandle, CancelId);
}

VOID NTAPI
NpSendComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    NP_SEND_CONTEXT context = *NP_SEND_CONTEXT_OF(Packet);
    PNP_BINDING binding = ProtocolBindingContext;
    UINT length;

    NdisQueryPacketLength(Packet, &length);
    NpFreeFrame(Packet); /* before the IRP: its MDL is the data */
    NpCompleteWrite(context.Irp, context.Open, Status == NDIS_STATUS_REQUEST_ABORTED ? STATUS_CANCELLED : Status,
                    length);
    NpEndUse(binding, &binding->Sends); /* after the last one the binding may go */
}
