/* SPDX-License-Identifier: MIT */
/* ndis5.h - the NDIS 5.1 edges of the multiplexer; intermediate drivers are deserialized (documented). */
#ifndef NDIS5_H
#define NDIS5_H

#include "../mux/mux.h"

/* Lower->Edge */
typedef struct _MUX_BINDING {
    NDIS_EVENT Done; /* of an open, close or request that pended; there is one at a time */
    NDIS_STATUS Status;
    NDIS_REQUEST Request;
} MUX_BINDING, *PMUX_BINDING;

/* Port->Edge */
typedef struct _MUX_POOLS {
    NDIS_HANDLE PacketPool, BufferPool;
} MUX_POOLS, *PMUX_POOLS;

#define UP_FRAME(Packet)   (*(PMUX_FRAME *)(PVOID)(Packet)->MiniportReserved)
#define DOWN_FRAME(Packet) (*(PMUX_FRAME *)(PVOID)(Packet)->ProtocolReserved)

/* driver5.c */
extern NDIS_HANDLE MuxMiniportHandle, MuxProtocolHandle;
DRIVER_INITIALIZE DriverEntry;

/* binding5.c */
VOID NTAPI MuxBind5(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
                    PVOID SystemSpecific2);
VOID NTAPI MuxUnbind5(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext);
VOID NTAPI MuxOpenComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus);
VOID NTAPI MuxCloseComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);
VOID NTAPI MuxResetComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);
VOID NTAPI MuxRequestComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status);
VOID NTAPI MuxStatus5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer,
                      UINT StatusBufferSize);
VOID NTAPI MuxStatusComplete5(NDIS_HANDLE ProtocolBindingContext);
NDIS_STATUS NTAPI MuxPnPEvent5(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT NetPnPEvent);

/* adapter5.c */
VOID MuxSetMiniport5(PNDIS_MINIPORT_CHARACTERISTICS Miniport);

/* data5.c */
VOID NTAPI MuxSendPackets5(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray, UINT NumberOfPackets);
VOID NTAPI MuxReturnPacket5(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet);
VOID NTAPI MuxSendComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status);
VOID NTAPI MuxTransferComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status,
                                UINT BytesTransferred);
INT NTAPI MuxReceivePacket5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet);
NDIS_STATUS NTAPI MuxReceive5(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer,
                              UINT HeaderBufferSize, PVOID LookAheadBuffer, UINT LookaheadBufferSize,
                              UINT PacketSize);
VOID NTAPI MuxReceiveComplete5(NDIS_HANDLE ProtocolBindingContext);

#endif
