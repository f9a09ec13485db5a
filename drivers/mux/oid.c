/* SPDX-License-Identifier: MIT */
/*
 * oid.c - queries and sets of a virtual adapter that are the same in both generations; addresses and packet filter.
 *
 * Model: all are answered at once. OIDs that only some generation has are in the edge's list, and answered there.
 */
#include "mux.h"

NDIS_STATUS
MuxAnswer(const VOID *Data, ULONG DataLength, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed)
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
MuxNumber(PMUX_PORT Port, NDIS_OID Oid, PULONG Value)
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
        *Value = Port->Lower->Mtu;
        return TRUE;
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
        *Value = Port->Lower->Mtu + MUX_HEADER;
        return TRUE;
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
        *Value = MUX_FRAMES * (Port->Lower->Mtu + MUX_HEADER);
        return TRUE;
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        *Value = MUX_FRAMES * (Port->Lower->Mtu + MUX_HEADER);
        return TRUE;
    case OID_GEN_LINK_SPEED:
        *Value = (ULONG)(Port->Lower->Speed / 100);
        return TRUE;
    case OID_GEN_MEDIA_CONNECT_STATUS:
        *Value = Port->Lower->Running && Port->Lower->Connected ? NdisMediaStateConnected : NdisMediaStateDisconnected;
        return TRUE;
    case OID_GEN_CURRENT_PACKET_FILTER:
        *Value = Port->PacketFilter;
        return TRUE;
    case OID_GEN_CURRENT_LOOKAHEAD:
        *Value = Port->Lookahead;
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
        *Value = MUX_MULTICAST_MAX;
        return TRUE;
    default:
        return FALSE;
    }
}

/* Counters; Lock held. */
static BOOLEAN
MuxCounter(const MUX_STATISTICS *Statistics, NDIS_OID Oid, PULONG64 Value)
{
    switch (Oid) {
    case OID_GEN_XMIT_OK:
        *Value = Statistics->Sent;
        return TRUE;
    case OID_GEN_RCV_OK:
        *Value = Statistics->Received;
        return TRUE;
    case OID_GEN_XMIT_ERROR:
        *Value = Statistics->SendDropped;
        return TRUE;
    case OID_GEN_RCV_ERROR:
        *Value = 0;
        return TRUE;
    case OID_GEN_RCV_NO_BUFFER:
        *Value = Statistics->ReceiveDropped;
        return TRUE;
    default:
        return FALSE;
    }
}

NDIS_STATUS
MuxQuery(PMUX_PORT Port, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed)
{
    ULONG64 counter = 0;
    ULONG value = 0;
    BOOLEAN number, counted;
    KIRQL irql;
    ULONG i;

    *Written = *Needed = 0;
    for (i = 0; i < MuxOidsLength / sizeof(NDIS_OID) && MuxOids[i] != Oid; i++)
        ;
    if (i == MuxOidsLength / sizeof(NDIS_OID))
        return NDIS_STATUS_NOT_SUPPORTED;
    switch (Oid) {
    case OID_GEN_SUPPORTED_LIST:
        return MuxAnswer(MuxOids, MuxOidsLength, Buffer, Length, Written, Needed);
    case OID_GEN_VENDOR_DESCRIPTION:
        for (i = 0; MuxDescription[i] != '\0'; i++)
            ;
        return MuxAnswer(MuxDescription, i + 1, Buffer, Length, Written, Needed);
    case OID_802_3_PERMANENT_ADDRESS:
    case OID_802_3_CURRENT_ADDRESS:
        return MuxAnswer(Port->Address, MUX_ADDRESS, Buffer, Length, Written, Needed);
    default:
        break;
    }
    KeAcquireSpinLock(&Port->Lock, &irql);
    number = MuxNumber(Port, Oid, &value);
    counted = MuxCounter(&Port->Statistics, Oid, &counter);
    KeReleaseSpinLock(&Port->Lock, irql);
    if (number)
        return MuxAnswer(&value, sizeof(value), Buffer, Length, Written, Needed);
    if (counted) /* documented: 32 or 64 bits, as the buffer has room */
        return MuxAnswer(&counter, Length >= sizeof(counter) ? sizeof(counter) : sizeof(ULONG), Buffer, Length,
                          Written, Needed);
    return NDIS_STATUS_NOT_SUPPORTED;
}

static NDIS_STATUS
MuxSetMulticast(PMUX_PORT Port, const VOID *List, ULONG Length, PULONG Read, PULONG Needed)
{
    KIRQL irql;

    if (Length % MUX_ADDRESS != 0) {
        *Needed = Length - Length % MUX_ADDRESS;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (Length > sizeof(Port->Multicast)) {
        *Needed = sizeof(Port->Multicast);
        return NDIS_STATUS_MULTICAST_FULL;
    }
    KeAcquireSpinLock(&Port->Lock, &irql);
    NdisMoveMemory(Port->Multicast, List, Length);
    Port->MulticastCount = Length / MUX_ADDRESS;
    KeReleaseSpinLock(&Port->Lock, irql);
    *Read = Length;
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS
MuxSet(PMUX_PORT Port, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Read, PULONG Needed)
{
    ULONG value;
    KIRQL irql;

    *Read = *Needed = 0;
    if (Oid == OID_802_3_MULTICAST_LIST)
        return MuxSetMulticast(Port, Buffer, Length, Read, Needed);
    if (Oid != OID_GEN_CURRENT_PACKET_FILTER && Oid != OID_GEN_CURRENT_LOOKAHEAD)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (Length < sizeof(value)) {
        *Needed = sizeof(value);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    NdisMoveMemory(&value, Buffer, sizeof(value));
    if (Oid == OID_GEN_CURRENT_PACKET_FILTER && (value & ~(ULONG)MUX_PACKET_FILTERS) != 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    KeAcquireSpinLock(&Port->Lock, &irql);
    if (Oid == OID_GEN_CURRENT_PACKET_FILTER)
        Port->PacketFilter = value;
    else
        Port->Lookahead = value;
    KeReleaseSpinLock(&Port->Lock, irql);
    *Read = sizeof(value);
    return NDIS_STATUS_SUCCESS;
}

/* Lock held. Does the packet filter let a frame with this destination in? */
BOOLEAN
MuxWanted(PMUX_PORT Port, const UCHAR *Destination)
{
    static const UCHAR broadcast[MUX_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    ULONG filter = Port->PacketFilter;
    ULONG i;

    if ((filter & NDIS_PACKET_TYPE_PROMISCUOUS) != 0)
        return TRUE;
    if (RtlEqualMemory(Destination, broadcast, MUX_ADDRESS))
        return (filter & NDIS_PACKET_TYPE_BROADCAST) != 0;
    if ((Destination[0] & 1) == 0)
        return (filter & NDIS_PACKET_TYPE_DIRECTED) != 0 && RtlEqualMemory(Destination, Port->Address, MUX_ADDRESS);
    if ((filter & NDIS_PACKET_TYPE_ALL_MULTICAST) != 0)
        return TRUE;
    for (i = 0; (filter & NDIS_PACKET_TYPE_MULTICAST) != 0 && i < Port->MulticastCount; i++)
        if (RtlEqualMemory(Destination, Port->Multicast[i], MUX_ADDRESS))
            return TRUE;
    return FALSE;
}
