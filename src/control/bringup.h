/* SPDX-License-Identifier: MIT */
/*
 * control/bringup.h - from a stack file to a machine that runs, and back to nothing.
 *
 * Model: files are read before the process forks. The worker then makes the machine, opens the wires, starts the
 * drivers in the order Windows would and enables the adapters; machine_down() undoes all that in reverse, so that what
 * drivers leave behind shows.
 */
#ifndef CONTROL_BRINGUP_H
#define CONTROL_BRINGUP_H

#include "control/admin.h"
#include "machine/strategy.h"
#include "pnp/stack.h"

/* The drivers of a stack: each once, however often it is named. */
struct stack_files {
    struct pnp_driver driver[STACK_DRIVERS_MAX + STACK_ADAPTERS_MAX];
    const struct stack_driver *config[STACK_DRIVERS_MAX + STACK_ADAPTERS_MAX]; /* NULL: named by an adapter only */
    unsigned count;
    int miniport[STACK_ADAPTERS_MAX]; /* per adapter; -1: wirenic */
};

/* 0, or -EINVAL with one sentence; *line: of the stack file, 0: none. */
int stack_files_read(const struct stack *stack, struct stack_files *out, unsigned *line, char text[256]);
void stack_files_free(struct stack_files *f);

struct record;

enum up_result {
    UP_RUNNING,
    UP_INPUT,  /* the host or a file cannot do it: text */
    UP_FAILED, /* the machine ended while it was brought up, or a driver refused to start: *r and text */
};

/*
 * machine_up - in the worker. On UP_RUNNING the VPs run and *running is what administrators ask about. verbose: what
 * drivers print goes to standard output. files: drivers that join later are added. record: where to note what happens
 * (record.h); NULL: nowhere.
 */
enum up_result machine_up(const struct stack *stack, struct stack_files *files, unsigned vps, bool verbose,
                          struct record *record, struct running *running, struct run_result *r, char text[256]);

/* Everything down again: adapters, drivers, wires. false: the machine ended before that; *r. Outside live_enter(). */
bool machine_down(struct running *running, struct run_result *r);

#endif
