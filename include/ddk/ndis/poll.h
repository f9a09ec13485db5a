/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/poll.h - poll mode: NDIS asks a miniport for received frames and completed sends, a few at a time.
 *
 * Model: a miniport registers a Poll object with two handlers. When its device has work it requests a poll; NDIS then
 * calls NdisPoll until nothing comes of it, and tells by NdisSetPollNotification when the interrupt is wanted again.
 * documented: "NDIS Poll Mode" and the pages of poll.h.
 */
#ifndef UNDIS_DDK_NDIS_POLL_H
#define UNDIS_DDK_NDIS_POLL_H

#include "nbl.h"
#include "objectheader.h"
#include "types.h"
#include "version.h"

#if NDIS_SUPPORT_NDIS685

DECLARE_HANDLE(NDIS_POLL_HANDLE);

#define NDIS_ANY_NUMBER_OF_NBLS 0xFFFFFFFF

typedef struct _NDIS_POLL_TRANSMIT_DATA {
    ULONG MaxNblsToComplete;
    ULONG Reserved1[3];
    NET_BUFFER_LIST *CompletedNblChain;
    ULONG NumberOfCompletedNbls;
    ULONG NumberOfRemainingNbls;
    ULONG SendCompleteFlags;
    ULONG Reserved2;
    PVOID Reserved3[4];
} NDIS_POLL_TRANSMIT_DATA;

typedef struct _NDIS_POLL_RECEIVE_DATA {
    ULONG MaxNblsToIndicate;
    ULONG Reserved1[3];
    NET_BUFFER_LIST *IndicatedNblChain;
    ULONG NumberOfIndicatedNbls;
    ULONG NumberOfRemainingNbls;
    ULONG Flags;
    ULONG Reserved2;
    PVOID Reserved3[4];
} NDIS_POLL_RECEIVE_DATA;

typedef struct _NDIS_POLL_DATA {
    NDIS_OBJECT_HEADER Header;
    NDIS_POLL_TRANSMIT_DATA Transmit;
    NDIS_POLL_RECEIVE_DATA Receive;
} NDIS_POLL_DATA;

#define NDIS_POLL_DATA_REVISION_1             1
#define NDIS_SIZEOF_NDIS_POLL_DATA_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NDIS_POLL_DATA, Receive)

typedef struct _NDIS_POLL_NOTIFICATION {
    NDIS_OBJECT_HEADER Header;
    BOOLEAN Enabled;
} NDIS_POLL_NOTIFICATION;

#define NDIS_POLL_NOTIFICATION_REVISION_1             1
#define NDIS_SIZEOF_NDIS_POLL_NOTIFICATION_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NDIS_POLL_NOTIFICATION, Enabled)

typedef void(NTAPI NDIS_POLL)(void *Context, NDIS_POLL_DATA *PollData);
typedef NDIS_POLL *NDIS_POLL_HANDLER;
typedef void(NTAPI NDIS_SET_POLL_NOTIFICATION)(void *Context, NDIS_POLL_NOTIFICATION *Notification);
typedef NDIS_SET_POLL_NOTIFICATION *NDIS_SET_POLL_NOTIFICATION_HANDLER;

typedef struct _NDIS_POLL_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    NDIS_SET_POLL_NOTIFICATION_HANDLER SetPollNotificationHandler;
    NDIS_POLL_HANDLER PollHandler;
} NDIS_POLL_CHARACTERISTICS;

#define NDIS_POLL_CHARACTERISTICS_REVISION_1 1
#define NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NDIS_POLL_CHARACTERISTICS, PollHandler)

NTSYSAPI NTSTATUS NTAPI NdisRegisterPoll(NDIS_HANDLE NdisHandle, void *Context,
                                         const NDIS_POLL_CHARACTERISTICS *Characteristics,
                                         NDIS_POLL_HANDLE *PollHandle);
NTSYSAPI void NTAPI NdisDeregisterPoll(NDIS_POLL_HANDLE PollHandle);
NTSYSAPI void NTAPI NdisRequestPoll(NDIS_POLL_HANDLE PollHandle, void *Reserved);
NTSYSAPI void NTAPI NdisSetPollAffinity(NDIS_POLL_HANDLE PollHandle, const PROCESSOR_NUMBER *PollAffinity);

#endif

#endif
