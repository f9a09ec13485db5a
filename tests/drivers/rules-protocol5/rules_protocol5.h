/* SPDX-License-Identifier: MIT */
/*
 * rules_protocol5.h - an NDIS 5.0 protocol that breaks one rule of packets, whichever Choice says, and does nothing
 * else wrong.
 *
 * Model: protocol.c is a protocol that is right: it keeps one received packet at a time until a timer returns it, and
 * has one packet of its own, which it may send. A rule is broken by a few functions that stand in for those of
 * protocol.c (a RULES_CHANGE), and kept by others that do the same work rightly.
 */
#ifndef RULES_PROTOCOL5_H
#define RULES_PROTOCOL5_H

#include <ndis.h>

#define RULES_TAG '5luR'
#define OWN_FRAME 60

typedef struct _BINDING {
    NDIS_HANDLE Handle;
    NDIS_HANDLE PacketPool, BufferPool;
    PNDIS_PACKET Own; /* who sends it counts it in Out first */
    PNDIS_BUFFER Buffer;
    NDIS_TIMER Timer;
    PNDIS_PACKET Kept; /* Lock: the timer returns it */
    ULONG Out;         /* Lock: packets sent and kept; one more while the binding is open */
    BOOLEAN Closing;   /* Lock */
    NDIS_SPIN_LOCK Lock;
    NDIS_EVENT Drained; /* Out is 0 */
    NDIS_EVENT Done;    /* of a request, open or close that pended */
    NDIS_STATUS Status;
    NDIS_REQUEST Request;
    ULONG PacketFilter;
    UCHAR Frame[OWN_FRAME];
} BINDING, *PBINDING;

/* NULL: as in protocol.c */
typedef struct _RULES_CHANGE {
    INT (*Lent)(VOID);                     /* what ProtocolReceivePacket returns for a packet that is lent */
    VOID (*Return)(PNDIS_PACKET Packet);   /* from the timer */
    VOID (*FirstFrame)(PBINDING Binding);  /* at DISPATCH_LEVEL, once in the driver's life */
    VOID (*OwnIsBack)(PBINDING Binding);   /* its packet was sent; it still counts in Out */
    VOID (*FreePackets)(PBINDING Binding); /* the last thing of a binding */
} RULES_CHANGE;

#define CHANGE(name, ...) const RULES_CHANGE name = { __VA_ARGS__ };

#define RULE(name, id) extern const RULES_CHANGE Break##name, Keep##name;
#include "rules_protocol5.def"
#undef RULE

/* Before something goes out or is kept. FALSE: the binding is being closed. */
BOOLEAN GoesOut(PBINDING Binding);
VOID IsBack(PBINDING Binding);
NDIS_STATUS SendOwn(PBINDING Binding); /* it is counted by the caller; not NDIS_STATUS_PENDING: it is back */
VOID FreeOwn(PBINDING Binding);

#endif
