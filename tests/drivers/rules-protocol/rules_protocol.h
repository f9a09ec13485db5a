/* SPDX-License-Identifier: MIT */
/*
 * rules_protocol.h - a protocol that breaks one rule of NDIS, whichever Choice says, and does nothing else wrong.
 *
 * Model: protocol.c is a protocol that is right: it takes every frame, keeps the first until a work item returns it,
 * and has one frame of its own, which it may send. A rule is broken by a few functions that stand in for those of
 * protocol.c (a RULES_CHANGE), and kept by others that do the same work rightly.
 */
#ifndef RULES_PROTOCOL_H
#define RULES_PROTOCOL_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#define RULES_TAG 'pluR'
#define OWN_FRAME 60

typedef struct _BINDING {
    NDIS_HANDLE Handle;
    NDIS_HANDLE PendingContext; /* of a bind or unbind that pends; NDIS has one at a time */
    NDIS_HANDLE Pool;
    PMDL Mdl;
    PNET_BUFFER_LIST Own;     /* the frame of its own; who sends it counts it in Out first */
    WORK_QUEUE_ITEM WorkItem; /* of the protocol's own life */
    WORK_QUEUE_ITEM Late;     /* of who breaks a rule */
    PNET_BUFFER_LIST Kept;    /* Lock */
    LONG Out;                 /* Lock: own frames sent, and those kept */
    BOOLEAN Running;          /* Lock */
    KSPIN_LOCK Lock;
    KEVENT Idle; /* set while Out is 0 */
    NDIS_MEDIUM Medium;
    UINT MediumIndex;
    NDIS_OID_REQUEST Request;
    KEVENT Answered;
    NDIS_STATUS Status;
    ULONG Value;
    UCHAR Frame[OWN_FRAME];
} BINDING, *PBINDING;

/* NULL: nothing of the kind */
typedef struct _RULES_CHANGE {
    VOID (*Unbinding)(PBINDING Binding, NDIS_HANDLE UnbindContext); /* before the adapter is closed */
    BOOLEAN KeepsOpen;
    BOOLEAN ClosesTwice;
    VOID (*Pausing)(PBINDING Binding);
    NDIS_STATUS (*SetsPower)(PBINDING Binding, NDIS_DEVICE_POWER_STATE State);
} RULES_CHANGE;

#define CHANGE(name, ...) const RULES_CHANGE name = { __VA_ARGS__ };

#define RULE(name, id) extern const RULES_CHANGE Break##name, Keep##name;
#include "rules_protocol.def"
#undef RULE

extern NDIS_HANDLE ProtocolHandle;

/* Before something goes out or is kept. FALSE: the binding does not run. */
BOOLEAN GoesOut(PBINDING Binding);
VOID IsBack(PBINDING Binding);
VOID SendOwn(PBINDING Binding);

/* At PASSIVE_LEVEL; waits for the answer. */
NDIS_STATUS Ask(PBINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, ULONG Value);
NDIS_STATUS Open(PBINDING Binding, NDIS_HANDLE BindContext, PNDIS_STRING AdapterName);

#endif
