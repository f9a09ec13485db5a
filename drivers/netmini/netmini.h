/* SPDX-License-Identifier: MIT */
/*
 * netmini.h - a virtual Ethernet miniport without hardware: the simplest complete one.
 *
 * Model: frames that are sent are counted and forgotten or, with the keyword Loopback set, copied into receive
 * buffers and indicated to the stack by a DPC. A send is finished before MiniportSendNetBufferLists returns. Busy
 * counts whatever a pause has to wait for.
 *
 * Start reading at: DriverEntry (driver.c), NmInitialize and NmPause (adapter.c), NmSend (datapath.c).
 */
#ifndef NETMINI_H
#define NETMINI_H

#ifndef NDIS_MINIPORT_DRIVER
#define NDIS_MINIPORT_DRIVER 1
#endif
#ifndef NDIS630_MINIPORT
#define NDIS630_MINIPORT 1
#endif

#include <ndis.h>

#define NM_TAG             'mmNZ'
#define NM_VENDOR_ID       0x00ffffff /* no assigned identifier (documented: OID_GEN_VENDOR_ID) */
#define NM_VERSION         0x00010000
#define NM_ADDRESS_LENGTH  6
#define NM_HEADER          14
#define NM_MTU             1500
#define NM_MAX_FRAME       (NM_HEADER + NM_MTU)
#define NM_LINK_SPEED      1000000000ULL
#define NM_RECEIVE_BUFFERS 16
#define NM_MAX_MULTICAST   32

#define NM_PACKET_FILTERS                                                                                              \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                         \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

#define NM_STATISTICS                                                                                                  \
    (NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_RCV |              \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |                        \
     NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_XMIT |            \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT |                      \
     NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR)

typedef enum _NM_STATE { NmPaused, NmRunning, NmPausing } NM_STATE;

typedef struct _NM_BUFFER {
    LIST_ENTRY Link; /* Free or Queue */
    PMDL Mdl;
    PNET_BUFFER_LIST Nbl;
    UCHAR Data[NM_MAX_FRAME];
} NM_BUFFER, *PNM_BUFFER;

typedef struct _NM_ADAPTER {
    NDIS_HANDLE MiniportHandle; /* const after initialize, as Pool, Loopback, Address, Buffers */
    NDIS_HANDLE Pool;
    BOOLEAN Loopback;
    UCHAR Address[NM_ADDRESS_LENGTH];
    PNM_BUFFER Buffers;

    NDIS_SPIN_LOCK Lock;
    NM_STATE State;             /* Lock, as everything below */
    ULONG Busy;                 /* sends inside NmSend, buffers not in Free, the DPC while it indicates */
    LIST_ENTRY Free;
    LIST_ENTRY Queue;           /* filled, to be indicated by the DPC */
    ULONG PacketFilter;
    ULONG Lookahead;
    ULONG MulticastCount;
    UCHAR Multicast[NM_MAX_MULTICAST][NM_ADDRESS_LENGTH];
    NDIS_STATISTICS_INFO Statistics;

    KDPC ReceiveDpc;
} NM_ADAPTER, *PNM_ADAPTER;

/* driver.c */
DRIVER_INITIALIZE DriverEntry;
MINIPORT_UNLOAD NmUnload;
extern NDIS_HANDLE NmDriverHandle;

/* adapter.c */
MINIPORT_INITIALIZE NmInitialize;
MINIPORT_HALT NmHalt;
MINIPORT_PAUSE NmPause;
MINIPORT_RESTART NmRestart;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY NmDevicePnPEventNotify;
VOID NmReleaseBusy(PNM_ADAPTER Adapter, ULONG Count);

/* shutdown.c */
MINIPORT_SHUTDOWN NmShutdown;

/* datapath.c */
MINIPORT_SEND_NET_BUFFER_LISTS NmSend;
MINIPORT_CANCEL_SEND NmCancelSend;
MINIPORT_RETURN_NET_BUFFER_LISTS NmReturn;
KDEFERRED_ROUTINE NmReceiveDpc;
NDIS_STATUS NmCreateBuffers(PNM_ADAPTER Adapter);
VOID NmDestroyBuffers(PNM_ADAPTER Adapter);

/* oid.c */
MINIPORT_OID_REQUEST NmOidRequest;
MINIPORT_CANCEL_OID_REQUEST NmCancelOidRequest;
extern const NDIS_OID NmSupportedOids[];
extern const ULONG NmSupportedOidsLength; /* in bytes */

#endif
