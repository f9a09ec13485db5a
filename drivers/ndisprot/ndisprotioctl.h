/* SPDX-License-Identifier: MIT */
/*
 * ndisprotioctl.h - what a program and ndisprot.sys say to each other.
 *
 * Model: one device, "\\.\NdisProt". A handle has no adapter until IOCTL_NDISPROT_OPEN_ADAPTER names one; from then on
 * a read returns one received Ethernet frame and a write sends one. When the adapter goes away, the handle has none
 * again, and may be given another.
 *
 * Include after <ndis.h> (driver) or <winioctl.h> (program).
 */
#ifndef NDISPROTIOCTL_H
#define NDISPROTIOCTL_H

#define NDISPROT_NAME_CHARS 128

typedef struct _NDISPROT_OID {
    ULONG Oid;
    ULONG PortNumber;
    UCHAR Data[4]; /* as long as the request; what follows the header goes in, comes out, or both */
} NDISPROT_OID, *PNDISPROT_OID;

#define NDISPROT_OID_HEADER 8u /* bytes of NDISPROT_OID before Data */

typedef struct _NDISPROT_BINDING {
    ULONG Index;                      /* in: which, from 0 */
    ULONG MaxFrame;                   /* bytes a write may have, Ethernet header included */
    ULONG LinkUp;
    UCHAR MacAddress[6];
    USHORT NameLength;                /* bytes */
    WCHAR Name[NDISPROT_NAME_CHARS];  /* what IOCTL_NDISPROT_OPEN_ADAPTER takes; terminated */
} NDISPROT_BINDING, *PNDISPROT_BINDING;

typedef struct _NDISPROT_STATUS {
    ULONG StatusCode;                 /* NDIS_STATUS_* */
    ULONG Length;                     /* bytes that follow; what does not fit is cut off */
} NDISPROT_STATUS, *PNDISPROT_STATUS;

#define NDISPROT_IOCTL(Function, Method) CTL_CODE(FILE_DEVICE_NETWORK, 0x900 + (Function), Method, FILE_ANY_ACCESS)

/*
 * code                            in                  out
 * IOCTL_NDISPROT_BIND_WAIT        -                   -       until NDIS has offered every adapter that is there
 * IOCTL_NDISPROT_QUERY_BINDING    ULONG Index         NDISPROT_BINDING; STATUS_NO_MORE_ENTRIES after the last
 * IOCTL_NDISPROT_OPEN_ADAPTER     WCHAR name          -
 * IOCTL_NDISPROT_QUERY_OID        NDISPROT_OID        NDISPROT_OID with the answer
 * IOCTL_NDISPROT_SET_OID          NDISPROT_OID        -
 * IOCTL_NDISPROT_INDICATE_STATUS  -                   NDISPROT_STATUS; waits for the adapter's next status
 */
#define IOCTL_NDISPROT_BIND_WAIT       NDISPROT_IOCTL(0, METHOD_BUFFERED)
#define IOCTL_NDISPROT_QUERY_BINDING   NDISPROT_IOCTL(1, METHOD_BUFFERED)
#define IOCTL_NDISPROT_OPEN_ADAPTER    NDISPROT_IOCTL(2, METHOD_BUFFERED)
#define IOCTL_NDISPROT_QUERY_OID       NDISPROT_IOCTL(3, METHOD_BUFFERED)
#define IOCTL_NDISPROT_SET_OID         NDISPROT_IOCTL(4, METHOD_BUFFERED)
#define IOCTL_NDISPROT_INDICATE_STATUS NDISPROT_IOCTL(5, METHOD_BUFFERED)

#endif
