/* SPDX-License-Identifier: MIT */
/*
 * netcard5.h - a serialized NDIS 5.1 miniport for the card of ../netcard.
 *
 * Model: NDIS lets one handler run at a time, so nothing here has a lock; but Nc5Isr comes over all of them, also on
 * another processor. It shares Cause with the rest, which reaches for it through NdisMSynchronizeWithInterrupt. A
 * packet to send has a scatter-gather list from NDIS and becomes descriptors; the card says when it was sent, and
 * Nc5Handle completes it. A full ring makes NDIS keep the packet (NDIS_STATUS_RESOURCES). Received frames lie in
 * buffers shared with the card; each is indicated in a packet of its own and goes back to the ring when that is
 * returned.
 *
 * Start reading at: Nc5Initialize (adapter5.c), Nc5Isr and Nc5Handle (interrupt5.c), Nc5Send (send5.c).
 */
#ifndef NETCARD5_H
#define NETCARD5_H

#include <ndis.h>

#include "../netcard/registers.h"

#define NC5_TAG             '5cNZ'
#define NC5_ADDRESS_LENGTH  6
#define NC5_MAX_FRAME       1514
#define NC5_RING            16 /* descriptors, each way; one stays empty */
#define NC5_RECEIVE_BUFFERS 4
#define NC5_BUFFER_SIZE     2048

typedef struct _NC5_BUFFER {
    PNDIS_PACKET Packet;
    PNDIS_BUFFER Mdl;
    PUCHAR Data;
    ULONG64 Address;
} NC5_BUFFER, *PNC5_BUFFER;

typedef struct _NC5_ADAPTER {
    NDIS_HANDLE Handle;
    volatile ULONG *Registers;
    ULONG RegistersLength, Vector, Level;
    NDIS_MINIPORT_INTERRUPT Interrupt;
    BOOLEAN Connected; /* Interrupt */
    BOOLEAN Gone;      /* the card was pulled out: nothing goes to it any more */
    NDIS_MINIPORT_TIMER Leave;
    NDIS_EVENT Left; /* Leave's function is not on its way */
    UCHAR Address[NC5_ADDRESS_LENGTH];
    ULONG PacketFilter, Lookahead, Sent, Received;
    BOOLEAN LinkUp;

    PNC_DESCRIPTOR SendRing, ReceiveRing; /* shared memory, one block */
    NDIS_PHYSICAL_ADDRESS RingAddress;
    PUCHAR ReceiveMemory; /* shared memory */
    NDIS_PHYSICAL_ADDRESS ReceiveAddress;
    NDIS_HANDLE PacketPool, BufferPool;
    NC5_BUFFER Buffers[NC5_RECEIVE_BUFFERS];

    PNDIS_PACKET Sending[NC5_RING]; /* at the last descriptor of each */
    ULONG SendTail, SendHead;
    BOOLEAN Refused; /* NDIS keeps a packet for us */
    PNC5_BUFFER Posted[NC5_RING];
    ULONG ReceiveTail, ReceiveHead;

    ULONG Cause; /* the interrupt's lock: seen by Nc5Isr, not yet taken by Nc5Handle */
} NC5_ADAPTER, *PNC5_ADAPTER;

#define NC5_BUFFER_OF(Packet) (*(PNC5_BUFFER *)(PVOID)(Packet)->MiniportReserved)

static inline ULONG
Nc5Read(PNC5_ADAPTER Adapter, ULONG Register)
{
    ULONG value;

    NdisReadRegisterUlong(&Adapter->Registers[Register], &value);
    return value;
}

static inline VOID
Nc5Write(PNC5_ADAPTER Adapter, ULONG Register, ULONG Value)
{
    NdisWriteRegisterUlong(&Adapter->Registers[Register], Value);
}

/* adapter5.c */
NDIS_STATUS NTAPI Nc5Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray,
                                UINT MediumArraySize, NDIS_HANDLE MiniportAdapterHandle,
                                NDIS_HANDLE WrapperConfigurationContext);
VOID NTAPI Nc5Halt(NDIS_HANDLE MiniportAdapterContext);
NDIS_STATUS NTAPI Nc5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext);
VOID NTAPI Nc5Shutdown(PVOID ShutdownContext);
VOID NTAPI Nc5PnPEvent(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent, PVOID InformationBuffer,
                       ULONG InformationBufferLength);

/* rings5.c */
NDIS_STATUS Nc5CreateRings(PNC5_ADAPTER Adapter);
VOID Nc5DestroyRings(PNC5_ADAPTER Adapter);
VOID Nc5StartRings(PNC5_ADAPTER Adapter);
VOID Nc5Post(PNC5_ADAPTER Adapter, PNC5_BUFFER Buffer);
ULONG Nc5Head(PNC5_ADAPTER Adapter, ULONG Ring, ULONG Seen);

/* interrupt5.c */
VOID NTAPI Nc5Isr(PBOOLEAN InterruptRecognized, PBOOLEAN QueueMiniportHandleInterrupt,
                  NDIS_HANDLE MiniportAdapterContext);
VOID NTAPI Nc5Handle(NDIS_HANDLE MiniportAdapterContext);

/* send5.c */
NDIS_STATUS NTAPI Nc5Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags);
VOID Nc5ReapSends(PNC5_ADAPTER Adapter);
VOID Nc5FailSends(PNC5_ADAPTER Adapter, NDIS_STATUS Status);

/* receive5.c */
VOID Nc5Receive(PNC5_ADAPTER Adapter);
VOID NTAPI Nc5ReturnPacket(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet);

/* oid5.c */
NDIS_STATUS NTAPI Nc5Query(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                           ULONG InformationBufferLength, PULONG BytesWritten, PULONG BytesNeeded);
NDIS_STATUS NTAPI Nc5Set(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer,
                         ULONG InformationBufferLength, PULONG BytesRead, PULONG BytesNeeded);

#endif
