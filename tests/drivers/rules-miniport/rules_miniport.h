/* SPDX-License-Identifier: MIT */
/*
 * rules_miniport.h - a miniport that breaks one rule of NDIS, whichever Choice says, and does nothing else wrong.
 *
 * Model: miniport.c is a miniport that is right: what is sent is forgotten, requests are answered at once but
 * OID_RULES_KEPT, which waits for a reset or halt, and it has one frame of its own, which it may indicate. With its INF
 * it drives the simulated card, of which it masks the interrupts and uses nothing else; without it has no hardware.
 * A rule is broken by a few handlers that stand in for those of miniport.c (a RULES_CHANGE), and kept by others that do
 * the same work rightly. Running is called once in the miniport's life, at PASSIVE_LEVEL, after the first frame from
 * above.
 */
#ifndef RULES_MINIPORT_H
#define RULES_MINIPORT_H

#ifndef NDIS_MINIPORT_DRIVER
#define NDIS_MINIPORT_DRIVER 1
#endif
#ifndef NDIS685_MINIPORT
#define NDIS685_MINIPORT 1
#endif

#include <ndis.h>

#include "../common/out.h"

#define RULES_TAG  'mluR'
#define OWN_FRAME  60
#define LINK_SPEED 1000000000ULL

#define OID_RULES_KEPT 0xff020001 /* a query; tests/drivers/rules-filter asks it */

typedef struct _ADAPTER {
    NDIS_HANDLE Handle;
    NDIS_HANDLE Pool;
    PMDL Mdl;
    PNET_BUFFER_LIST Own; /* the frame of its own; who indicates it counts it first */
    NDIS_HANDLE WorkItem;
    NDIS_PORT_NUMBER Port; /* one that is not the default one; 0: none */
    NDIS_POLL_HANDLE Poll; /* NULL: none */
    volatile ULONG *Registers; /* NULL: there is no card */
    ULONG RegistersLength;
    OUT_COUNT Out;          /* sends that are looked at, and the frame of its own */
    PNDIS_OID_REQUEST Kept; /* Out.Lock: a request to be answered */
    UCHAR Frame[OWN_FRAME];
} ADAPTER, *PADAPTER;

/* NULL: as in miniport.c */
typedef struct _RULES_CHANGE {
    NDIS_STATUS (*Describe)(PADAPTER Adapter); /* sets the general attributes */
    VOID (*Running)(PADAPTER Adapter);
    NDIS_STATUS (*Initialized)(PADAPTER Adapter); /* the last thing that is done in initializing */
    MINIPORT_HALT_HANDLER Halt;
    MINIPORT_PAUSE_HANDLER Pause;
    MINIPORT_OID_REQUEST_HANDLER Oid;
    MINIPORT_RESET_HANDLER Reset;
    MINIPORT_CANCEL_IDLE_NOTIFICATION_HANDLER CancelIdle; /* NULL: it is not to be suspended */
} RULES_CHANGE;

#define CHANGE(name, ...) const RULES_CHANGE name = { __VA_ARGS__ };

#define RULE(name, id) extern const RULES_CHANGE Break##name, Keep##name;
#include "rules_miniport.def"
#undef RULE

MINIPORT_HALT Halt;
MINIPORT_PAUSE Pause;
MINIPORT_OID_REQUEST Oid;
MINIPORT_RESET Reset;
NDIS_STATUS Describe(PADAPTER Adapter);

VOID IndicateOwn(PADAPTER Adapter, NDIS_PORT_NUMBER Port);     /* at PASSIVE_LEVEL */
NDIS_STATUS Keep(PADAPTER Adapter, PNDIS_OID_REQUEST Request); /* _PENDING; _NOT_SUPPORTED: another is kept */
VOID Release(PADAPTER Adapter, NDIS_STATUS Status);            /* the request that is kept, if there is one */
VOID AdapterFree(PADAPTER Adapter);
VOID MaskInterrupts(PADAPTER Adapter); /* of the card, if there is one */

#endif
