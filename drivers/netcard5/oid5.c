/* SPDX-License-Identifier: MIT */
/* oid5.c - queries and sets. */
#include "netcard5.h"

static const NDIS_OID Nc5Oids[] = {
    OID_GEN_SUPPORTED_LIST,
    OID_GEN_HARDWARE_STATUS,
    OID_GEN_MEDIA_SUPPORTED,
    OID_GEN_MEDIA_IN_USE,
    OID_GEN_MAXIMUM_LOOKAHEAD,
    OID_GEN_MAXIMUM_FRAME_SIZE,
    OID_GEN_LINK_SPEED,
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_CURRENT_LOOKAHEAD,
    OID_GEN_MAXIMUM_TOTAL_SIZE,
    OID_GEN_MAC_OPTIONS,
    OID_GEN_MEDIA_CONNECT_STATUS,
    OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS,
    OID_802_3_MAXIMUM_LIST_SIZE,
    OID_802_3_MULTICAST_LIST,
    OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,
};

/* Address and length of what is asked for; Value is room for a number. NULL: not supported. */
static const VOID *
Nc5Answer(NC5_ADAPTER *Adapter, NDIS_OID Oid, PULONG Value, PULONG Length)
{
    *Length = sizeof(ULONG);
    switch (Oid) {
    case OID_GEN_SUPPORTED_LIST:
        *Length = sizeof(Nc5Oids);
        return Nc5Oids;
    case OID_802_3_PERMANENT_ADDRESS:
    case OID_802_3_CURRENT_ADDRESS:
        *Length = NC5_ADDRESS_LENGTH;
        return Adapter->Address;
    case OID_GEN_HARDWARE_STATUS:
        *Value = NdisHardwareStatusReady;
        break;
    case OID_GEN_MEDIA_SUPPORTED:
    case OID_GEN_MEDIA_IN_USE:
        *Value = NdisMedium802_3;
        break;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        *Value = NC5_MAX_FRAME - 14;
        break;
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
        *Value = NC5_MAX_FRAME;
        break;
    case OID_GEN_LINK_SPEED:
        *Value = 10000000; /* 1 Gbit/s in units of 100 bit/s */
        break;
    case OID_GEN_CURRENT_PACKET_FILTER:
        *Value = Adapter->PacketFilter;
        break;
    case OID_GEN_CURRENT_LOOKAHEAD:
        *Value = Adapter->Lookahead;
        break;
    case OID_GEN_MAC_OPTIONS:
        *Value = NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_NO_LOOPBACK;
        break;
    case OID_GEN_MEDIA_CONNECT_STATUS:
        *Value = Adapter->LinkUp ? NdisMediaStateConnected : NdisMediaStateDisconnected;
        break;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        *Value = 32;
        break;
    case OID_GEN_XMIT_OK:
        *Value = Adapter->Sent;
        break;
    case OID_GEN_RCV_OK:
        *Value = Adapter->Received;
        break;
    default:
        return NULL;
    }
    return Value;
}

NDIS_STATUS NTAPI
Nc5Query(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
         PULONG BytesWritten, PULONG BytesNeeded)
{
    ULONG value, length;
    const VOID *answer = Nc5Answer(MiniportAdapterContext, Oid, &value, &length);

    *BytesWritten = 0;
    *BytesNeeded = 0;
    if (answer == NULL)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (InformationBufferLength < length) {
        *BytesNeeded = length;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    NdisMoveMemory(InformationBuffer, answer, length);
    *BytesWritten = length;
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NTAPI
Nc5Set(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
       PULONG BytesRead, PULONG BytesNeeded)
{
    NC5_ADAPTER *adapter = MiniportAdapterContext;

    *BytesRead = 0;
    *BytesNeeded = 0;
    if (Oid == OID_802_3_MULTICAST_LIST) {
        *BytesRead = InformationBufferLength;
        return NDIS_STATUS_SUCCESS;
    }
    if (Oid != OID_GEN_CURRENT_PACKET_FILTER && Oid != OID_GEN_CURRENT_LOOKAHEAD)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (InformationBufferLength < sizeof(ULONG)) {
        *BytesNeeded = sizeof(ULONG);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (Oid == OID_GEN_CURRENT_PACKET_FILTER)
        adapter->PacketFilter = *(const ULONG *)InformationBuffer;
    else
        adapter->Lookahead = *(const ULONG *)InformationBuffer;
    *BytesRead = sizeof(ULONG);
    return NDIS_STATUS_SUCCESS;
}
