/* SPDX-License-Identifier: MIT */
/*
 * card.h - a virtual LAN card: the part that three generations of NDIS drivers share.
 *
 * Model: a CARD is a device for programs and, from initialize to halt, an adapter. Two queues meet in it, each of
 * frames and the IRPs that wait for such: sends of the stack with reads of programs (Frames, Reads), and free receive
 * buffers with writes (Free, Writes). Who has put something into one of the four calls CardKick(), and one thread at a
 * time joins what fits (CardPump*). Busy counts whatever a pause or a halt waits for: frames here, buffers out there,
 * the timer, calls under way. A send waits at most half a second for a reader, so that nobody can hold the stack up.
 *
 * What differs between generations is the edge: functions named Edge*, of which each driver has its own.
 *
 * Start reading at: CardSend, CardWork (frame.c), CardRead, CardWrite (irp.c), CardStart, CardStop (card.c).
 */
#ifndef CARD_H
#define CARD_H

#include <ndis.h>

#include "vlancardioctl.h"

#define CARD_TAG           'draC'
#define CARD_ADDRESS       6
#define CARD_HEADER        14
#define CARD_OVERHEAD      18 /* header and one VLAN tag */
#define CARD_MTU_MIN       576
#define CARD_MTU_MAX       9000
#define CARD_BUFFERS       32
#define CARD_FRAMES_MAX    256 /* sends that wait for a reader */
#define CARD_AGE_MS        250
#define CARD_MULTICAST_MAX 32
#define CARD_NAME_CHARS    64

/* Of a file object, under CARD.Lock: cleanup was here; what comes after it is not kept. */
#define CARD_CLOSED(File) (*(BOOLEAN *)&(File)->FsContext)

#define CARD_PACKET_FILTERS                                                                                    \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                 \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

typedef enum _CARD_STATE { CardHalted, CardPaused, CardRunning } CARD_STATE;

/* A frame on its way to the stack. */
typedef struct _CARD_BUFFER {
    LIST_ENTRY Link; /* Free; Lock */
    PVOID Packet;    /* the edge's: NBL or NDIS_PACKET */
    PMDL Mdl;
    ULONG Length;
    UCHAR Data[ANYSIZE_ARRAY];
} CARD_BUFFER, *PCARD_BUFFER;

typedef struct _CARD {
    LIST_ENTRY Link; /* CardList */
    ULONG Unit;
    PDEVICE_OBJECT Device; /* const, as DeviceHandle */
    NDIS_HANDLE DeviceHandle;

    NDIS_HANDLE Handle;            /* the adapter's; const from CardInitialize to halt, as the next three */
    PVOID Edge;
    PCARD_BUFFER Buffers[CARD_BUFFERS];
    ULONG Mtu;
    UCHAR Address[CARD_ADDRESS];
    KEVENT Idle; /* set while Busy is 0 */

    KSPIN_LOCK Lock;
    CARD_STATE State; /* Lock, as everything below */
    ULONG Busy;
    ULONG Files;
    BOOLEAN Giving, Taking; /* someone joins Frames and Reads, or Free and Writes */
    BOOLEAN AgeSet;         /* the timer is set or its function runs */
    BOOLEAN LinkChanged;
    LIST_ENTRY Frames;      /* of the edge's sends */
    ULONG FrameCount;
    ULONG OldFrames;        /* of these, from the front, were there when the timer ran last */
    LIST_ENTRY Reads, Writes;
    LIST_ENTRY Free;
    PKEVENT Event;
    PFILE_OBJECT EventFile;
    ULONG MediaState; /* NDIS_MEDIA_CONNECT_STATE */
    ULONG64 Speed;
    ULONG NextMtu;    /* 0: what the registry says; likewise NextAddress */
    UCHAR NextAddress[CARD_ADDRESS];
    ULONG PacketFilter, Lookahead, MulticastCount;
    UCHAR Multicast[CARD_MULTICAST_MAX][CARD_ADDRESS];
    VLANCARD_STATISTICS Statistics;
} CARD, *PCARD;

/* card.c: PASSIVE_LEVEL */
NDIS_STATUS CardInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Configuration, PCARD *Card);
NDIS_STATUS CardAllocateBuffers(PCARD Card);
VOID CardStart(PCARD Card, BOOLEAN IndicateLink);
VOID CardStop(PCARD Card);
VOID CardHalt(PCARD Card);
VOID CardDeleteDevices(VOID);
VOID CardFreeUnits(VOID);
VOID CardRelease(PCARD Card, ULONG Count);

/* config.c */
VOID CardReadConfiguration(PCARD Card, NDIS_HANDLE Configuration);

/* frame.c: <= DISPATCH_LEVEL */
NDIS_STATUS CardSend(PCARD Card, PLIST_ENTRY Frame, ULONG Length);
VOID CardCancelSends(PCARD Card, PVOID CancelId);
VOID CardTakeSends(PCARD Card, PLIST_ENTRY Frames);
VOID CardFailSends(PCARD Card, PLIST_ENTRY Frames);
VOID CardReturn(PCARD Card, PCARD_BUFFER Buffer);
VOID CardKick(PCARD Card);
VOID CardWork(PCARD Card);
VOID CardAge(PCARD Card);

/* irp.c */
DRIVER_DISPATCH CardRead;
DRIVER_DISPATCH CardWrite;
NTSTATUS CardCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
PIRP CardNextIrp(PLIST_ENTRY Queue);
VOID CardFlushIrps(PCARD Card, PLIST_ENTRY Queue, PFILE_OBJECT File, NTSTATUS Status);

/* device.c, ioctl.c */
extern LIST_ENTRY CardList; /* changes only in the system's PnP calls, one at a time; read before a device exists */
PCARD CardOfDevice(PDEVICE_OBJECT Device);
NDIS_STATUS CardCreateDevice(PCARD Card);
DRIVER_DISPATCH CardControl;

/* oid.c: a query or set that does not depend on the generation */
NDIS_STATUS CardQuery(PCARD Card, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed);
NDIS_STATUS CardSet(PCARD Card, NDIS_OID Oid, PVOID Buffer, ULONG Length, PULONG Read, PULONG Needed);
NDIS_STATUS CardAnswer(const VOID *Data, ULONG DataLength, PVOID Buffer, ULONG Length, PULONG Written, PULONG Needed);
BOOLEAN CardWanted(PCARD Card, const UCHAR *Destination); /* Lock held */

/* --- the edge --- */

extern const WCHAR CardDeviceName[]; /* less the number */
extern const CHAR CardDescription[];
extern const NDIS_OID CardOids[];
extern const ULONG CardOidsLength; /* bytes */

/* \Device\ and \DosDevices\ names, terminated. */
NDIS_STATUS EdgeRegisterDevice(PUNICODE_STRING Name, PUNICODE_STRING Link, PDRIVER_DISPATCH *Dispatch,
                               PDEVICE_OBJECT *Device, NDIS_HANDLE *Handle);
VOID EdgeDeregisterDevice(NDIS_HANDLE Handle);
NDIS_STATUS EdgeMakePacket(PCARD Card, PCARD_BUFFER Buffer, ULONG Room);
VOID EdgeFreePacket(PCARD Card, PCARD_BUFFER Buffer);
VOID EdgeRun(PCARD Card); /* call CardWork, now or soon, from where this generation may call NDIS */
VOID EdgeSetTimer(PCARD Card);       /* CardAge in CARD_AGE_MS; Lock held */
BOOLEAN EdgeCancelTimer(PCARD Card); /* FALSE: it will run, or runs; Lock held */
/* Copies as much of a send as fits; its length, or 0 when its memory cannot be mapped. */
ULONG EdgeCopyFrame(PLIST_ENTRY Frame, PUCHAR To, ULONG Room);
PVOID EdgeCancelId(PLIST_ENTRY Frame);
VOID EdgeComplete(PCARD Card, PLIST_ENTRY Frame, NDIS_STATUS Status);
VOID EdgeIndicate(PCARD Card, PCARD_BUFFER Buffer); /* CardReturn() follows, now or later */
VOID EdgeIndicateLink(PCARD Card, ULONG MediaState, ULONG64 Speed);

#endif
