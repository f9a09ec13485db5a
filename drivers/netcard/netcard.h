/* SPDX-License-Identifier: MIT */
/*
 * netcard.h - a miniport for a card with interrupts, descriptor rings and DMA.
 *
 * Model: the card (src/ndis/hw/nic.h lists its registers) raises a line or two messages. The service routine reads
 * and clears the cause, keeps it in Cause and asks for a DPC; the DPC takes Cause away under the interrupt's lock and
 * does the work. Sends become descriptors through NDIS's scatter-gather lists and are completed by the DPC; received
 * frames lie in buffers shared with the card, are indicated and go back to the ring when they are returned. Busy
 * counts whatever a pause has to wait for.
 *
 * Start reading at: NcInitialize (adapter.c) and NcHalt (halt.c), NcIsr and NcDpc (interrupt.c), NcSend (send.c),
 * NcReceive (receive.c).
 */
#ifndef NETCARD_H
#define NETCARD_H

#ifndef NDIS_MINIPORT_DRIVER
#define NDIS_MINIPORT_DRIVER 1
#endif
#ifndef NDIS630_MINIPORT
#define NDIS630_MINIPORT 1
#endif

#include <ndis.h>

#include "registers.h"

#define NC_TAG             'dcNZ'
#define NC_VENDOR_ID       0x00ffffff /* no assigned identifier (documented: OID_GEN_VENDOR_ID) */
#define NC_VERSION         0x00010000
#define NC_ADDRESS_LENGTH  6
#define NC_HEADER          14
#define NC_MTU             1500
#define NC_MAX_FRAME       (NC_HEADER + NC_MTU)
#define NC_LINK_SPEED      1000000000ULL
#define NC_MAX_MULTICAST   32
#define NC_RING            16 /* descriptors, each way; one stays empty */
#define NC_RECEIVE_BUFFERS 4
#define NC_BUFFER_SIZE     2048

/* The receiver takes everything, so any filter is met by what the stack drops. */
#define NC_PACKET_FILTERS                                                                                              \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                         \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)
#define NC_STATISTICS (NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT)

typedef enum _NC_STATE { NcPaused, NcRunning, NcPausing } NC_STATE;

/* What a send descriptor stands for; only the last one of a buffer has it. */
typedef struct _NC_SEND_SLOT {
    PNET_BUFFER NetBuffer;
    PSCATTER_GATHER_LIST List;
} NC_SEND_SLOT, *PNC_SEND_SLOT;

typedef struct _NC_RECEIVE_BUFFER {
    PMDL Mdl;
    PNET_BUFFER_LIST Nbl;
    PUCHAR Data; /* in ReceiveMemory */
    ULONG64 Address;
} NC_RECEIVE_BUFFER, *PNC_RECEIVE_BUFFER;

typedef struct _NC_ADAPTER {
    NDIS_HANDLE MiniportHandle; /* const after initialize, as what follows */
    volatile ULONG *Registers;
    ULONG RegistersLength;
    NDIS_HANDLE Interrupt;
    PVOID Poll; /* of a driver in poll mode (zoo/poll-common) */
    NDIS_HANDLE Dma;
    NDIS_HANDLE Pool;
    UCHAR Address[NC_ADDRESS_LENGTH];
    PNC_DESCRIPTOR SendRing;    /* shared memory: both rings */
    PNC_DESCRIPTOR ReceiveRing;
    NDIS_PHYSICAL_ADDRESS RingAddress;
    PUCHAR ReceiveMemory;       /* shared memory: the buffers */
    NDIS_PHYSICAL_ADDRESS ReceiveAddress;
    NC_RECEIVE_BUFFER Buffers[NC_RECEIVE_BUFFERS];

    ULONG Cause;                /* the interrupt's lock: seen by NcIsr, not yet taken by NcDpc */

    NDIS_SPIN_LOCK Lock;
    NC_STATE State;             /* Lock, as everything below */
    ULONG Busy;                 /* NBLs being sent, NBLs indicated, the DPC while it indicates */
    NC_SEND_SLOT Sends[NC_RING];
    ULONG SendTail;             /* where the next descriptor goes */
    ULONG SendDone;             /* first descriptor that is not completed */
    PNC_RECEIVE_BUFFER Posted[NC_RING];
    ULONG ReceiveTail;
    ULONG ReceiveNext;          /* first descriptor that was not looked at */
    BOOLEAN Removed;            /* the card was pulled out */
    BOOLEAN LinkUp;
    ULONG PacketFilter;
    ULONG Lookahead;
    ULONG MulticastCount;
    UCHAR Multicast[NC_MAX_MULTICAST][NC_ADDRESS_LENGTH];
    ULONG64 FramesSent, FramesReceived;
    NDIS_STATISTICS_INFO Statistics;
} NC_ADAPTER, *PNC_ADAPTER;

#define NcRead(Adapter, Register)         READ_REGISTER_ULONG(&(Adapter)->Registers[Register])
#define NcWrite(Adapter, Register, Value) WRITE_REGISTER_ULONG(&(Adapter)->Registers[Register], (Value))

/* driver.c */
DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD NcUnload;
extern NDIS_HANDLE NcDriverHandle;

/* adapter.c */
MINIPORT_INITIALIZE NcInitialize;
MINIPORT_PAUSE NcPause;
MINIPORT_RESTART NcRestart;
MINIPORT_SHUTDOWN NcShutdown;
VOID NcReleaseBusy(PNC_ADAPTER Adapter, ULONG Count);
VOID NcIndicateLink(PNC_ADAPTER Adapter);

/* pnp.c */
MINIPORT_DEVICE_PNP_EVENT_NOTIFY NcDevicePnPEventNotify;

/* halt.c */
MINIPORT_HALT NcHalt;
VOID NcDestroy(PNC_ADAPTER Adapter);

/* interrupt.c */
NDIS_STATUS NcConnectInterrupt(PNC_ADAPTER Adapter);
VOID NcDisconnectInterrupt(PNC_ADAPTER Adapter);

/* cause.c */
ULONG NcCausesOf(ULONG Message);
ULONG NcTakeCause(PNC_ADAPTER Adapter, ULONG Message);

/* rings.c */
NDIS_STATUS NcCreateRings(PNC_ADAPTER Adapter);
VOID NcDestroyRings(PNC_ADAPTER Adapter);
VOID NcStartRings(PNC_ADAPTER Adapter);
VOID NcPost(PNC_ADAPTER Adapter, PNC_RECEIVE_BUFFER Buffer);
ULONG NcHead(PNC_ADAPTER Adapter, ULONG Ring, ULONG Seen);

/* send.c */
MINIPORT_SEND_NET_BUFFER_LISTS NcSend;
MINIPORT_CANCEL_SEND NcCancelSend;
MINIPORT_PROCESS_SG_LIST NcProcessSGList;
VOID NcReapSends(PNC_ADAPTER Adapter);
VOID NcDropSends(PNC_ADAPTER Adapter);

/* receive.c */
ULONG NcTakeReceived(PNC_ADAPTER Adapter, ULONG Most, PNET_BUFFER_LIST *Chain);
MINIPORT_RETURN_NET_BUFFER_LISTS NcReturn;

/* oid.c */
MINIPORT_OID_REQUEST NcOidRequest;
MINIPORT_CANCEL_OID_REQUEST NcCancelOidRequest;
extern const NDIS_OID NcSupportedOids[];
extern const ULONG NcSupportedOidsLength; /* in bytes */

#endif
