/* SPDX-License-Identifier: MIT */
/*
 * stack5.h - one NDIS 5 driver that is miniport, intermediate miniport and protocol, and tests from a thread above.
 *
 * Model: port.c is a serialized miniport over no hardware; what a test wants of it happens in one of its handlers, a
 * timer's if nothing else brings one about (PortDo). virtual.c is the miniport edge of an intermediate driver.
 * binding.c is the protocol over either; it has no ProtocolReceivePacket. Each notes in Seen what it was called for.
 * by_call.c is built as drivers are that call ndis.sys where others use macros. The same sources make two drivers: with
 * STACK5_ARRAYS the port takes its sends by MiniportSendPackets.
 */
#ifndef STACK5_H
#define STACK5_H

#define NDIS_LEGACY_DRIVER 1
#define NDIS51_MINIPORT    1
#define NDIS50             1
#include "../ddi.h"

#define FRAME_HEADER 14
#define FRAME_MAX    1514
#define OID_PENDS    0xff010001 /* answered by PortAnswer() */
#define OID_FAILS    0xff010002 /* NDIS_STATUS_INVALID_DATA */
#define PORT_SENDS   16

typedef struct _STACK5_SEEN {
    volatile LONG Sends, SendsRefused, Transfers, Resets, Hangs, Timers, Returns, Cancels;
    volatile LONG Filters, Lists, Lookaheads; /* sets that the port was given */
    volatile LONG SendsDone, Frames, FramesComplete, RequestsDone, Statuses, StatusesComplete, Binds, Unbinds, Closes,
        Resetting, Resetted, ResetsDone, Linked, Unlinked;
    volatile LONG VirtualUp, VirtualDown;
} STACK5_SEEN;

extern STACK5_SEEN Seen;

/* ---- port.c */

extern NDIS_HANDLE Port;        /* the adapter; NULL: halted */
extern NDIS_HANDLE Wrapper;
extern NDIS_STATUS PortSays;    /* of a send: what the port answers */
extern NDIS_STATUS PortFetches; /* of a transfer: likewise */
extern NDIS_STATUS PortResets;  /* of a reset: likewise */
extern volatile LONG PortHangs; /* to be told at the next check */
extern BOOLEAN PortHoldsFilter; /* a set of it pends until PortAnswer() */
extern BOOLEAN PortAddressing;  /* of the next reset */
extern ULONG PortLast[8];       /* first bytes of the last sends, by Seen.Sends */
extern UCHAR PortList[64];      /* the multicast list as last set */
extern ULONG PortListBytes, PortFilter, PortParameter;
extern UINT PortOffset, PortBytes; /* what MiniportTransferData was asked for */
extern UCHAR PortFrame[FRAME_MAX]; /* what is received */

NDIS_STATUS PortRegister(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
VOID PortDo(VOID (*Action)(VOID)); /* in a timer of the port, at DISPATCH_LEVEL; has happened when this returns */
/* Actions. */
VOID PortCompleteSends(VOID); /* those it has, with PortSays */
VOID PortResume(VOID);        /* NdisMSendResourcesAvailable */
VOID PortAnswer(VOID);        /* the request that pends, with success */
VOID PortReset(VOID);         /* NdisMResetComplete */
VOID PortTransferred(VOID);   /* NdisMTransferDataComplete */
VOID PortShowsAll(VOID);      /* a frame of 100 bytes by lookahead, whole */
VOID PortShowsSome(VOID);     /* one of 314, 34 of them */
VOID PortShowsSomeTwice(VOID);
VOID PortShowsPacket(VOID);   /* one of 100 by packet */
VOID PortUnlinks(VOID);
VOID PortLinks(VOID);
extern NDIS_STATUS PortPacketStatus; /* of the packet after it was indicated */
extern BOOLEAN PortNested;           /* two handlers at once, or one below DISPATCH_LEVEL */

/* ---- virtual.c */

extern NDIS_HANDLE VirtualDriver, Virtual;
NDIS_STATUS VirtualRegister(NDIS_HANDLE WrapperHandle);

/* ---- binding.c */

extern NDIS_HANDLE Protocol, Binding, VirtualBinding; /* NULL: not bound */
extern WCHAR PortDevice[80];                          /* the port's name for NdisOpenAdapter */
extern NDIS_STATUS LastStatus;                        /* of what was completed last */
extern NDIS_STATUS BoundSection;                      /* what reading the protocol's section said */
extern PNDIS_PACKET LastDone;
extern UCHAR FrameSeen[FRAME_MAX];
extern UINT FrameSeenLength, FrameSeenHave, FrameSeenFetched;
extern BOOLEAN FrameSeenPacket;  /* NdisGetReceivedPacket gave one with the frame's bytes */
extern BOOLEAN FetchByCall;      /* NdisTransferData by call */
extern PNDIS_PACKET SendOnFrame; /* what ProtocolReceive sends, once */
NDIS_STATUS BindingRegister(VOID);

/* ---- by_call.c */

VOID CallSend(PNDIS_STATUS Status, NDIS_HANDLE Handle, PNDIS_PACKET Packet);
VOID CallSendPackets(NDIS_HANDLE Handle, PPNDIS_PACKET Packets, UINT Count);
VOID CallRequest(PNDIS_STATUS Status, NDIS_HANDLE Handle, PNDIS_REQUEST Request);
VOID CallReset(PNDIS_STATUS Status, NDIS_HANDLE Handle);
VOID CallTransferData(PNDIS_STATUS Status, NDIS_HANDLE Handle, NDIS_HANDLE Context, UINT Offset, UINT Bytes,
                      PNDIS_PACKET Packet, PUINT Done);
VOID CallSetAttributes(NDIS_HANDLE Handle, NDIS_HANDLE Context, BOOLEAN BusMaster, NDIS_INTERFACE_TYPE Type);

/* ---- tests.c */

BOOLEAN Reaches(volatile LONG *Count, LONG Value); /* within six seconds of machine time */
VOID RunTests(VOID);

#endif
