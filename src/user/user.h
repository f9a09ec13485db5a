/* SPDX-License-Identifier: MIT */
/*
 * user/user.h - programs whose own code runs as an actor: kernel32 for them, and their threads.
 *
 * Model: a program is a PE image in the user window, with its data and stacks there, and a process of the machine. Its
 * thread is a FIBER_USER fiber that runs on two guest stacks: the program's own, and for system calls the kernel stack
 * of the fiber, which is empty whenever the program runs. A call of kernel32 puts the fiber's edges to the program
 * aside (program_enter_kernel), so that the kernel, drivers and stack walks see what they see under any other actor.
 */
#ifndef USER_USER_H
#define USER_USER_H

#include "image/image.h"

void program_register_exports(void); /* kernel32.dll; before machine_init() */
void program_init(void);             /* after nt_init() */

/* Room for a thread's stack, made before the snapshot, so that it is in every run as it was. */
#define PROGRAM_STACK_BYTES 0x8000u

/*
 * Run the image's entry point in the running fiber, whose process is the program's, on a stack of user memory. Does
 * not return if the program ends by ExitProcess or ends its thread; what it returned else.
 */
uint64_t program_run(const struct image *im, void *stack);

/* What a program does that its actor has to know; each is called in the program's fiber. */
struct program_hooks {
    void (*exiting)(uint32_t code);       /* ExitProcess, or the end of the last thread: before the process ends */
    void (*crashed)(const char *sentence); /* an exception nobody in user mode handles: before the process ends */
};
void program_on(const struct program_hooks *hooks);

#endif
