/* SPDX-License-Identifier: MIT */
/*
 * control/program.h - a Linux program that uses the machine's devices, as a process of the machine.
 *
 * Model: the program is a process; each of its threads that asked for something is a user thread of it, a fiber that
 * takes requests in order. A request on a file opened for overlapped use is started by its thread and answered by
 * whoever completes it. When the program is gone, user_process_exit() does what Windows does.
 *
 * Threads. `struct program` is made and freed by the control thread; in between, what is marked fiber is only touched
 * by host code of the machine.
 */
#ifndef CONTROL_PROGRAM_H
#define CONTROL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "control/job.h"
#include "control/program_event.h"
#include "control/protocol.h"
#include "control/refusal.h"
#include "nt/io/user.h"

#define PROGRAMS_MAX         15u /* windows that fit into the user part of the address space */
#define PROGRAM_THREADS_MAX  32u
#define PROGRAM_REQUESTS_MAX 200u /* under way at once; more wait in the socket */

struct program;
struct fiber;

struct program_thread {
    struct program *program;
    uint32_t number;
    bool used;
    struct fiber *fiber;
    struct program_job *first, *last;
    bool idle;
};

struct program {
    unsigned slot;
    int memory;      /* descriptor of the window */
    uint64_t window; /* where the machine sees it */
    char name[40];
    unsigned under_way;                      /* control thread: requests not yet answered */
    bool status_block[PROGRAM_REQUESTS_MAX]; /* control thread: taken */
    void *owner;                             /* control thread: the client */
    /* fiber */
    void *process;
    struct program_thread thread[PROGRAM_THREADS_MAX];
    struct refusal_files files;
    unsigned fibers; /* threads and waiters that have not ended */
    bool ending;
    struct program_job *waiting[PROGRAM_REQUESTS_MAX]; /* overlapped requests under way, by status block */
    void *event[PROGRAM_REQUESTS_MAX];                 /* handles that they use, kept for the next one */
    struct program_event events[PROGRAM_EVENTS_MAX];
    struct job *end;             /* finish it when the last fiber is gone */
};

/* A request under way. */
struct program_job {
    struct job job;
    struct program *program;
    struct program_job *next; /* of its thread */
    struct undis_request q;
    struct undis_answer a;
    struct user_async async; /* of an overlapped one */
    unsigned block;          /* number of its status block */
    uint64_t recorded;       /* record_end() wants it */
};

/* Runner, after nt_init(). event_set: in the control thread; see program_event.h. */
void program_prepare(void (*event_set)(struct job *told));

/* Control thread. NULL and -errno in *err: all windows are taken (-EAGAIN), or no memory. */
struct program *program_create(const char *name, int *err);
/* Control thread, after the end: gives the window back. */
void program_destroy(struct program *p);

/*
 * Control thread: check an untrusted request and make a job of it; answered(job) is called in the control thread with
 * the answer in job->a. NULL: out of memory. A request that is no good is answered at once, in *refused.
 */
struct program_job *program_request(struct program *p, const struct undis_request *q, void (*answered)(struct job *j),
                                    struct undis_answer *refused);
void program_job_free(struct program_job *j);

/* Jobs that make the process, before the first request, and end it; gone(): nothing of it is left in the machine. */
struct program_turn {
    struct job job;
    struct program *program;
};
struct job *program_begin(struct program *p, void (*begun)(struct job *j));
struct job *program_end(struct program *p, void (*gone)(struct job *j));

#endif
