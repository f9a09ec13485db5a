/* SPDX-License-Identifier: MIT */
/* deserialized.c - handlers run at the same time, and NDIS may be called from anywhere. */
#include "ndis5.h"

const WCHAR CardDeviceName[] = L"VlanCard5-";
const ULONG CardAttributes5 = NDIS_ATTRIBUTE_DESERIALIZE;

/* documented: a deserialized miniport completes every packet by a call. */
static VOID NTAPI
CardSendPackets5(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    PCARD card = MiniportAdapterContext;
    UINT i;

    for (i = 0; i < NumberOfPackets; i++) {
        PNDIS_PACKET packet = PacketArray[i];
        NDIS_STATUS status;
        UINT length;

        NdisQueryPacketLength(packet, &length);
        status = CardSend(card, FRAME_OF(packet), length);
        if (status != NDIS_STATUS_PENDING)
            NdisMSendComplete(card->Handle, packet, status);
    }
    CardKick(card);
}

VOID
CardSetHandlers5(PNDIS_MINIPORT_CHARACTERISTICS Miniport)
{
    Miniport->SendPacketsHandler = CardSendPackets5;
}

VOID
CardInitializeKind5(PCARD Card)
{
    UNREFERENCED_PARAMETER(Card);
}

VOID
EdgeRun(PCARD Card)
{
    CardWork(Card);
}

VOID
CardResetSend5(PCARD Card, PLIST_ENTRY Frame)
{
    NdisMSendComplete(Card->Handle, PACKET_OF(Frame), NDIS_STATUS_REQUEST_ABORTED);
}

/* documented: CardReturnPacket5 is called for every packet, perhaps before the indication has returned. */
VOID
CardIndicated5(PCARD Card, PCARD_BUFFER Buffer)
{
    UNREFERENCED_PARAMETER(Card);
    UNREFERENCED_PARAMETER(Buffer);
}
