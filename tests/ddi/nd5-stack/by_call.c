/* SPDX-License-Identifier: MIT */
/* by_call.c - functions for which the headers have macros, as a driver calls them that was built BINARY_COMPATIBLE. */
#define BINARY_COMPATIBLE 1
#include "stack5.h"

#undef NdisMSetAttributes
NDISAPI VOID NTAPI NdisMSetAttributes(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportAdapterContext,
                                      BOOLEAN BusMaster, NDIS_INTERFACE_TYPE AdapterType);

VOID
CallSend(PNDIS_STATUS Status, NDIS_HANDLE Handle, PNDIS_PACKET Packet)
{
    NdisSend(Status, Handle, Packet);
}

VOID
CallSendPackets(NDIS_HANDLE Handle, PPNDIS_PACKET Packets, UINT Count)
{
    NdisSendPackets(Handle, Packets, Count);
}

VOID
CallRequest(PNDIS_STATUS Status, NDIS_HANDLE Handle, PNDIS_REQUEST Request)
{
    NdisRequest(Status, Handle, Request);
}

VOID
CallReset(PNDIS_STATUS Status, NDIS_HANDLE Handle)
{
    NdisReset(Status, Handle);
}

VOID
CallTransferData(PNDIS_STATUS Status, NDIS_HANDLE Handle, NDIS_HANDLE Context, UINT Offset, UINT Bytes,
                 PNDIS_PACKET Packet, PUINT Done)
{
    NdisTransferData(Status, Handle, Context, Offset, Bytes, Packet, Done);
}

VOID
CallSetAttributes(NDIS_HANDLE Handle, NDIS_HANDLE Context, BOOLEAN BusMaster, NDIS_INTERFACE_TYPE Type)
{
    NdisMSetAttributes(Handle, Context, BusMaster, Type);
}
