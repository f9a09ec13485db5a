/* SPDX-License-Identifier: MIT */
/*
 * ndis5.h - the NDIS 5.1 edge of a card, of two kinds.
 *
 * Model: the handlers of a deserialized miniport run at the same time, and it may call NDIS from any thread. Those of a
 * serialized one are serialized by NDIS, and it calls NDIS from them alone: what a program's request brings about waits
 * for a timer of 0 ms, whose function is such a handler. What differs is in deserialized.c here, and in serialized.c of
 * vlan-card5s.
 */
#ifndef NDIS5_H
#define NDIS5_H

#include "../vlan-card/card.h"

typedef struct _CARD_EDGE {
    NDIS_HANDLE PacketPool, BufferPool;
    NDIS_MINIPORT_TIMER Age;
    NDIS_MINIPORT_TIMER Work; /* serialized */
    BOOLEAN WorkSet;          /* CARD.Lock */
} CARD_EDGE, *PCARD_EDGE;

#define FRAME_OF(Packet)  ((PLIST_ENTRY)(PVOID)(Packet)->MiniportReserved)
#define PACKET_OF(Frame)  CONTAINING_RECORD(Frame, NDIS_PACKET, MiniportReserved)
#define BUFFER_OF(Packet) (*(PCARD_BUFFER *)(PVOID)(Packet)->MiniportReserved) /* of a receive */

/* driver5.c */
DRIVER_INITIALIZE DriverEntry;

/* adapter5.c */
NDIS_STATUS NTAPI CardInitialize5(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray,
                                  UINT MediumArraySize, NDIS_HANDLE MiniportAdapterHandle,
                                  NDIS_HANDLE WrapperConfigurationContext);
VOID NTAPI CardHalt5(NDIS_HANDLE MiniportAdapterContext);
NDIS_STATUS NTAPI CardReset5(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext);
VOID NTAPI CardShutdown5(PVOID ShutdownContext);
VOID NTAPI CardPnPEvent5(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent, PVOID InformationBuffer,
                         ULONG InformationBufferLength);

/* edge5.c */
VOID NTAPI CardReturnPacket5(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet);
VOID NTAPI CardCancelSends5(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId);
VOID NTAPI CardAgeTimer5(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3);

/* request5.c */
NDIS_STATUS NTAPI CardQuery5(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                             ULONG InformationBufferLength, PULONG BytesWritten, PULONG BytesNeeded);
NDIS_STATUS NTAPI CardSet5(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                           ULONG InformationBufferLength, PULONG BytesRead, PULONG BytesNeeded);

/* --- of the kind: deserialized.c or serialized.c --- */

extern const ULONG CardAttributes5; /* of NdisMSetAttributesEx */
VOID CardSetHandlers5(PNDIS_MINIPORT_CHARACTERISTICS Miniport);
VOID CardInitializeKind5(PCARD Card);
VOID CardResetSend5(PCARD Card, PLIST_ENTRY Frame);
VOID CardIndicated5(PCARD Card, PCARD_BUFFER Buffer); /* after the call that indicated it */

#endif
