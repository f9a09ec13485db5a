/* SPDX-License-Identifier: MIT */
/*
 * ndisprot.h - objects and functions of the driver.
 *
 * Model: two objects with lives of their own. A BINDING is NDIS's: it is made and freed with the adapter. An OPEN is a
 * program's: it is made and freed with the handle. NpLock joins them: Open->Binding is set by an IOCTL and cleared when
 * either of the two goes. Who uses a binding longer than NpLock is held has counted itself in Sends or Requests
 * first; unbinding waits until both are zero, so a counted user may use the binding and NDIS's handle for it.
 *
 * Locks, outermost first: the system's cancel spin lock, NpLock, one binding's or one queue's.
 */
#ifndef NDISPROT_H
#define NDISPROT_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#include "ndisprotioctl.h"

#define NP_TAG             'torP'
#define NP_ETHERNET_HEADER 14
#define NP_QUEUE_MAX       64 /* items that wait for a reader; more are dropped */

typedef enum _NP_STATE {
    NpPaused,
    NpRunning,
    NpClosing,
} NP_STATE;

typedef struct _NP_BINDING {
    LIST_ENTRY Link;            /* in NpBindings; NpLock */
    LIST_ENTRY Opens;           /* NP_OPEN.Link; NpLock */
    NDIS_HANDLE BindingHandle;  /* const while the adapter is open */
    NDIS_HANDLE PendingContext; /* bind or unbind that pended; NDIS has one at a time */
    NDIS_MEDIUM Medium;
    UINT MediumIndex;
    ULONG MaxFrame;             /* const, as Name and MacAddress */
    UCHAR MacAddress[6];
    UNICODE_STRING Name;
    WCHAR NameBuffer[NDISPROT_NAME_CHARS];
    NDIS_SPIN_LOCK Lock;
    NP_STATE State;             /* Lock */
    BOOLEAN LowPower;           /* Lock */
    BOOLEAN LinkUp;             /* Lock */
    ULONG Sends;                /* Lock; frames that are out, and cancellations of such */
    ULONG Requests;             /* Lock; OID requests that are out */
    KEVENT Idle;                /* set whenever one of the two becomes zero */
    FAST_MUTEX FilterMutex;     /* one change of the packet filter at a time */
} NP_BINDING, *PNP_BINDING;

/* Items and IRPs that wait for each other: at any time one of the two lists is empty (queue.c). */
typedef struct _NP_QUEUE {
    IO_CSQ Csq;
    KSPIN_LOCK Lock;
    LIST_ENTRY Irps;
    LIST_ENTRY Items;
    ULONG ItemCount;
    NTSTATUS Refuse; /* STATUS_SUCCESS, or why no IRP may wait */
} NP_QUEUE, *PNP_QUEUE;

typedef struct _NP_ITEM {
    LIST_ENTRY Link;
    ULONG Length;
    UCHAR Data[ANYSIZE_ARRAY];
} NP_ITEM, *PNP_ITEM;

typedef struct _NP_OPEN {
    LIST_ENTRY Link;     /* in Binding->Opens; NpLock */
    PNP_BINDING Binding; /* NpLock; NULL without adapter */
    BOOLEAN Closing;     /* NpLock; no adapter any more */
    NP_QUEUE Reads;
    NP_QUEUE Statuses;
    volatile LONG64 Sent; /* frames of this handle that reached the adapter */
} NP_OPEN, *PNP_OPEN;

/* driver.c */
extern NDIS_HANDLE NpProtocolHandle;
extern NDIS_HANDLE NpNblPool;
extern NDIS_SPIN_LOCK NpLock;
extern LIST_ENTRY NpBindings;
extern KEVENT NpBindsComplete;
DRIVER_INITIALIZE DriverEntry;

/* binding.c */
PROTOCOL_BIND_ADAPTER_EX NpBindAdapter;
PROTOCOL_UNBIND_ADAPTER_EX NpUnbindAdapter;
PROTOCOL_OPEN_ADAPTER_COMPLETE_EX NpOpenAdapterComplete;
PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX NpCloseAdapterComplete;
VOID NpWaitIdle(PNP_BINDING Binding, const ULONG *Count);
PNP_BINDING NpBeginRequest(PNP_OPEN Open);
VOID NpEndUse(PNP_BINDING Binding, PULONG Count);
NTSTATUS NpOpenAdapter(PNP_OPEN Open, PCWSTR Name, ULONG Length);
VOID NpLeaveAdapter(PNP_OPEN Open);

/* event.c */
PROTOCOL_NET_PNP_EVENT NpNetPnPEvent;
PROTOCOL_STATUS_EX NpStatus;

/* device.c */
NTSTATUS NpCreateDevice(PDRIVER_OBJECT DriverObject);
VOID NpDeleteDevice(VOID);
NTSTATUS NpCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* ioctl.c */
DRIVER_DISPATCH NpDeviceControl;

/* queue.c */
VOID NpQueueInitialize(PNP_QUEUE Queue);
NTSTATUS NpQueueIrp(PNP_QUEUE Queue, PIRP Irp);
VOID NpQueueItem(PNP_QUEUE Queue, PNP_ITEM Item, PLIST_ENTRY Completed);
VOID NpQueueRefuse(PNP_QUEUE Queue, NTSTATUS Status, PLIST_ENTRY Completed);
VOID NpQueueAccept(PNP_QUEUE Queue);

/* item.c */
PNP_ITEM NpAllocateItem(ULONG Length);
VOID NpFreeItems(PLIST_ENTRY Items);
VOID NpGiveItem(PIRP Irp, PNP_ITEM Item);
VOID NpCompleteIrps(PLIST_ENTRY Completed);

/* read.c */
DRIVER_DISPATCH NpRead;
PROTOCOL_RECEIVE_NET_BUFFER_LISTS NpReceive;

/* write.c */
DRIVER_DISPATCH NpWrite;
PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE NpSendComplete;
NDIS_HANDLE NpAllocateSendPool(NDIS_HANDLE NdisHandle);

/* oid.c */
PROTOCOL_OID_REQUEST_COMPLETE NpOidRequestComplete;
NDIS_STATUS NpOidRequest(PNP_BINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, NDIS_PORT_NUMBER Port,
                         PVOID Buffer, ULONG Length, PULONG Done);
NDIS_STATUS NpUpdateFilter(PNP_BINDING Binding);
NTSTATUS NpOidIoctl(PNP_OPEN Open, NDIS_REQUEST_TYPE Type, PNDISPROT_OID Oid, ULONG Length, PULONG_PTR Information);

#endif
