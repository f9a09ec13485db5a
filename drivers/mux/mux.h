/* SPDX-License-Identifier: MIT */
/*
 * mux.h - an intermediate driver: a protocol below, virtual adapters above; the part both generations share.
 *
 * Model: a MUX_LOWER is the binding to a real adapter, from bind to unbind. It has one or more MUX_PORTs, each a
 * virtual adapter, with a VLAN of its own or none. A port lives as long as its lower; its adapter comes and goes
 * inside that, from initialize to halt. Every frame is copied, at either edge, into a MUX_FRAME of the port: so a frame
 * that comes from one side is given back at once, and nothing that belongs to one side ever waits for the other.
 *
 * Port->Busy counts frames that are out on either side and calls under way; lower->Busy the same of sends, and of
 * receives that look at the ports. Both are closed before they are waited for, ports first. No lock is held in a call
 * of NDIS. Locks, outermost first: MuxLock, a lower's, a port's.
 *
 * What differs between generations is the edge: functions named Edge*.
 *
 * Start reading at: MuxSend, MuxReceive (frame.c), MuxOpened, MuxClosing (lower.c), MuxStart, MuxStop (port.c).
 */
#ifndef MUX_H
#define MUX_H

#include <ndis.h>

#define MUX_TAG           'xuMu'
#define MUX_ADDRESS       6
#define MUX_HEADER        14
#define MUX_VLAN_TAG      4
#define MUX_PORTS_MAX     8
#define MUX_FRAMES        128
#define MUX_NAME_CHARS    128
#define MUX_MULTICAST_MAX 32

#define MUX_PACKET_FILTERS                                                                                     \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                 \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

typedef enum _MUX_STATE { MuxHalted, MuxPaused, MuxRunning } MUX_STATE;

typedef struct _MUX_PORT MUX_PORT, *PMUX_PORT;
typedef struct _MUX_LOWER MUX_LOWER, *PMUX_LOWER;

/* Bytes somewhere in a chain of MDLs: what NET_BUFFERs and NDIS_PACKETs have in common. */
typedef struct _MUX_SOURCE {
    PMDL Mdl;
    ULONG Offset; /* in the first */
    ULONG Length;
} MUX_SOURCE, *PMUX_SOURCE;

typedef struct _MUX_FRAME {
    LIST_ENTRY Link; /* Port->Free; Port->Lock */
    PMUX_PORT Port;
    PVOID Packet; /* the edge's: NBL or NDIS_PACKET */
    PMDL Mdl;
    ULONG Length;
    UCHAR Data[ANYSIZE_ARRAY];
} MUX_FRAME, *PMUX_FRAME;

typedef struct _MUX_STATISTICS {
    ULONG64 Sent, SentBytes, Received, ReceivedBytes;
    ULONG64 SendDropped, ReceiveDropped;
} MUX_STATISTICS, *PMUX_STATISTICS;

struct _MUX_PORT {
    PMUX_LOWER Lower; /* const, as Index, Vlan, Name, Address */
    ULONG Index;
    ULONG Vlan; /* 0: untagged frames */
    UCHAR Address[MUX_ADDRESS];
    UNICODE_STRING Name;
    WCHAR NameBuffer[MUX_NAME_CHARS];

    NDIS_HANDLE Handle; /* the adapter's; const from initialize to halt, as Edge and Frames */
    PVOID Edge;
    PMUX_FRAME Frames[MUX_FRAMES];
    KEVENT Idle; /* set while Busy is 0 */

    KSPIN_LOCK Lock;
    MUX_STATE State; /* Lock, as everything below */
    ULONG Busy;
    LIST_ENTRY Free;
    ULONG PacketFilter, Lookahead, MulticastCount;
    UCHAR Multicast[MUX_MULTICAST_MAX][MUX_ADDRESS];
    MUX_STATISTICS Statistics;
};

struct _MUX_LOWER {
    LIST_ENTRY Link;     /* MuxLowers; MuxLock */
    NDIS_HANDLE Binding; /* const while the adapter is open, as the next five */
    ULONG Mtu;
    UCHAR Address[MUX_ADDRESS];
    ULONG PortCount;
    PMUX_PORT Ports[MUX_PORTS_MAX];
    PVOID Edge;
    KEVENT Idle; /* set while Busy is 0 */

    KSPIN_LOCK Lock;
    BOOLEAN Running; /* Lock, as the rest: not paused, not asleep, not closing */
    BOOLEAN Paused, Asleep, Closing;
    BOOLEAN Connected;
    ULONG64 Speed;
    ULONG Busy;
};

/* What the service's Parameters key says; const after DriverEntry. */
typedef struct _MUX_CONFIG {
    ULONG Ports;               /* virtual adapters over each real one */
    ULONG Vlan[MUX_PORTS_MAX];
} MUX_CONFIG;

/* config.c */
extern MUX_CONFIG MuxConfig;
NTSTATUS MuxReadConfig(PUNICODE_STRING RegistryPath);

/* lower.c: PASSIVE_LEVEL, but MuxBegin and MuxEnd */
extern LIST_ENTRY MuxLowers;
extern KSPIN_LOCK MuxLock;
PMUX_LOWER MuxCreateLower(PUNICODE_STRING Name);
VOID MuxDescribe(PMUX_LOWER Lower, const UCHAR *Address, ULONG Mtu, BOOLEAN Connected, ULONG64 Speed);
NDIS_STATUS MuxOpened(PMUX_LOWER Lower);
VOID MuxClosing(PMUX_LOWER Lower);
VOID MuxFreeLower(PMUX_LOWER Lower);
VOID MuxSetState(PMUX_LOWER Lower, PBOOLEAN Flag, BOOLEAN Value);
VOID MuxSetLink(PMUX_LOWER Lower, BOOLEAN Connected, ULONG64 Speed); /* <= DISPATCH_LEVEL; Speed 0: unchanged */
BOOLEAN MuxBegin(PMUX_LOWER Lower);
VOID MuxEnd(PMUX_LOWER Lower, ULONG Count);

/* port.c */
PMUX_PORT MuxFindPort(PVOID Context);
NDIS_STATUS MuxAllocateFrames(PMUX_PORT Port);
VOID MuxStart(PMUX_PORT Port);
VOID MuxStop(PMUX_PORT Port);
VOID MuxHalt(PMUX_PORT Port);
BOOLEAN MuxBeginPort(PMUX_PORT Port);
VOID MuxEndPort(PMUX_PORT Port);

/* frame.c: <= DISPATCH_LEVEL */
NDIS_STATUS MuxSend(PMUX_PORT Port, const MUX_SOURCE *Source);
VOID MuxSendDone(PMUX_FRAME Frame);
VOID MuxReceive(PMUX_LOWER Lower, const MUX_SOURCE *Source, ULONG StrippedVlan);
VOID MuxReturn(PMUX_FRAME Frame);

/* oid.c */
NDIS_STATUS MuxAnswer(const VOID *Data, ULONG DataLength, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed);
NDIS_STATUS MuxQuery(PMUX_PORT Port, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed);
NDIS_STATUS MuxSet(PMUX_PORT Port, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Read, PULONG Needed);
BOOLEAN MuxWanted(PMUX_PORT Port, const UCHAR *Destination); /* Lock held */

/* --- the edge --- */

extern const CHAR MuxDescription[];
extern const NDIS_OID MuxOids[];
extern const ULONG MuxOidsLength; /* bytes */

NDIS_STATUS EdgeSetFilter(PMUX_LOWER Lower, ULONG PacketFilter);
NDIS_STATUS EdgeInitializePort(PMUX_PORT Port); /* NDIS calls back; fails if the adapter does not come up */
VOID EdgeDeinitializePort(PMUX_PORT Port, NDIS_HANDLE Handle);
NDIS_STATUS EdgeMakePacket(PMUX_PORT Port, PMUX_FRAME Frame, ULONG Room);
VOID EdgeFreePacket(PMUX_PORT Port, PMUX_FRAME Frame);
VOID EdgeSend(PMUX_LOWER Lower, PMUX_FRAME Frame);   /* MuxSendDone() follows */
VOID EdgeIndicate(PMUX_PORT Port, PMUX_FRAME Frame); /* MuxReturn() follows */
VOID EdgeIndicateLink(PMUX_PORT Port, BOOLEAN Connected, ULONG64 Speed);

#endif
