/* SPDX-License-Identifier: MIT */
/*
 * control/join.h - drivers that join a machine that runs, and leave it.
 *
 * Model: the control thread reads the files, the runner maps the image while no host code runs, a fiber starts the
 * driver: a protocol binds to the adapters that run, a filter is inserted by its class, a miniport brings an adapter.
 * An intermediate driver does both: its adapter is the first virtual one that it asks for once it is bound.
 * A driver that left may join again, also in another build: that gets a place of its own among the images.
 */
#ifndef CONTROL_JOIN_H
#define CONTROL_JOIN_H

#include "control/admin.h"

/* Control thread: take over a COMMAND_DRIVER_LOAD. 0, or -errno with one sentence; the job is the caller's then. */
int join_begin(struct admin_job *j, char text[256]);
/* Runner, outside live_enter(), when live_wait() was poked. */
void join_map(void);
/* Control thread, when the job is done or was refused: frees what it did not leave to the machine. */
void join_end(struct admin_job *j);
/* System fiber: the rest of it, and COMMAND_DRIVER_UNLOAD. CALLS_DRIVER. */
void join_start(struct admin_job *j);
void join_leave(struct admin_job *j);

#endif
