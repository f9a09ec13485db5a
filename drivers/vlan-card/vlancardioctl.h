/* SPDX-License-Identifier: MIT */
/*
 * vlancardioctl.h - what a program and a virtual LAN card say to each other.
 *
 * Model: each card has a device, "\\.\VlanCard0" for the first (VlanCard5-0 and VlanCard5s-0 for the NDIS 5.x drivers).
 * A read returns one Ethernet frame that the network stack has sent, a write gives it one to receive. The device, its
 * handles and reads that wait outlive the adapter: while it is disabled, writes fail with STATUS_DEVICE_NOT_READY, and
 * afterwards all goes on.
 *
 * Include after <ndis.h> (driver), <winioctl.h> or <undis/undis.h> (program).
 */
#ifndef VLANCARDIOCTL_H
#define VLANCARDIOCTL_H

typedef struct _VLANCARD_INFO {
    ULONG64 LinkSpeed;       /* bits a second */
    ULONG Mtu;               /* of the running adapter; frames may have 18 bytes more (header, one VLAN tag) */
    ULONG MediaConnectState; /* 1 connected, 2 disconnected, as NDIS has it */
    ULONG Running;           /* the adapter takes and gives frames */
    ULONG Waiting;           /* frames for the program */
    UCHAR Address[6];
    UCHAR Reserved[2];
} VLANCARD_INFO, *PVLANCARD_INFO;

typedef struct _VLANCARD_STATISTICS {
    ULONG64 ToProgram, ToProgramBytes;     /* frames that programs have read */
    ULONG64 FromProgram, FromProgramBytes; /* frames that were indicated to the stack */
    ULONG64 Overrun;                       /* sends refused: too many wait for a reader, or no program is there */
    ULONG64 Stale;                         /* sends given up: nobody read them for a quarter of a second or more */
    ULONG64 Unwanted;                      /* writes that the packet filter did not let in */
    ULONG64 WrongLength;                   /* frames of wrong length, either way */
    ULONG64 NoBuffer;                      /* writes that had to wait for the stack to return a buffer */
} VLANCARD_STATISTICS, *PVLANCARD_STATISTICS;

#define VLANCARD_IOCTL(Function) CTL_CODE(0x17 /* FILE_DEVICE_NETWORK */, 0x980 + (Function), 0, 0)

/*
 * code                        in                    out
 * IOCTL_VLANCARD_GET_INFO     -                     VLANCARD_INFO
 * IOCTL_VLANCARD_STATISTICS   -                     VLANCARD_STATISTICS
 * IOCTL_VLANCARD_SET_MEDIA    ULONG 1 or 2          -            plug the cable in, or out
 * IOCTL_VLANCARD_SET_SPEED    ULONG64 bits/s        -
 * IOCTL_VLANCARD_SET_MTU      ULONG 576 to 9000     -            from when the adapter is enabled next
 * IOCTL_VLANCARD_SET_ADDRESS  UCHAR[6]              -            likewise
 * IOCTL_VLANCARD_SET_EVENT    HANDLE or NULL        -            set when frames wait; then reads of this file never
 *                                                                do: STATUS_NO_MORE_ENTRIES. One file has it at a time
 */
#define IOCTL_VLANCARD_GET_INFO    VLANCARD_IOCTL(0)
#define IOCTL_VLANCARD_STATISTICS  VLANCARD_IOCTL(1)
#define IOCTL_VLANCARD_SET_MEDIA   VLANCARD_IOCTL(2)
#define IOCTL_VLANCARD_SET_SPEED   VLANCARD_IOCTL(3)
#define IOCTL_VLANCARD_SET_MTU     VLANCARD_IOCTL(4)
#define IOCTL_VLANCARD_SET_ADDRESS VLANCARD_IOCTL(5)
#define IOCTL_VLANCARD_SET_EVENT   VLANCARD_IOCTL(6)

#endif
