/* SPDX-License-Identifier: MIT */
/*
 * control/up.h - what bringing up, taking down and joining share. One machine a process.
 *
 * Written by the runner before the VPs run and inside live_enter(), else by system fibers.
 */
#ifndef CONTROL_UP_H
#define CONTROL_UP_H

#include "control/bringup.h"

#define FILES_MAX (STACK_DRIVERS_MAX + STACK_ADAPTERS_MAX)

struct up {
    const struct stack *stack;
    struct stack_files *files;
    struct pnp_service service[FILES_MAX]; /* of each file */
    bool started[FILES_MAX];
    struct running *running;
    char failure[256]; /* "": all well */
    bool refused;      /* it is a driver's */
    bool down;         /* take_down() is through */
};
extern struct up up;

/* System fiber; false: up.failure and up.refused. CALLS_DRIVER. */
bool up_start_driver(unsigned file);
bool up_add_adapter(struct running_adapter *a);   /* a device, disabled */
bool up_start_adapter(struct running_adapter *a); /* enabled, if its file says so */
/* Adapters that intermediate drivers asked for and no file named: an administrator sees them under NDIS's names. */
void up_note_virtual(void);

#endif
