/* SPDX-License-Identifier: MIT */
/* machine/user.h - programs whose own code runs in the machine (src/user): what src/machine has to know of them. */
#ifndef MACHINE_USER_H
#define MACHINE_USER_H

#include "machine/machine.h"

/* Images of programs, each with its own data, in the part of the user window that a live machine has windows in. */
#define PROGRAM_IMAGE_BASE   (LAYOUT_USER_BASE + LAYOUT_USER_OWN)
#define PROGRAM_IMAGE_STRIDE LAYOUT_IMAGE_STRIDE
#define PROGRAM_IMAGE_MAX    15u

static inline bool
program_address(uint64_t address)
{
    return address - PROGRAM_IMAGE_BASE < PROGRAM_IMAGE_MAX * PROGRAM_IMAGE_STRIDE;
}

/*
 * src/user sets it: an exception in code that the running fiber executes in user mode. It does not return then; it
 * returns when the fiber is in kernel mode.
 */
extern void (*machine_on_user_exception)(const struct trap *t, uint32_t ntstatus);

#endif
