/* SPDX-License-Identifier: MIT */
/*
 * host/rundir.h - where a user's running machines have their sockets.
 */
#ifndef HOST_RUNDIR_H
#define HOST_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * host_rundir - the folder, made if need be: $XDG_RUNTIME_DIR/undis, or /tmp/undis-<uid>. It must belong to this user
 * and nobody else may write to it. 0 or -errno (-EPERM: it is somebody else's).
 */
int host_rundir(char *out, size_t room);

/* Is it a machine's name: 1 to 32 letters, digits, '-', '_' or '.', not beginning with a dot? */
bool host_machine_name_ok(const char *name);

#endif
