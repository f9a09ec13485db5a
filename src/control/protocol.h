/* SPDX-License-Identifier: MIT */
/*
 * control/protocol.h - what programs and a running machine say to each other.
 *
 * Model: one unix socket per machine, SOCK_SEQPACKET: a message is a packet. A packet that begins with '{' is JSON, a
 * request of an administrator (request.h). Others begin with UNDIS_MAGIC: a program that uses devices. It says
 * UNDIS_HELLO first and becomes a process of the machine; the answer carries the descriptor of a memory window that
 * both map. Requests have ids of the program's choosing and are answered in whatever order they finish, so a program
 * may have many under way. Buffers lie in the window and are named by offset; a driver that is given one by
 * METHOD_NEITHER or direct I/O sees the window itself, in the user part of its address space, and what other threads of
 * the program write there meanwhile, as on Windows.
 *
 * The socket's end is the program's death: its requests are cancelled and waited for, its handles closed.
 *
 * Only fixed-size types: this file is also part of libundis. Same machine, same byte order.
 */
#ifndef CONTROL_PROTOCOL_H
#define CONTROL_PROTOCOL_H

#include <stdint.h>

#define UNDIS_MAGIC    0x31534e55u /* "UNS1": another first byte than '{', and the version */
#define UNDIS_PATH_MAX 256u
#define UNDIS_WINDOW   0x1000000ull /* bytes of a program's window */
#define UNDIS_PACKET   65536u       /* no packet is longer */

enum undis_op {
    UNDIS_HELLO = 1,   /* path: the program's name */
    UNDIS_OPEN,        /* path, flags: UNDIS_OPEN_*; answer: handle */
    UNDIS_CLOSE,       /* handle */
    UNDIS_READ,        /* handle, out */
    UNDIS_WRITE,       /* handle, in */
    UNDIS_IOCTL,       /* handle, code, in, out */
    UNDIS_CANCEL,      /* handle: what the thread `thread` has under way there (CancelIo) */
    UNDIS_CANCEL_EX,   /* handle: what the whole program has there; target: only the request with that id */
    UNDIS_CANCEL_SYNC, /* target: the thread whose synchronous request is to end (CancelSynchronousIo) */
    UNDIS_THREAD_EXIT, /* the thread `thread` ended: what it began is cancelled */
    UNDIS_DUPLICATE,   /* handle; answer: another handle of the same file or event, with the same access */
    UNDIS_EVENT_CREATE, /* flags: UNDIS_EVENT_*; target: a number of the program's; answer: handle */
    UNDIS_EVENT_SET,    /* handle */
    UNDIS_EVENT_RESET,  /* handle */
    UNDIS_EVENT_TAKE,   /* handle; answer: STATUS_SUCCESS, it was set, and one that resets itself is not any more; or
                           STATUS_TIMEOUT */
    UNDIS_EVENT_TOLD,   /* no request: an answer with id 0, and handle the number: somebody has set that event */
    UNDIS_OPS
};

/* The same as nt/io/user.h's. */
#define UNDIS_OPEN_OVERLAPPED 1u
#define UNDIS_OPEN_READ_ONLY  2u
#define UNDIS_OPEN_WRITE_ONLY 4u

#define UNDIS_EVENT_MANUAL  1u /* it stays set until it is reset */
#define UNDIS_EVENT_INITIAL 2u /* it is set */

struct undis_request {
    uint32_t magic;
    uint16_t op;
    uint16_t flags;
    uint64_t id;     /* not 0; of no other request under way */
    uint64_t handle; /* as the machine gave it */
    uint64_t target;
    uint32_t thread; /* of the program; any number that stays the same for a thread */
    uint32_t code;
    uint32_t in_offset, in_length;   /* in the window */
    uint32_t out_offset, out_length; /* likewise */
    char path[UNDIS_PATH_MAX];       /* with its terminator */
};

struct undis_answer {
    uint32_t magic;
    uint16_t op;
    uint16_t reserved;
    uint64_t id;
    int32_t status; /* NTSTATUS */
    uint32_t reserved2;
    uint64_t information; /* bytes done */
    uint64_t handle;
};

_Static_assert(sizeof(struct undis_request) == 56 + UNDIS_PATH_MAX, "the same in every build");
_Static_assert(sizeof(struct undis_answer) == 40, "the same in every build");

#endif
