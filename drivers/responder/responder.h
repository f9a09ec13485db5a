/* SPDX-License-Identifier: MIT */
/*
 * responder.h - a protocol that answers: who is there (discovery), and the same back (echo).
 *
 * Model: a binding has a fixed number of answers, each a buffer with its NBL; a question that finds none free is not
 * answered. What is received is copied and given back at once. Busy counts answers that are out and questions being
 * looked at; a pause, and an unbind, wait until it is zero.
 *
 * On the wire, behind the Ethernet header with type 0x88b6 (documented: IEEE 802, for local experiments):
 *
 *     byte 0      kind: 1 discover, 2 here I am, 3 echo, 4 echoed
 *     byte 1      version, 1
 *     bytes 2-3   number, of the asker's choice
 *     from 4 on   here I am: the name, 16 bytes; echo and echoed: any data
 *
 * Discover may be sent to all; the others go to one. Answers are never answered, nor are questions from a group
 * address, so two responders cannot keep each other busy.
 */
#ifndef RESPONDER_H
#define RESPONDER_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#define RS_TAG       'psrR'
#define RS_HEADER    14
#define RS_BODY      4
#define RS_NAME      16
#define RS_FRAME_MIN 60
#define RS_FRAME_MAX 1514
#define RS_ANSWERS   8

enum { RsDiscover = 1, RsHere, RsEcho, RsEchoed };

typedef struct _RS_BINDING RS_BINDING, *PRS_BINDING;

typedef struct _RS_ANSWER {
    LIST_ENTRY Link; /* Binding->Free; Lock */
    PMDL Mdl;
    PNET_BUFFER_LIST Nbl;
    UCHAR Data[RS_FRAME_MAX];
} RS_ANSWER, *PRS_ANSWER;

struct _RS_BINDING {
    NDIS_HANDLE Handle;
    NDIS_HANDLE PendingContext; /* bind or unbind that pended; NDIS has one at a time */
    NDIS_HANDLE Pool;
    NDIS_MEDIUM Medium;
    UINT MediumIndex;
    UCHAR Address[6];
    KEVENT Idle; /* set while Busy is 0 */

    KSPIN_LOCK Lock;
    BOOLEAN Running; /* Lock, as the rest */
    ULONG Busy;
    LIST_ENTRY Free;
    RS_ANSWER Answers[RS_ANSWERS];
};

/* driver.c */
extern NDIS_HANDLE RsProtocolHandle;
DRIVER_INITIALIZE DriverEntry;

/* binding.c */
PROTOCOL_BIND_ADAPTER_EX RsBindAdapter;
PROTOCOL_UNBIND_ADAPTER_EX RsUnbindAdapter;
PROTOCOL_OPEN_ADAPTER_COMPLETE_EX RsOpenAdapterComplete;
PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX RsCloseAdapterComplete;
PROTOCOL_NET_PNP_EVENT RsNetPnPEvent;
PROTOCOL_STATUS_EX RsStatus;
PROTOCOL_OID_REQUEST_COMPLETE RsOidRequestComplete;

/* answer.c */
PROTOCOL_RECEIVE_NET_BUFFER_LISTS RsReceive;
PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE RsSendComplete;
NDIS_STATUS RsCreateAnswers(PRS_BINDING Binding);
VOID RsDestroyAnswers(PRS_BINDING Binding);

#endif
