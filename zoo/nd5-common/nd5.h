/* SPDX-License-Identifier: MIT */
/*
 * nd5.h - an NDIS 5.1 miniport: a virtual card that loops what it sends.
 *
 * Model: MiniportSend queues the packet and sets a timer; the timer's function takes packets off the queue, indicates
 * each frame as if it had been received, and completes the send. Two packets may wait; a serialized miniport asks NDIS
 * to keep the third (NDIS_STATUS_RESOURCES), a deserialized one queues it. Received frames live in three packets of
 * the card's own; the last one is only lent (NDIS_STATUS_RESOURCES), so that the card never runs dry.
 *
 * What protects the fields marked "lock" is Nd5Lock(): nothing in a serialized miniport, whose handlers NDIS
 * serializes (lock_none.c), a spin lock in a deserialized one (lock_spin.c). A driver of this family is these files,
 * one or two of them replaced.
 */
#ifndef ND5_H
#define ND5_H

#include <ndis.h>

#define ND5_TAG         '5dnN'
#define ND5_FRAME_MAX   1514
#define ND5_RECEIVES    3
#define ND5_WAITING_MAX 2

/* A variant that resets has a handler here. */
#ifndef ND5_CHECK_FOR_HANG
#define ND5_CHECK_FOR_HANG NULL
#endif
/* One that is given memory later, here. */
#ifndef ND5_ALLOCATE_COMPLETE
#define ND5_ALLOCATE_COMPLETE NULL
#endif

typedef struct _ND5_RECEIVE {
    struct _ND5_RECEIVE *Next; /* lock: in Free */
    PNDIS_PACKET Packet;
    PNDIS_BUFFER Buffer;
    UCHAR Frame[ND5_FRAME_MAX];
} ND5_RECEIVE;

typedef struct _ND5_ADAPTER {
    NDIS_HANDLE Handle;
    NDIS_SPIN_LOCK Lock;
    PNDIS_PACKET First, Last; /* lock: packets to send; linked through MiniportReserved */
    ULONG Waiting;            /* lock: how many */
    BOOLEAN TimerSet;         /* lock: the timer is set or its function runs */
    BOOLEAN Refused;          /* lock: NDIS keeps packets for us */
    ND5_RECEIVE *Free;        /* lock */
    NDIS_MINIPORT_TIMER Timer;
    NDIS_EVENT Idle; /* signalled while TimerSet is FALSE */
    NDIS_HANDLE PacketPool, BufferPool;
    ULONG PacketFilter, Lookahead;
    ULONG Sent, Received;
    NDIS_MINIPORT_TIMER Tick; /* of tick.c */
    ULONG Ticks;
    UCHAR Address[ETH_LENGTH_OF_ADDRESS];
    ND5_RECEIVE Receive[ND5_RECEIVES];
} ND5_ADAPTER;

#define ND5_NEXT(Packet)       (*(PNDIS_PACKET *)(PVOID)(Packet)->MiniportReserved)
#define ND5_RECEIVE_OF(Packet) (*(ND5_RECEIVE **)(PVOID)(Packet)->MiniportReserved)

/* driver.c asks these of the variant. */
extern const ULONG Nd5Attributes; /* of NdisMSetAttributesEx */

VOID Nd5Lock(ND5_ADAPTER *Adapter);
VOID Nd5Unlock(ND5_ADAPTER *Adapter);

/* adapter.c */
NDIS_STATUS NTAPI Nd5Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray,
                                UINT MediumArraySize, NDIS_HANDLE MiniportAdapterHandle,
                                NDIS_HANDLE WrapperConfigurationContext);
VOID NTAPI Nd5Shutdown(PVOID ShutdownContext);
VOID Nd5Free(ND5_ADAPTER *Adapter);
/* tick_none.c or tick.c: last act of initialize, first of halt */
VOID Nd5Start(ND5_ADAPTER *Adapter);
VOID Nd5Stop(ND5_ADAPTER *Adapter);
/* halt.c, reset.c; a variant has Nd5CheckForHang, one has Nd5AllocateComplete */
VOID NTAPI Nd5Halt(NDIS_HANDLE MiniportAdapterContext);
NDIS_STATUS NTAPI Nd5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext);
BOOLEAN NTAPI Nd5CheckForHang(NDIS_HANDLE MiniportAdapterContext);
VOID NTAPI Nd5AllocateComplete(NDIS_HANDLE MiniportAdapterContext, PVOID VirtualAddress,
                               PNDIS_PHYSICAL_ADDRESS PhysicalAddress, ULONG Length, PVOID Context);

/* send.c */
NDIS_STATUS NTAPI Nd5Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags);
NDIS_STATUS Nd5Queue(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet, BOOLEAN MayRefuse);
PNDIS_PACKET Nd5Take(ND5_ADAPTER *Adapter);

/* timer.c */
VOID NTAPI Nd5Timer(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3);

/* receive.c */
VOID Nd5Loop(ND5_ADAPTER *Adapter, PNDIS_PACKET Sent);
VOID NTAPI Nd5ReturnPacket(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet);

/* oid.c */
NDIS_STATUS NTAPI Nd5Query(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                           ULONG InformationBufferLength, PULONG BytesWritten, PULONG BytesNeeded);
NDIS_STATUS NTAPI Nd5Set(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                         ULONG InformationBufferLength, PULONG BytesRead, PULONG BytesNeeded);

#endif
