/* SPDX-License-Identifier: MIT */
/*
 * control/record.h - what a machine was asked and in which order, for `undis run --record`.
 *
 * Model: rings in memory that the supervisor shares, so that what a worker noted outlives it. Three have what came from
 * outside: requests of programs, commands of administrators, frames; one the calls of drivers, timers that expired and
 * DPCs. All are numbered by one counter, which is their order. The supervisor writes them into a finding's folder as
 * the file `record`; explore/recording.h reads it.
 *
 * Recording: any thread of the machine. It takes no lock, allocates nothing and asks the system nothing.
 */
#ifndef CONTROL_RECORD_H
#define CONTROL_RECORD_H

#include <stdint.h>

#include "control/request.h"
#include "pnp/stack.h"

struct program;
struct program_job;
struct stack_files;
struct wire;

/* Supervisor, before the worker is made: room for a record in shared memory. NULL: there is none. */
struct record *record_create(void);

/* Worker, after machine memory is there and before live_start(): from now on note calls, timers and DPCs in r. */
void record_begin(struct record *r);
/* The same for frames that come in at a wire of adapter number n; host: from Linux, at the top of the stack. */
void record_wire(struct wire *w, unsigned n, bool host);

/*
 * What came from outside, by the fiber that carries it out, as it begins. They return what record_end() wants when it
 * is done. Without record_begin() all do nothing.
 */
uint64_t record_request(const struct program_job *j);
uint64_t record_command(const struct command *c, unsigned adapter); /* of a driver, or a move: counted only */
uint64_t record_exit(const struct program *p);
/* handle: what an open gave; else 0. */
void record_end(uint64_t input, int32_t status, uint64_t handle);

/* Supervisor, the worker is gone: write it. bucket: of the finding. 0 or -errno. */
int record_write(const struct record *r, const char *path, const struct stack *stack, const struct stack_files *files,
                 unsigned vps, const char *bucket);

#endif
