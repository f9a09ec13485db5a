/* SPDX-License-Identifier: MIT */
/*
 * rules_filter.h - a filter that breaks one rule of NDIS, whichever Choice says, and does nothing else wrong.
 *
 * Model: filter.c is a filter that is right: it passes everything on, requests as clones, and has one frame of its own,
 * which it may send or indicate. A rule is broken by a few handlers that stand in for those of filter.c (a
 * RULES_CHANGE), and kept by others that do the same work rightly. Running is called once in the filter's life, at
 * PASSIVE_LEVEL, after the first frame from above has been passed on.
 */
#ifndef RULES_FILTER_H
#define RULES_FILTER_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#include "../common/out.h"

#define RULES_TAG 'eluR'
#define FRAME     60

typedef struct _MODULE {
    NDIS_HANDLE Handle;
    NDIS_HANDLE Pool;
    PMDL Mdl;
    PNET_BUFFER_LIST Own;        /* the frame of its own; who uses it counts it first */
    PNET_BUFFER_LIST KeptFrames; /* one chain of others, at most */
    NDIS_HANDLE WorkItem;
    OUT_COUNT Out; /* frames of its own, and of others that are kept */
    NDIS_OID_REQUEST Request;
    BOOLEAN Asks; /* Request is out, and its answer sets Answered */
    ULONG Answer;
    KEVENT Answered;
    UCHAR Frame[FRAME];
} MODULE, *PMODULE;

/* NULL: as in filter.c */
typedef struct _RULES_CHANGE {
    VOID (*Running)(PMODULE Module);
    FILTER_ATTACH_HANDLER Attach;
    FILTER_DETACH_HANDLER Detach;
    FILTER_PAUSE_HANDLER Pause;
    FILTER_SEND_NET_BUFFER_LISTS_HANDLER Send;
    FILTER_SEND_NET_BUFFER_LISTS_COMPLETE_HANDLER SendComplete;
    VOID (*Takes)(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags); /* what comes stays here */
    FILTER_RETURN_NET_BUFFER_LISTS_HANDLER Return;
    BOOLEAN NoReturns; /* what is received, and returned, goes past the filter */
    FILTER_OID_REQUEST_HANDLER Oid;
} RULES_CHANGE;

#define CHANGE(name, ...) const RULES_CHANGE name = { __VA_ARGS__ };

#define RULE(name, id) extern const RULES_CHANGE Break##name, Keep##name;
#include "rules_filter.def"
#undef RULE

FILTER_ATTACH Attach;
FILTER_DETACH Detach;
FILTER_PAUSE Pause;
FILTER_SEND_NET_BUFFER_LISTS Send;
FILTER_SEND_NET_BUFFER_LISTS_COMPLETE SendComplete;
FILTER_RETURN_NET_BUFFER_LISTS Return;
FILTER_OID_REQUEST Oid;

/* Attach in two steps, for who does something before or between. NULL: no memory. */
PMODULE ModuleCreate(NDIS_HANDLE NdisFilterHandle);
NDIS_STATUS ModuleSetAttributes(PMODULE Module); /* on failure the module is freed */
VOID ModuleFree(PMODULE Module);

/* What was counted in Out is back. The last may complete a pause; the module is not touched after it. */
VOID IsBack(PMODULE Module);

VOID SendOwn(PMODULE Module, ULONG SendFlags);
VOID IndicateOwn(PMODULE Module, ULONG Count, ULONG ReceiveFlags);
NDIS_HANDLE CreatePool(NDIS_HANDLE Handle, UCHAR Type);
PNET_BUFFER_LIST CreateFrame(NDIS_HANDLE Pool, PMODULE Module); /* NULL: no memory */

#endif
