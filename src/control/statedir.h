/* SPDX-License-Identifier: MIT */
/*
 * control/statedir.h - a running machine's folder: <rundir>/<name>/ with `lock` and `socket`.
 *
 * Model: who holds the lock on `lock` is the machine of that name; the kernel lets go of it however the process ends,
 * so what a killed one left behind is known to be stale and is replaced by the next start. `lock` holds the pid.
 */
#ifndef CONTROL_STATEDIR_H
#define CONTROL_STATEDIR_H

#include <stdbool.h>

struct statedir {
    char path[108], socket[108]; /* as long as a socket's path may be */
    int lock;                    /* descriptor, -1: not ours */
};

/* Become the machine of that name. 0; -EBUSY and the other's *pid; -errno. text: one sentence. */
int statedir_claim(struct statedir *d, const char *name, int *pid, char text[200]);
/* The machine goes on in a child, which calls this: the pid in `lock` becomes its own. */
void statedir_moved(struct statedir *d);
/* Remove the folder and let go. Only what undis makes there is removed. */
void statedir_release(struct statedir *d);

/* The machines that run: fn(name, pid, arg) for each. Number of them or -errno. */
int statedir_each(void (*fn)(const char *name, int pid, void *arg), void *arg);

/* The socket of a machine: of `name`, or of the only one when name is NULL. 0 or -errno with one sentence. */
int statedir_find(const char *name, char socket[108], char text[200]);

#endif
