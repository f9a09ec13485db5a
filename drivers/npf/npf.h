/* SPDX-License-Identifier: MIT */
/*
 * npf.h - the driver's two objects and the functions its files share.
 *
 * Model: an NPF_ADAPTER is one filter module, made in FilterAttach. An NPF_OPEN is one handle of one program. The
 * module may be detached while handles are open, so an adapter is reference counted (one for the attach, one per
 * open) and says in State what may still be done with its FilterHandle.
 *
 * Locks, in the order they nest: NpfListLock alone; Adapter->Lock, then Open->Lock. No NDIS or I/O function that can
 * call back is called with one of them held.
 *
 * Start reading at: DriverEntry (driver.c), then NPF_AttachAdapter and NPF_Pause (adapter.c), then NPF_Write
 * (write.c).
 */
#ifndef NPF_H
#define NPF_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#include "npfioctl.h"

#define NPF_TAG               'fpNZ'
#define NPF_NDIS_MAJOR        6
#define NPF_NDIS_MINOR        30
#define NPF_NAME_CHARS        128
#define NPF_ETHERNET_HEADER   14
#define NPF_DEFAULT_MAX_FRAME 1514

typedef enum _NPF_STATE {
    NpfAttached, /* not restarted yet: no sends, no OID requests of our own */
    NpfRunning,
    NpfPausing,  /* FilterPause returned PENDING; the last send's completion ends the pause */
    NpfPaused,
    NpfDetached, /* FilterHandle is dead; only handles keep the object */
} NPF_STATE;

typedef struct _NPF_ADAPTER {
    LIST_ENTRY Link;               /* in NpfAdapterList; NpfListLock */
    volatile LONG References;      /* interlocked */
    NDIS_HANDLE FilterHandle;      /* const after attach, as all of this group */
    NDIS_HANDLE NblPool;           /* one NET_BUFFER each, context NPF_SEND_CONTEXT */
    NDIS_HANDLE DeviceHandle;
    PDEVICE_OBJECT DeviceObject;

    NDIS_SPIN_LOCK Lock;
    NPF_STATE State;               /* Lock */
    ULONG SendsOutstanding;        /* Lock; sends we originated */
    ULONG MaxFrame;                /* Lock; MTU and Ethernet header */
    LIST_ENTRY OpenList;           /* Lock; NPF_OPEN.Link */

    PNDIS_OID_REQUEST Clone;       /* Lock; the request of an overlying driver that is below us now */
    BOOLEAN UpperFilterKnown;      /* Lock */
    BOOLEAN UpperSetPending;       /* Lock; an overlying driver's packet filter is on its way down */
    ULONG UpperFilter;             /* Lock; what overlying drivers asked for last */
    ULONG UpperRequested;          /* Lock; becomes UpperFilter when the set succeeds */
    ULONG MergedFilter;            /* buffer of that set's clone; regular requests come one at a time (documented) */
    KEVENT UpperSetIdle;           /* signaled while !UpperSetPending; set and cleared under Lock */
    KEVENT OidGate;                /* auto-reset: one packet filter change of ours at a time */
    EX_RUNDOWN_REF OidRundown;     /* held by requests we originate; detach waits for them */

    UNICODE_STRING MiniportName;   /* const after attach */
    WCHAR MiniportNameBuffer[NPF_NAME_CHARS];
} NPF_ADAPTER, *PNPF_ADAPTER;

typedef struct _NPF_OPEN {
    LIST_ENTRY Link;               /* in Adapter->OpenList from open to cleanup; Adapter->Lock */
    PNPF_ADAPTER Adapter;          /* referenced, const */
    ULONG PacketFilter;            /* Adapter->Lock */

    NDIS_SPIN_LOCK Lock;
    NTSTATUS Refuse;               /* Lock; STATUS_SUCCESS, or what reads get: after cleanup, after detach */
    LIST_ENTRY Reads;              /* Lock; pended read IRPs. Not empty only while the ring is */
    PNPF_BPF_INSN Program;         /* Lock; NULL accepts everything */
    ULONG ProgramLength;           /* Lock; in instructions */
    ULONG SnapLength;              /* Lock */
    PUCHAR Ring;                   /* Lock; records of header and data, each NPF_FRAME_ALIGNed */
    ULONG RingSize;                /* Lock; a multiple of 8 */
    ULONG RingHead;                /* Lock; where the next record is written */
    ULONG RingUsed;                /* Lock */
    ULONGLONG Received;            /* Lock */
    ULONGLONG Dropped;             /* Lock */
    volatile LONG64 Injected;      /* interlocked */
} NPF_OPEN, *PNPF_OPEN;

/* A frame where it lies: its data may be spread over a chain of MDLs. */
typedef struct _NPF_FRAME {
    PMDL Mdl;
    ULONG MdlOffset;
    ULONG Length;
    USHORT Direction;
    LARGE_INTEGER Timestamp;
} NPF_FRAME, *PNPF_FRAME;

extern NDIS_HANDLE NpfDriverHandle;
extern NDIS_SPIN_LOCK NpfListLock;
extern LIST_ENTRY NpfAdapterList;

/* driver.c */
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NPF_Unload;
SET_OPTIONS NPF_SetOptions;

/* adapter.c */
FILTER_ATTACH NPF_AttachAdapter;
FILTER_DETACH NPF_DetachAdapter;
FILTER_PAUSE NPF_Pause;
FILTER_RESTART NPF_Restart;
PNPF_ADAPTER NpfFindAdapter(PDEVICE_OBJECT DeviceObject);
VOID NpfDereferenceAdapter(PNPF_ADAPTER Adapter);

/* device.c */
DRIVER_DISPATCH NPF_OpenAdapter;
DRIVER_DISPATCH NPF_Cleanup;
DRIVER_DISPATCH NPF_CloseAdapter;
DRIVER_DISPATCH NPF_IoControl;
NDIS_STATUS NpfCreateDevice(PNPF_ADAPTER Adapter);
NTSTATUS NpfCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* read.c */
DRIVER_DISPATCH NPF_Read;
DRIVER_CANCEL NPF_CancelRead;
VOID NpfDeliver(PNPF_OPEN Open, const NPF_FRAME *Frame, PLIST_ENTRY Completed);
VOID NpfRefuseReads(PNPF_OPEN Open, NTSTATUS Status, PLIST_ENTRY Completed);
VOID NpfCompleteReads(PLIST_ENTRY Completed);

/* write.c */
DRIVER_DISPATCH NPF_Write;
FILTER_SEND_NET_BUFFER_LISTS_COMPLETE NPF_SendCompleteEx;
NDIS_STATUS NpfCreateSendPool(PNPF_ADAPTER Adapter);

/* datapath.c */
FILTER_SEND_NET_BUFFER_LISTS NPF_SendEx;
FILTER_RECEIVE_NET_BUFFER_LISTS NPF_TapEx;
FILTER_RETURN_NET_BUFFER_LISTS NPF_ReturnEx;
FILTER_STATUS NPF_Status;
BOOLEAN NpfFrameRead(const NPF_FRAME *Frame, ULONG Offset, PVOID Buffer, ULONG Length);

/* oid.c */
FILTER_OID_REQUEST NPF_OidRequest;
FILTER_OID_REQUEST_COMPLETE NPF_OidRequestComplete;
FILTER_CANCEL_OID_REQUEST NPF_CancelOidRequest;
NTSTATUS NpfSetPacketFilter(PNPF_OPEN Open, ULONG PacketFilter);
VOID NpfPacketFilterGone(PNPF_ADAPTER Adapter);

/* bpf.c */
BOOLEAN NpfBpfValid(const NPF_BPF_INSN *Program, ULONG Count);
ULONG NpfBpfRun(const NPF_BPF_INSN *Program, ULONG Count, const NPF_FRAME *Frame);

#endif
