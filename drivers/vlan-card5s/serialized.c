/* SPDX-License-Identifier: MIT */
/* serialized.c - NDIS lets one handler run at a time, and is called from handlers only. */
#include "../vlan-card5/ndis5.h"

const WCHAR CardDeviceName[] = L"VlanCard5s-";
const ULONG CardAttributes5 = 0;

static NDIS_STATUS NTAPI
CardSend5(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    PCARD card = MiniportAdapterContext;
    NDIS_STATUS status;
    UINT length;

    UNREFERENCED_PARAMETER(Flags);

    NdisQueryPacketLength(Packet, &length);
    status = CardSend(card, FRAME_OF(Packet), length);
    if (status == NDIS_STATUS_PENDING)
        CardKick(card);
    return status;
}

VOID
CardSetHandlers5(PNDIS_MINIPORT_CHARACTERISTICS Miniport)
{
    Miniport->SendHandler = CardSend5;
}

static VOID NTAPI
CardWorkTimer5(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    PCARD card = FunctionContext;
    PCARD_EDGE edge = card->Edge;
    KIRQL irql;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    KeAcquireSpinLock(&card->Lock, &irql);
    edge->WorkSet = FALSE; /* from here on new work sets the timer again */
    KeReleaseSpinLock(&card->Lock, irql);
    CardWork(card);
}

VOID
CardInitializeKind5(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;

    NdisMInitializeTimer(&edge->Work, Card->Handle, CardWorkTimer5, Card);
}

/* One count in Busy goes with the timer that is set; whoever finds it set gives his back. */
VOID
EdgeRun(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;
    BOOLEAN set;
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    set = edge->WorkSet;
    edge->WorkSet = TRUE;
    if (!set)
        NdisMSetTimer(&edge->Work, 0);
    KeReleaseSpinLock(&Card->Lock, irql);
    if (set)
        CardRelease(Card, 1);
}

/* documented: NDIS completes what a serialized miniport that resets still has. */
VOID
CardResetSend5(PCARD Card, PLIST_ENTRY Frame)
{
    UNREFERENCED_PARAMETER(Card);
    UNREFERENCED_PARAMETER(Frame);
}

/* documented: PENDING after the call says that CardReturnPacket5 will come; with anything else it does not. */
VOID
CardIndicated5(PCARD Card, PCARD_BUFFER Buffer)
{
    if (NDIS_GET_PACKET_STATUS((PNDIS_PACKET)Buffer->Packet) != NDIS_STATUS_PENDING)
        CardReturn(Card, Buffer);
}
