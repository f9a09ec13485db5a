/* SPDX-License-Identifier: MIT */
/* receive.c - frames in packets of the card's own. */
#include "nd5.h"

/* lent: NDIS has it back when the indication returns. */
static ND5_RECEIVE *
Nd5TakeReceive(ND5_ADAPTER *Adapter, BOOLEAN *Lent)
{
    ND5_RECEIVE *receive;

    Nd5Lock(Adapter);
    receive = Adapter->Free;
    if (receive != NULL) {
        Adapter->Free = receive->Next;
        *Lent = Adapter->Free == NULL;
    }
    Nd5Unlock(Adapter);
    return receive;
}

static VOID
Nd5GiveReceive(ND5_ADAPTER *Adapter, ND5_RECEIVE *Receive)
{
    Nd5Lock(Adapter);
    Receive->Next = Adapter->Free;
    Adapter->Free = Receive;
    Nd5Unlock(Adapter);
}

static UINT
Nd5CopyFrame(PUCHAR Frame, PNDIS_PACKET Packet)
{
    PNDIS_BUFFER buffer;
    PVOID bytes;
    UINT length, total, done = 0;

    NdisQueryPacket(Packet, NULL, NULL, &buffer, &total);
    while (buffer != NULL) {
        NdisQueryBufferSafe(buffer, &bytes, &length, NormalPagePriority);
        if (length > ND5_FRAME_MAX - done)
            length = ND5_FRAME_MAX - done;
        NdisMoveMemory(Frame + done, bytes, length);
        done += length;
        NdisGetNextBuffer(buffer, &buffer);
    }
    return done;
}

/*
 * A serialized miniport looks at the status after the call: PENDING says that Nd5ReturnPacket will come. A
 * deserialized one must not look; for it Nd5ReturnPacket always comes, unless the packet was only lent.
 */
VOID
Nd5Loop(ND5_ADAPTER *Adapter, PNDIS_PACKET Sent)
{
    BOOLEAN lent = FALSE;
    ND5_RECEIVE *receive = Nd5TakeReceive(Adapter, &lent);
    UINT length;

    if (receive == NULL)
        return;
    length = Nd5CopyFrame(receive->Frame, Sent);
    NdisReinitializePacket(receive->Packet);
    NdisAdjustBufferLength(receive->Buffer, length);
    NdisChainBufferAtFront(receive->Packet, receive->Buffer);
    NDIS_SET_PACKET_HEADER_SIZE(receive->Packet, 14);
    NDIS_SET_PACKET_STATUS(receive->Packet, lent ? NDIS_STATUS_RESOURCES : NDIS_STATUS_SUCCESS);
    NdisMIndicateReceivePacket(Adapter->Handle, &receive->Packet, 1);
    if (lent || (!(Nd5Attributes & NDIS_ATTRIBUTE_DESERIALIZE) &&
                 NDIS_GET_PACKET_STATUS(receive->Packet) != NDIS_STATUS_PENDING))
        Nd5GiveReceive(Adapter, receive);
}

VOID NTAPI
Nd5ReturnPacket(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet)
{
    Nd5GiveReceive(MiniportAdapterContext, ND5_RECEIVE_OF(Packet));
}
