/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/protocol5.h - NDIS 5.x: protocol drivers.
 *
 * Model: a protocol holds the address of its NDIS_OPEN_BLOCK as NdisBindingHandle; NdisSend and its kin go through
 * pointers in it, with BindingHandle as their first argument. Layout: observed, mingw-w64's ddk/ndis.h.
 */
#ifndef UNDIS_DDK_NDIS_PROTOCOL5_H
#define UNDIS_DDK_NDIS_PROTOCOL5_H

#include "miniport5.h"
#include "protocol.h"

/* --- handlers of a protocol --- */

typedef VOID(NTAPI *OPEN_ADAPTER_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status,
                                                   NDIS_STATUS OpenErrorStatus);
typedef VOID(NTAPI *CLOSE_ADAPTER_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);
typedef VOID(NTAPI *RESET_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status);
typedef VOID(NTAPI *REQUEST_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest,
                                              NDIS_STATUS Status);
typedef VOID(NTAPI *STATUS_HANDLER)(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer,
                                    UINT StatusBufferSize);
typedef VOID(NTAPI *STATUS_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext);
typedef VOID(NTAPI *SEND_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet,
                                           NDIS_STATUS Status);
typedef VOID(NTAPI *TRANSFER_DATA_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet,
                                                    NDIS_STATUS Status, UINT BytesTransferred);
typedef NDIS_STATUS(NTAPI *RECEIVE_HANDLER)(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext,
                                            PVOID HeaderBuffer, UINT HeaderBufferSize, PVOID LookAheadBuffer,
                                            UINT LookaheadBufferSize, UINT PacketSize);
typedef VOID(NTAPI *RECEIVE_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext);
typedef INT(NTAPI *RECEIVE_PACKET_HANDLER)(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet);
typedef VOID(NTAPI *BIND_HANDLER)(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName,
                                  PVOID SystemSpecific1, PVOID SystemSpecific2);
typedef VOID(NTAPI *UNBIND_HANDLER)(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext,
                                    NDIS_HANDLE UnbindContext);
typedef NDIS_STATUS(NTAPI *PNP_EVENT_HANDLER)(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT NetPnPEvent);
typedef VOID(NTAPI *UNLOAD_PROTOCOL_HANDLER)(VOID);

#define DDK_NDIS40_PROTOCOL_FIELDS                                \
    UCHAR MajorNdisVersion;                                       \
    UCHAR MinorNdisVersion;                                       \
    USHORT Filler;                                                \
    union {                                                       \
        UINT Reserved;                                            \
        UINT Flags;                                               \
    };                                                            \
    OPEN_ADAPTER_COMPLETE_HANDLER OpenAdapterCompleteHandler;     \
    CLOSE_ADAPTER_COMPLETE_HANDLER CloseAdapterCompleteHandler;   \
    SEND_COMPLETE_HANDLER SendCompleteHandler;                    \
    TRANSFER_DATA_COMPLETE_HANDLER TransferDataCompleteHandler;   \
    RESET_COMPLETE_HANDLER ResetCompleteHandler;                  \
    REQUEST_COMPLETE_HANDLER RequestCompleteHandler;              \
    RECEIVE_HANDLER ReceiveHandler;                               \
    RECEIVE_COMPLETE_HANDLER ReceiveCompleteHandler;              \
    STATUS_HANDLER StatusHandler;                                 \
    STATUS_COMPLETE_HANDLER StatusCompleteHandler;                \
    NDIS_STRING Name;                                             \
    RECEIVE_PACKET_HANDLER ReceivePacketHandler;                  \
    BIND_HANDLER BindAdapterHandler;                              \
    UNBIND_HANDLER UnbindAdapterHandler;                          \
    PNP_EVENT_HANDLER PnPEventHandler;                            \
    UNLOAD_PROTOCOL_HANDLER UnloadHandler;

typedef struct _NDIS40_PROTOCOL_CHARACTERISTICS {
    DDK_NDIS40_PROTOCOL_FIELDS
} NDIS40_PROTOCOL_CHARACTERISTICS;
/* The last four are those of connection-oriented NDIS: undis has none of it. */
typedef struct _NDIS50_PROTOCOL_CHARACTERISTICS {
    DDK_NDIS40_PROTOCOL_FIELDS
    PVOID ReservedHandlers[4];
    PVOID CoSendCompleteHandler;
    PVOID CoStatusHandler;
    PVOID CoReceivePacketHandler;
    PVOID CoAfRegisterNotifyHandler;
} NDIS50_PROTOCOL_CHARACTERISTICS;
#if defined(NDIS40)
typedef NDIS40_PROTOCOL_CHARACTERISTICS NDIS_PROTOCOL_CHARACTERISTICS, *PNDIS_PROTOCOL_CHARACTERISTICS;
#else
typedef NDIS50_PROTOCOL_CHARACTERISTICS NDIS_PROTOCOL_CHARACTERISTICS, *PNDIS_PROTOCOL_CHARACTERISTICS;
#endif

/* --- the open block --- */

typedef NDIS_STATUS(NTAPI *SEND_HANDLER)(NDIS_HANDLE NdisBindingHandle, PNDIS_PACKET Packet);
typedef NDIS_STATUS(NTAPI *TRANSFER_DATA_HANDLER)(NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacReceiveContext,
                                                  UINT ByteOffset, UINT BytesToTransfer, PNDIS_PACKET Packet,
                                                  PUINT BytesTransferred);
typedef VOID(NTAPI *SEND_PACKETS_HANDLER)(NDIS_HANDLE NdisBindingHandle, PPNDIS_PACKET PacketArray,
                                          UINT NumberOfPackets);
typedef NDIS_STATUS(NTAPI *RESET_HANDLER)(NDIS_HANDLE NdisBindingHandle);
typedef NDIS_STATUS(NTAPI *REQUEST_HANDLER)(NDIS_HANDLE NdisBindingHandle, PNDIS_REQUEST NdisRequest);

typedef struct _NDIS_OPEN_BLOCK NDIS_OPEN_BLOCK, *PNDIS_OPEN_BLOCK;
struct _NDIS_OPEN_BLOCK {
    PVOID MacHandle;
    NDIS_HANDLE BindingHandle;
    PNDIS_MINIPORT_BLOCK MiniportHandle;
    PVOID ProtocolHandle;
    NDIS_HANDLE ProtocolBindingContext;
    PNDIS_OPEN_BLOCK MiniportNextOpen;
    PNDIS_OPEN_BLOCK ProtocolNextOpen;
    NDIS_HANDLE MiniportAdapterContext;
    BOOLEAN Reserved1;
    BOOLEAN Reserved2;
    BOOLEAN Reserved3;
    BOOLEAN Reserved4;
    PNDIS_STRING BindDeviceName;
    KSPIN_LOCK Reserved5;
    PNDIS_STRING RootDeviceName;
    SEND_HANDLER SendHandler;
    TRANSFER_DATA_HANDLER TransferDataHandler;
    SEND_COMPLETE_HANDLER SendCompleteHandler;
    TRANSFER_DATA_COMPLETE_HANDLER TransferDataCompleteHandler;
    RECEIVE_HANDLER ReceiveHandler;
    RECEIVE_COMPLETE_HANDLER ReceiveCompleteHandler;
    PVOID WanReceiveHandler;
    REQUEST_COMPLETE_HANDLER RequestCompleteHandler;
    RECEIVE_PACKET_HANDLER ReceivePacketHandler;
    SEND_PACKETS_HANDLER SendPacketsHandler;
    RESET_HANDLER ResetHandler;
    REQUEST_HANDLER RequestHandler;
    RESET_COMPLETE_HANDLER ResetCompleteHandler;
    STATUS_HANDLER StatusHandler;
    STATUS_COMPLETE_HANDLER StatusCompleteHandler;
};

#if defined(BINARY_COMPATIBLE) || defined(UNDIS_HOST)
NDISAPI VOID NTAPI NdisSend(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, PNDIS_PACKET Packet);
NDISAPI VOID NTAPI NdisSendPackets(NDIS_HANDLE NdisBindingHandle, PPNDIS_PACKET PacketArray, UINT NumberOfPackets);
NDISAPI VOID NTAPI NdisRequest(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, PNDIS_REQUEST NdisRequest);
NDISAPI VOID NTAPI NdisReset(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle);
NDISAPI VOID NTAPI NdisTransferData(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacReceiveContext,
                                    UINT ByteOffset, UINT BytesToTransfer, PNDIS_PACKET Packet,
                                    PUINT BytesTransferred);
#else
#define DDK_NDIS_OPEN(H) ((PNDIS_OPEN_BLOCK)(H))
#define NdisSend(Status, H, Packet) \
    (*(Status) = DDK_NDIS_OPEN(H)->SendHandler(DDK_NDIS_OPEN(H)->BindingHandle, (Packet)))
#define NdisSendPackets(H, Packets, Count) (DDK_NDIS_OPEN(H)->SendPacketsHandler((H), (Packets), (Count)))
#define NdisRequest(Status, H, Request) \
    (*(Status) = DDK_NDIS_OPEN(H)->RequestHandler(DDK_NDIS_OPEN(H)->BindingHandle, (Request)))
#define NdisReset(Status, H) (*(Status) = DDK_NDIS_OPEN(H)->ResetHandler(DDK_NDIS_OPEN(H)->BindingHandle))
#define NdisTransferData(Status, H, Context, Offset, Count, Packet, Done)                                      \
    (*(Status) = DDK_NDIS_OPEN(H)->TransferDataHandler(DDK_NDIS_OPEN(H)->BindingHandle, (Context), (Offset),   \
                                                       (Count), (Packet), (Done)))
#endif

NDISAPI VOID NTAPI NdisRegisterProtocol(PNDIS_STATUS Status, PNDIS_HANDLE NdisProtocolHandle,
                                        PNDIS_PROTOCOL_CHARACTERISTICS ProtocolCharacteristics,
                                        UINT CharacteristicsLength);
NDISAPI VOID NTAPI NdisDeregisterProtocol(PNDIS_STATUS Status, NDIS_HANDLE NdisProtocolHandle);
NDISAPI VOID NTAPI NdisOpenAdapter(PNDIS_STATUS Status, PNDIS_STATUS OpenErrorStatus, PNDIS_HANDLE NdisBindingHandle,
                                   PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
                                   NDIS_HANDLE NdisProtocolHandle, NDIS_HANDLE ProtocolBindingContext,
                                   PNDIS_STRING AdapterName, UINT OpenOptions, PSTRING AddressingInformation);
NDISAPI VOID NTAPI NdisCloseAdapter(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle);
NDISAPI VOID NTAPI NdisCompleteBindAdapter(NDIS_HANDLE BindAdapterContext, NDIS_STATUS Status, NDIS_STATUS OpenStatus);
NDISAPI VOID NTAPI NdisCompleteUnbindAdapter(NDIS_HANDLE UnbindAdapterContext, NDIS_STATUS Status);
NDISAPI VOID NTAPI NdisOpenProtocolConfiguration(PNDIS_STATUS Status, PNDIS_HANDLE ConfigurationHandle,
                                                 PNDIS_STRING ProtocolSection);
NDISAPI VOID NTAPI NdisReturnPackets(PNDIS_PACKET *PacketsToReturn, UINT NumberOfPackets);
NDISAPI PNDIS_PACKET NTAPI NdisGetReceivedPacket(NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacContext);
NDISAPI VOID NTAPI NdisCancelSendPackets(NDIS_HANDLE NdisBindingHandle, PVOID CancelId);

#endif /* UNDIS_DDK_NDIS_PROTOCOL5_H */
