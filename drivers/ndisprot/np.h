/* SPDX-License-Identifier: MIT */
/*
 * np.h - objects of the driver, and what does not depend on the generation of NDIS.
 *
 * Model: two objects with lives of their own. A BINDING is NDIS's: it is made and freed with the adapter. An OPEN is a
 * program's: it is made and freed with the handle. NpLock joins them: Open->Binding is set by an IOCTL and cleared when
 * either of the two goes. Who uses a binding longer than NpLock is held has counted itself in Sends or Requests
 * first; unbinding waits until both are zero, so a counted user may use the binding and NDIS's handle for it.
 *
 * Locks, outermost first: the system's cancel spin lock, NpLock, one binding's or one queue's.
 *
 * Two drivers are made of this: ndisprot here and drivers/ndisprot5, for NDIS 6 and 5. What each has of its own is at
 * the end of this file.
 */
#ifndef NP_H
#define NP_H

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

typedef enum _NP_KIND {
    NpFrames,
    NpStatuses,
} NP_KIND;

typedef enum _NP_LINK {
    NpLinkSame,
    NpLinkUp,
    NpLinkDown,
} NP_LINK;

/* use.c */
extern NDIS_SPIN_LOCK NpLock;
extern LIST_ENTRY NpBindings;
VOID NpInitializeBinding(PNP_BINDING Binding, PUNICODE_STRING Name);
VOID NpPublish(PNP_BINDING Binding);
VOID NpWithdraw(PNP_BINDING Binding);
VOID NpWaitIdle(PNP_BINDING Binding, const ULONG *Count);
PNP_BINDING NpBeginRequest(PNP_OPEN Open);
NTSTATUS NpBeginSend(PNP_OPEN Open, ULONG Length, PNP_BINDING *Binding);
VOID NpEndUse(PNP_BINDING Binding, PULONG Count);
PVOID NpNextCancelId(VOID);
VOID NpSetPower(PNP_BINDING Binding, NDIS_DEVICE_POWER_STATE State);
NTSTATUS NpOpenAdapter(PNP_OPEN Open, PCWSTR Name, ULONG Length);
VOID NpLeaveAdapter(PNP_OPEN Open);
NDIS_STATUS NpUpdateFilter(PNP_BINDING Binding);
VOID NpDeliver(PNP_BINDING Binding, NP_KIND Kind, PNP_ITEM Item, PLIST_ENTRY Completed);
VOID NpTellStatus(PNP_BINDING Binding, NP_LINK Link, NDIS_STATUS Code, PVOID Buffer, ULONG Length);

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
DRIVER_DISPATCH NpRead;

/* write.c */
DRIVER_DISPATCH NpWrite;

/* cancel.c: what a write keeps in its IRP while it may be cancelled, and how it ends */
#define NP_IRP_BINDING(Irp)   ((Irp)->Tail.Overlay.DriverContext[0])
#define NP_IRP_CANCEL_ID(Irp) ((Irp)->Tail.Overlay.DriverContext[1])
DRIVER_CANCEL NpCancelWrite;
VOID NpCompleteWrite(PIRP Irp, PNP_OPEN Open, NDIS_STATUS Status, ULONG Length);

/* ---- of each driver's own */

extern KEVENT NpBindsComplete;    /* NDIS has offered every adapter that is there */
PVOID NpAllocate(ULONG Length);   /* freed by NdisFreeMemory(, 0, 0) */
PVOID NpMakeFrame(PNP_BINDING Binding, PNP_OPEN Open, PIRP Irp, PVOID CancelId); /* over Irp's MDL; NULL: no memory */
VOID NpFreeFrame(PVOID Frame);                                                   /* that is not to be sent */
VOID NpSendFrame(PNP_BINDING Binding, PVOID Frame); /* takes it; then NpCompleteWrite, and the send is counted off */
VOID NpCancelFrames(NDIS_HANDLE BindingHandle, PVOID CancelId);
NDIS_STATUS NpOidRequest(PNP_BINDING Binding, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, NDIS_PORT_NUMBER Port,
                         PVOID Buffer, ULONG Length, PULONG Done);

#endif
