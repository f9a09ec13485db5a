/* SPDX-License-Identifier: MIT */
/*
 * control/run.h - a machine from start to end, as `undis run` has it.
 *
 * Model: two processes. The supervisor owns the name, what is written to disk and the verdict; the worker runs
 * the drivers and dies with it. A driver can destroy the worker; it cannot forge what the supervisor then says.
 */
#ifndef CONTROL_RUN_H
#define CONTROL_RUN_H

#include <stdbool.h>

#include "pnp/stack.h"

struct run_options {
    const char *file; /* stack file */
    const char *name; /* of the machine; NULL: what the file says */
    const char *out;  /* folder for findings */
    unsigned vps;     /* 0: what the file says */
    const char *reg;  /* .reg file over what installing writes; NULL: none */
    bool netns;       /* in a user and network namespace of its own */
    bool detach;
    bool verbose, quiet;
    bool record; /* note what comes from outside and in which order drivers call */
    const char *symbols;
    const char *const *src_map; /* pairs FROM, TO, NULL; may be NULL */
};

/* Returns the exit status: 0 stopped as asked, 1 finding, 3 ours, 4 the file or the host cannot do it. */
int run_machine(const struct run_options *o);

#endif
