/* SPDX-License-Identifier: MIT */
/*
 * pnp/scenario.h - scenario files: a stack, and the actors that act on it.
 *
 * Model: a scenario is data, written by hand or by `undis test --write-scenario`. It names a stack to build and
 * actors, each a fiber that carries out its ops in order, `repeat` times over. Which actor moves when is no part
 * of it: that is the trace. YAML, one op a line:
 *
 *     name: write while disabled
 *     vps: 2
 *     os: win10
 *     stack: { miniport: loop, adapters: 1, filters: [npf.inf], protocols: [test] }
 *     actors:
 *       - name: writer
 *         kind: program
 *         repeat: 2
 *         ops:
 *           - { op: open, device: each }
 *           - { op: write, len: 60 }
 *           - close
 *       - name: operator
 *         kind: admin
 *         ops: [disable, enable]
 *
 * A stack whose miniport is `pcap` plays the capture file `wire`, named from the scenario's own folder; its `receive`
 * ops take the next frames of it instead of made-up ones.
 *
 * Fields an op does not use are 0 or NULL. The whole structure belongs to whoever loaded it.
 */
#ifndef PNP_SCENARIO_H
#define PNP_SCENARIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SCN_REQUESTS_MAX 8u /* overlapped requests of one actor at a time */

enum scn_actor_kind { ACTOR_PROGRAM, ACTOR_ADMIN, ACTOR_WIRE, ACTOR_PROTOCOL };

enum scn_op_kind {
    /* a user-mode program; on a handle opened `overlapped`, read, write and ioctl start a request and go on */
    OP_OPEN,  /* device: a path (\\.\npf), or "each": every device the driver made; mode */
    OP_READ,  /* len */
    OP_WRITE, /* len, shape: of the user buffer's contents' frame; count times */
    OP_IOCTL, /* code, in, out: lengths */
    OP_CLOSE,
    OP_BAD_REQUESTS,       /* wrong lengths and pointers, to each device that is open `overlapped` */
    OP_RESULT,             /* GetOverlappedResult: wait for requests this actor started; request: which, 0 all */
    OP_CANCEL_IO,          /* CancelIo: what this thread asked of the open handles */
    OP_CANCEL_IO_EX,       /* CancelIoEx: what the process asked of them; or one request, of actor or its own */
    OP_CANCEL_SYNCHRONOUS, /* CancelSynchronousIo: what actor, another thread, waits for */
    OP_EXIT_THREAD,        /* the thread's requests end, then it; with the last thread the process */
    OP_EXIT,               /* ExitProcess */
    OP_RUN,                /* file: a program whose own code runs, until it ends; from the scenario's folder */
    /* a program or an administrator */
    OP_KILL, /* TerminateProcess of the program that actor is a thread of */
    /* an administrator; adapter says which, filter ops mean the driver under test */
    OP_DISABLE,
    OP_ENABLE,
    OP_PAUSE,
    OP_RESTART,
    OP_FILTER_INSERT,
    OP_FILTER_REMOVE,
    OP_UNLOAD,
    OP_LOAD,
    OP_REMOVE,          /* query-remove; what is refused stays, what is not is removed */
    OP_SURPRISE_REMOVE, /* the device is pulled out */
    OP_REBALANCE,       /* stopped and started with other resources, unless refused */
    OP_RESET,           /* as when its miniport asks for it */
    OP_SLEEP,           /* to D3 */
    OP_WAKE,            /* to D0 */
    OP_SYSTEM_SLEEP,    /* every adapter: standby */
    OP_SYSTEM_WAKE,
    OP_SHUTDOWN,        /* the system goes down, and with it the scenario ends */
    /* the wire */
    OP_WAKE_SIGNAL, /* the device signals that it wakes, if it waits for that */
    OP_RECEIVE, /* frames, len, shape; with a capture: no len, and frames 0 means as many as it has */
    OP_LINK_DOWN,
    OP_LINK_UP,
    OP_INTERRUPT, /* count interrupts of the adapter's hardware that no traffic explains */
    /* a protocol driver */
    OP_SEND, /* count NBLs, len, shape */
    OP_OID,  /* oid; in: bytes to set, out: bytes to query */
    /* more than one kind */
    OP_CANCEL, /* what this actor has pending */
    OP_WAIT,   /* ms of virtual time */
    OP_KINDS
};

/* How the bytes of one send or receive are laid out. */
enum scn_shape {
    SHAPE_PLAIN,  /* one NBL, one NB, one MDL, data at its start */
    SHAPE_OFFSET, /* data starts inside the MDL */
    SHAPE_SPLIT,  /* two MDLs, cut inside the header */
    SHAPE_BYTES,  /* one-byte MDLs */
    SHAPE_NBS,    /* several NBs in an NBL */
    SHAPE_CHAIN,  /* several NBLs in one call */
    SHAPE_EACH,   /* every one of the above in turn */
    SHAPE_KINDS
};

enum scn_mode { MODE_SYNCHRONOUS, MODE_OVERLAPPED };

enum scn_order { ORDER_FORWARD, ORDER_BACKWARD };

struct scn_op {
    enum scn_op_kind kind;
    char *device;
    char *file;  /* a program's image */
    char *actor; /* name of another, a program */
    enum scn_mode mode;
    unsigned request; /* 1: the first that the actor has started and not collected; 0: all */
    unsigned len;
    enum scn_shape shape;
    unsigned count, frames; /* at least 1 where the op has them; frames: see OP_RECEIVE */
    uint32_t code, oid;
    enum scn_order order; /* of the codes found in the image */
    unsigned in, out;
    unsigned adapter; /* number of the adapter, from 0 */
    unsigned virtual; /* number of an intermediate driver's virtual adapter, from 1; 0: adapter says which */
    unsigned ms;
};

struct scn_actor {
    char *name;
    char *process; /* programs of one name here are threads of one process and share its handles; NULL: its own */
    enum scn_actor_kind kind;
    struct scn_op *ops;
    unsigned ops_count;
    unsigned repeat; /* at least 1 */
};

struct scn_stack {
    char *miniport; /* "loop", "sink", "inline", "pending", "pcap", or an INF */
    unsigned adapters;
    char **filters; /* INFs from the bottom up */
    unsigned filters_count;
    char **protocols; /* "test", "none", or INFs */
    unsigned protocols_count;
    char *wire;        /* the capture file of miniport "pcap"; else NULL */
    char *wire_sha256; /* what it must be, in hexadecimal; NULL: whatever it is */
    char **parameters; /* "Name=Value" of the driver under test, "service:Name=Value" of another */
    unsigned parameters_count;
    char *registry; /* a .reg file over what setup writes; NULL: none */
};

struct scenario {
    char *name;
    unsigned vps;
    char *os; /* OS profile, "" for the default */
    struct scn_stack stack;
    struct scn_actor *actors;
    unsigned actors_count;
};

struct scn_error {
    unsigned line;  /* 0: about the file as a whole */
    char text[400]; /* one sentence without full stop */
};

/* 0 and *out; -EINVAL with *err; another negative errno, with *err too, when the file cannot be read. */
int scenario_load(const char *path, struct scenario **out, struct scn_error *err);
int scenario_parse(const void *bytes, size_t len, struct scenario **out, struct scn_error *err);

/* Write a file that scenario_parse() reads back as the same scenario. 0 or -EIO. */
int scenario_save(const struct scenario *scenario, FILE *file);

void scenario_free(struct scenario *scenario);

/* The words of the file: "write", "program", "plain". */
const char *scn_op_name(enum scn_op_kind kind);
const char *scn_actor_kind_name(enum scn_actor_kind kind);
const char *scn_shape_name(enum scn_shape shape);

#endif
