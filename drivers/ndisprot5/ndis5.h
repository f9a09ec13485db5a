/* SPDX-License-Identifier: MIT */
/*
 * ndis5.h - the NDIS 5.0 edge.
 *
 * Model: NDIS 5 tells a protocol less and asks it for more: what an adapter is has to be asked for, memory for packets
 * stands ready in pools, and a frame may come in two pieces, of which the second is fetched (receive5.c). There is no
 * pause: a binding runs from bind to unbind.
 */
#ifndef NDIS5_H
#define NDIS5_H

#include "../ndisprot/np.h"

#define NP5_PACKETS 64 /* sends and transfers that are out at a time; more are refused, or lost */

typedef struct _NP5_BINDING {
    NP_BINDING Common; /* first: the rest of the driver knows no more */
    NDIS_HANDLE PacketPool;
    NDIS_HANDLE BufferPool;
    KEVENT Done; /* of an open or a close that pended */
    NDIS_STATUS Status;
} NP5_BINDING, *PNP5_BINDING;

/* driver5.c */
extern NDIS_HANDLE NpProtocolHandle;
DRIVER_INITIALIZE DriverEntry;

/* binding5.c */
VOID NTAPI NpBindAdapter5(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
                          PVOID SystemSpecific2);
VOID NTAPI NpUnbindAdapter5(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext);
VOID NTAPI NpOpenComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus);
VOID NTAPI NpCloseComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);

/* event5.c */
NDIS_STATUS NTAPI NpPnPEvent5(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT NetPnPEvent);
VOID NTAPI NpStatus5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer,
                     UINT StatusBufferSize);
VOID NTAPI NpStatusComplete5(NDIS_HANDLE ProtocolBindingContext);
VOID NTAPI NpResetComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);
VOID NTAPI NpRequestComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status);

/* send5.c */
VOID NTAPI NpSendComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status);

/* receive5.c */
INT NTAPI NpReceivePacket5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet);
NDIS_STATUS NTAPI NpReceive5(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer,
                             UINT HeaderBufferSize, PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize);
VOID NTAPI NpReceiveComplete5(NDIS_HANDLE ProtocolBindingContext);
VOID NTAPI NpTransferComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status,
                               UINT BytesTransferred);

#endif
