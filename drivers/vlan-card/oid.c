/* SPDX-License-Identifier: MIT */
/*
 * oid.c - queries and sets that are the same in every generation; addresses and the packet filter.
 *
 * Model: all are answered at once. OIDs that only some generation has are in the edge's list, and answered there.
 */
#include "card.h"

NDIS_STATUS
CardAnswer(const VOID *Data, ULONG DataLength, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed)
{
    if (Length < DataLength) {
        *Needed = DataLength;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    NdisMoveMemory(Buffer, Data, DataLength);
    *Written = DataLength;
    return NDIS_STATUS_SUCCESS;
}

/* A number for those OIDs that are one; FALSE: it is none. Lock held. */
static BOOLEAN
CardNumber(PCARD Card, NDIS_OID Oid, PULONG Value)
{
    switch (Oid) {
    case OID_GEN_HARDWARE_STATUS:
        *Value = NdisHardwareStatusReady;
        return TRUE;
    case OID_GEN_MEDIA_SUPPORTED:
    case OID_GEN_MEDIA_IN_USE:
        *Value = NdisMedium802_3;
        return TRUE;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        *Value = Card->Mtu;
        return TRUE;
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
        *Value = Card->Mtu + CARD_HEADER;
        return TRUE;
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
        *Value = CARD_FRAMES_MAX * (Card->Mtu + CARD_HEADER);
        return TRUE;
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        *Value = CARD_BUFFERS * (Card->Mtu + CARD_HEADER);
        return TRUE;
    case OID_GEN_LINK_SPEED:
        *Value = (ULONG)(Card->Speed / 100);
        return TRUE;
    case OID_GEN_MEDIA_CONNECT_STATUS:
        *Value = Card->MediaState == MediaConnectStateConnected ? NdisMediaStateConnected : NdisMediaStateDisconnected;
        return TRUE;
    case OID_GEN_CURRENT_PACKET_FILTER:
        *Value = Card->PacketFilter;
        return TRUE;
    case OID_GEN_CURRENT_LOOKAHEAD:
        *Value = Card->Lookahead;
        return TRUE;
    case OID_GEN_MAC_OPTIONS:
        *Value = NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_NO_LOOPBACK;
        return TRUE;
    case OID_GEN_VENDOR_ID:
        *Value = 0x00ffffff; /* no assigned identifier (documented: OID_GEN_VENDOR_ID) */
        return TRUE;
    case OID_GEN_VENDOR_DRIVER_VERSION:
        *Value = 0x00010000;
        return TRUE;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        *Value = CARD_MULTICAST_MAX;
        return TRUE;
    default:
        return FALSE;
    }
}

/* Counters; Lock held. */
static BOOLEAN
CardCounter(const VLANCARD_STATISTICS *Statistics, NDIS_OID Oid, PULONG64 Value)
{
    switch (Oid) {
    case OID_GEN_XMIT_OK:
        *Value = Statistics->ToProgram;
        return TRUE;
    case OID_GEN_RCV_OK:
        *Value = Statistics->FromProgram;
        return TRUE;
    case OID_GEN_XMIT_ERROR:
        *Value = Statistics->Overrun + Statistics->Stale;
        return TRUE;
    case OID_GEN_RCV_ERROR:
    case OID_GEN_RCV_NO_BUFFER:
        *Value = 0;
        return TRUE;
    default:
        return FALSE;
    }
}

NDIS_STATUS
CardQuery(PCARD Card, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed)
{
    ULONG64 counter = 0;
    ULONG value = 0;
    BOOLEAN number, counted;
    KIRQL irql;
    ULONG i;

    *Written = *Needed = 0;
    for (i = 0; i < CardOidsLength / sizeof(NDIS_OID) && CardOids[i] != Oid; i++)
        ;
    if (i == CardOidsLength / sizeof(NDIS_OID))
        return NDIS_STATUS_NOT_SUPPORTED;
    switch (Oid) {
    case OID_GEN_SUPPORTED_LIST:
        return CardAnswer(CardOids, CardOidsLength, Buffer, Length, Written, Needed);
    case OID_GEN_VENDOR_DESCRIPTION:
        for (i = 0; CardDescription[i] != '\0'; i++)
            ;
        return CardAnswer(CardDescription, i + 1, Buffer, Length, Written, Needed);
    case OID_802_3_PERMANENT_ADDRESS:
    case OID_802_3_CURRENT_ADDRESS:
        return CardAnswer(Card->Address, CARD_ADDRESS, Buffer, Length, Written, Needed);
    default:
        break;
    }
    KeAcquireSpinLock(&Card->Lock, &irql);
    number = CardNumber(Card, Oid, &value);
    counted = CardCounter(&Card->Statistics, Oid, &counter);
    KeReleaseSpinLock(&Card->Lock, irql);
    if (number)
        return CardAnswer(&value, sizeof(value), Buffer, Length, Written, Needed);
    if (counted) /* documented: 32 or 64 bits, as the buffer has room */
        return CardAnswer(&counter, Length >= sizeof(counter) ? sizeof(counter) : sizeof(ULONG), Buffer, Length,
                          Written, Needed);
    return NDIS_STATUS_NOT_SUPPORTED;
}

static NDIS_STATUS
CardSetMulticast(PCARD Card, const VOID *List, ULONG Length, PULONG Read, PULONG Needed)
{
    KIRQL irql;

    if (Length % CARD_ADDRESS != 0) {
        *Needed = Length - Length % CARD_ADDRESS;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (Length > sizeof(Card->Multicast)) {
        *Needed = sizeof(Card->Multicast);
        return NDIS_STATUS_MULTICAST_FULL;
    }
    KeAcquireSpinLock(&Card->Lock, &irql);
    NdisMoveMemory(Card->Multicast, List, Length);
    Card->MulticastCount = Length / CARD_ADDRESS;
    KeReleaseSpinLock(&Card->Lock, irql);
    *Read = Length;
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS
CardSet(PCARD Card, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Read, PULONG Needed)
{
    ULONG value;
    KIRQL irql;

    *Read = *Needed = 0;
    if (Oid == OID_802_3_MULTICAST_LIST)
        return CardSetMulticast(Card, Buffer, Length, Read, Needed);
    if (Oid != OID_GEN_CURRENT_PACKET_FILTER && Oid != OID_GEN_CURRENT_LOOKAHEAD)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (Length < sizeof(value)) {
        *Needed = sizeof(value);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    NdisMoveMemory(&value, Buffer, sizeof(value));
    if (Oid == OID_GEN_CURRENT_PACKET_FILTER && (value & ~(ULONG)CARD_PACKET_FILTERS) != 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    KeAcquireSpinLock(&Card->Lock, &irql);
    if (Oid == OID_GEN_CURRENT_PACKET_FILTER)
        Card->PacketFilter = value;
    else
        Card->Lookahead = value;
    KeReleaseSpinLock(&Card->Lock, irql);
    *Read = sizeof(value);
    return NDIS_STATUS_SUCCESS;
}

/* Lock held. Does the packet filter let a frame with this destination in? */
BOOLEAN
CardWanted(PCARD Card, const UCHAR *Destination)
{
    static const UCHAR broadcast[CARD_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    ULONG filter = Card->PacketFilter;
    ULONG i;

    if ((filter & NDIS_PACKET_TYPE_PROMISCUOUS) != 0)
        return TRUE;
    if (RtlEqualMemory(Destination, broadcast, CARD_ADDRESS))
        return (filter & NDIS_PACKET_TYPE_BROADCAST) != 0;
    if ((Destination[0] & 1) == 0)
        return (filter & NDIS_PACKET_TYPE_DIRECTED) != 0 && RtlEqualMemory(Destination, Card->Address, CARD_ADDRESS);
    if ((filter & NDIS_PACKET_TYPE_ALL_MULTICAST) != 0)
        return TRUE;
    for (i = 0; (filter & NDIS_PACKET_TYPE_MULTICAST) != 0 && i < Card->MulticastCount; i++)
        if (RtlEqualMemory(Destination, Card->Multicast[i], CARD_ADDRESS))
            return TRUE;
    return FALSE;
}
