/* SPDX-License-Identifier: MIT */
/*
 * zoo.h - the part of a small filter driver that the drivers of the zoo share.
 *
 * Model: a driver of the zoo is one file beside its README plus the files here. It defines ZooDriver, a table of its
 * names and handlers, and puts its own state behind a ZOO_FILTER. Everything here is meant to be right, so that what
 * a driver is about lies in its own file: common/driver.c (entry, attach, detach), passthru.c (data, requests and
 * status pass through), device.c (a device per adapter, for programs), send.c (frames of our own).
 *
 * A ZOO_FILTER lives as long as the module is attached or a handle is open: a handle may outlive the module.
 */
#ifndef ZOO_H
#define ZOO_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

#define ZOO_TAG             'ooZN'
#define ZOO_NAME_CHARS      128
#define ZOO_ETHERNET_HEADER 14
#define ZOO_MAX_FRAME       1514

typedef struct _ZOO_FILTER {
    LIST_ENTRY Link;             /* in ZooFilterList; ZooListLock */
    volatile LONG References;    /* interlocked: one for the attach, one per open handle */
    NDIS_HANDLE FilterHandle;    /* const; NDIS knows it from attach to detach */
    NDIS_HANDLE NblPool;         /* const, NULL without ZooCreateSendPool; freed with this object */
    NDIS_HANDLE DeviceHandle;    /* const, NULL without ZooCreateDevice */
    PDEVICE_OBJECT DeviceObject; /* const */
    NDIS_SPIN_LOCK Lock;         /* for the driver's own state; ZooOidRequest uses it for Clone */
    PNDIS_OID_REQUEST Clone;     /* Lock; the request that is below us now */
} ZOO_FILTER, *PZOO_FILTER;

typedef struct _ZOO_DRIVER {
    NDIS_STRING ServiceName;
    NDIS_STRING FriendlyName;
    NDIS_STRING UniqueName;
    ULONG FilterSize;                                        /* of the driver's structure that begins with ZOO_FILTER */
    NDIS_STATUS (*Load)(NDIS_HANDLE DriverHandle);           /* these four may be NULL */
    VOID (*Unload)(VOID);                                    /* also after Load failed, or was not called */
    NDIS_STATUS (*Attach)(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
    VOID (*Detach)(PZOO_FILTER Filter);                      /* also after Attach failed half way */
    FILTER_PAUSE_HANDLER Pause;
    FILTER_RESTART_HANDLER Restart;
    VOID (*Passing)(PZOO_FILTER Filter, PNET_BUFFER_LIST NetBufferLists); /* frames, either way; may be NULL */
    VOID (*OwnSendsDone)(PZOO_FILTER Filter, ULONG Count);   /* NULL: the driver sends nothing of its own */
} ZOO_DRIVER;

extern ZOO_DRIVER ZooDriver; /* the driver's */

/* driver.c */
extern NDIS_HANDLE ZooDriverHandle;
PZOO_FILTER ZooFindFilter(PDEVICE_OBJECT DeviceObject);
VOID ZooDereferenceFilter(PZOO_FILTER Filter);

/* passthru.c */
FILTER_SEND_NET_BUFFER_LISTS ZooSend;
FILTER_SEND_NET_BUFFER_LISTS_COMPLETE ZooSendComplete;
FILTER_RECEIVE_NET_BUFFER_LISTS ZooReceive;
FILTER_RETURN_NET_BUFFER_LISTS ZooReturn;
FILTER_STATUS ZooStatus;
FILTER_OID_REQUEST ZooOidRequest;
FILTER_OID_REQUEST_COMPLETE ZooOidRequestComplete;
FILTER_CANCEL_OID_REQUEST ZooCancelOidRequest;

/* device.c */
NDIS_STATUS ZooCreateDevice(PZOO_FILTER Filter, PUNICODE_STRING MiniportName, PCWSTR Prefix, PDRIVER_DISPATCH Write);
PZOO_FILTER ZooFilterOfIrp(PIRP Irp);

/* send.c */
NDIS_STATUS ZooCreateSendPool(PZOO_FILTER Filter);
NTSTATUS ZooBuildSend(PZOO_FILTER Filter, PIRP Irp, PNET_BUFFER_LIST *NetBufferList);
NDIS_HANDLE ZooAllocatePool(NDIS_HANDLE NdisHandle);
PNET_BUFFER_LIST ZooAllocateNbl(NDIS_HANDLE Pool, PMDL Mdl, ULONG Length);
NTSTATUS ZooCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
VOID ZooOwnSendComplete(PNET_BUFFER_LIST NetBufferList);

#endif
