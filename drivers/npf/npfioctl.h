/* SPDX-License-Identifier: MIT */
/*
 * npfioctl.h - what a program and npf.sys say to each other.
 *
 * Model: one device per adapter, "\\.\NPF_{guid}". A program opens it, sets a classic BPF program, and reads whole
 * frames, each behind an NPF_FRAME_HEADER; what it writes is one frame to send. Every handle has its own ring of
 * captured frames, its own program, snap length and statistics.
 *
 * Include after <ndis.h> (driver) or <winioctl.h> (program).
 */
#ifndef NPFIOCTL_H
#define NPFIOCTL_H

/* One instruction of classic BPF: the layout of struct bpf_insn and of struct sock_filter. */
typedef struct _NPF_BPF_INSN {
    USHORT Code;
    UCHAR Jt;
    UCHAR Jf;
    ULONG K;
} NPF_BPF_INSN, *PNPF_BPF_INSN;

#define NPF_BPF_MAX_INSNS 4096

#define NPF_DIRECTION_RECEIVED 0
#define NPF_DIRECTION_SENT     1

/*
 * In front of each frame a read returns. The next header lies NPF_FRAME_ALIGN(HeaderLength + CapturedLength)
 * further.
 */
typedef struct _NPF_FRAME_HEADER {
    LONGLONG Timestamp;   /* system time: 100 ns units since 1601-01-01 UTC */
    ULONG CapturedLength; /* bytes that follow this header */
    ULONG FrameLength;    /* bytes the frame had on the wire */
    USHORT HeaderLength;  /* sizeof(NPF_FRAME_HEADER) */
    USHORT Direction;     /* NPF_DIRECTION_* */
    ULONG Reserved;
} NPF_FRAME_HEADER, *PNPF_FRAME_HEADER;

#define NPF_FRAME_ALIGN(Length) (((Length) + 7u) & ~7u)

typedef struct _NPF_STATISTICS {
    ULONGLONG Received; /* frames the program accepted */
    ULONGLONG Dropped;  /* accepted, but the ring had no room */
    ULONGLONG Injected; /* frames written and sent with success */
} NPF_STATISTICS, *PNPF_STATISTICS;

#define NPF_RING_DEFAULT (16u * 1024)
#define NPF_RING_MIN     (4u * 1024)
#define NPF_RING_MAX     (4u * 1024 * 1024)
#define NPF_SNAP_DEFAULT 65535u

#define NPF_IOCTL(Function) CTL_CODE(FILE_DEVICE_NETWORK, 0x800 + (Function), METHOD_BUFFERED, FILE_ANY_ACCESS)

/*
 * code                          in                   out
 * IOCTL_NPF_SET_PROGRAM         NPF_BPF_INSN[n]      -                n = 0: accept everything; empties the ring
 * IOCTL_NPF_SET_SNAP_LENGTH     ULONG, not 0         -
 * IOCTL_NPF_SET_BUFFER_SIZE     ULONG                -                NPF_RING_MIN .. NPF_RING_MAX; empties the ring
 * IOCTL_NPF_SET_PACKET_FILTER   ULONG                -                NDIS_PACKET_TYPE_* wanted besides the stack's own
 * IOCTL_NPF_GET_STATISTICS      -                    NPF_STATISTICS
 * IOCTL_NPF_GET_ADAPTER_NAME    -                    WCHAR[], terminated: the miniport's device name
 */
#define IOCTL_NPF_SET_PROGRAM       NPF_IOCTL(0)
#define IOCTL_NPF_SET_SNAP_LENGTH   NPF_IOCTL(1)
#define IOCTL_NPF_SET_BUFFER_SIZE   NPF_IOCTL(2)
#define IOCTL_NPF_SET_PACKET_FILTER NPF_IOCTL(3)
#define IOCTL_NPF_GET_STATISTICS    NPF_IOCTL(4)
#define IOCTL_NPF_GET_ADAPTER_NAME  NPF_IOCTL(5)

#endif
