/* SPDX-License-Identifier: MIT */
/* driver5.c - compiles with each macro of NDIS 5.x used as drivers use it; nothing of it runs. */
#include <ndis.h>

NDIS_STATUS Uses(NDIS_HANDLE Adapter, NDIS_HANDLE Binding, PNDIS_PACKET Packet, PNDIS_BUFFER Buffer,
                 PNDIS_REQUEST Request);

NDIS_STATUS
Uses(NDIS_HANDLE Adapter, NDIS_HANDLE Binding, PNDIS_PACKET Packet, PNDIS_BUFFER Buffer, PNDIS_REQUEST Request)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;
    NDIS_PROTOCOL_CHARACTERISTICS protocol;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    PNDIS_BUFFER first;
    PVOID address;
    UINT pages, count, length, total;

    NdisZeroMemory(&miniport, sizeof(miniport));
    NdisZeroMemory(&protocol, sizeof(protocol));
    miniport.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    miniport.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    protocol.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    protocol.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;

    NdisChainBufferAtFront(Packet, Buffer);
    NdisChainBufferAtBack(Packet, Buffer);
    NdisQueryPacket(Packet, &pages, &count, &first, &length);
    NdisQueryPacketLength(Packet, &length);
    NdisGetFirstBufferFromPacket(Packet, &first, &address, &length, &total);
    NdisGetFirstBufferFromPacketSafe(Packet, &first, &address, &length, &total, NormalPagePriority);
    NdisQueryBufferSafe(Buffer, &address, &length, NormalPagePriority);
    NdisQueryBufferOffset(Buffer, &pages, &length);
    NdisAdjustBufferLength(Buffer, length);
    NdisGetNextBuffer(Buffer, &first);
    NdisReinitializePacket(Packet);
    NdisRecalculatePacketCounts(Packet);
    NdisSetPacketFlags(Packet, NDIS_FLAGS_DONT_LOOPBACK);
    NDIS_SET_PACKET_STATUS(Packet, NDIS_STATUS_RESOURCES);
    NDIS_SET_PACKET_HEADER_SIZE(Packet, 14);
    NDIS_SET_ORIGINAL_PACKET(Packet, NULL);
    NDIS_SET_PACKET_MEDIA_SPECIFIC_INFO(Packet, address, length);
    NDIS_GET_PACKET_MEDIA_SPECIFIC_INFO(Packet, &address, &length);
    NDIS_PER_PACKET_INFO_FROM_PACKET(Packet, Ieee8021QInfo) = NULL;
    NDIS_PACKET_EXTENSION_FROM_PACKET(Packet)->NdisPacketInfo[PacketCancelId] = NULL;

    NdisMSendComplete(Adapter, Packet, NDIS_GET_PACKET_STATUS(Packet));
    NdisMSendResourcesAvailable(Adapter);
    NdisMResetComplete(Adapter, status, FALSE);
    NdisMIndicateReceivePacket(Adapter, &Packet, 1);
    NdisMEthIndicateReceive(Adapter, NULL, address, 14, address, length, length);
    NdisMEthIndicateReceiveComplete(Adapter);
    NdisMIndicateStatus(Adapter, NDIS_STATUS_MEDIA_CONNECT, NULL, 0);
    NdisMIndicateStatusComplete(Adapter);
    NdisMTransferDataComplete(Adapter, Packet, status, length);
    NdisMQueryInformationComplete(Adapter, status);
    NdisMSetInformationComplete(Adapter, status);
    NdisMSetAttributes(Adapter, NULL, FALSE, NdisInterfaceInternal);

    NdisSend(&status, Binding, Packet);
    NdisSendPackets(Binding, &Packet, 1);
    NdisRequest(&status, Binding, Request);
    NdisReset(&status, Binding);
    NdisTransferData(&status, Binding, NULL, 0, length, Packet, &length);
    NdisFreeBuffer(Buffer);
    return status;
}
