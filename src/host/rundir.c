/* SPDX-License-Identifier: MIT */
/* host/rundir.c - see rundir.h. */
#include "host/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
host_rundir(char *out, size_t room)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    int n;

    if (base != NULL && base[0] == '/' && stat(base, &st) == 0)
        n = snprintf(out, room, "%s/undis", base);
    else
        n = snprintf(out, room, "/tmp/undis-%u", (unsigned)getuid());
    if (n < 0 || (size_t)n >= room)
        return -ENAMETOOLONG;
    if (mkdir(out, 0700) && errno != EEXIST)
        return -errno;
    if (lstat(out, &st))
        return -errno;
    return S_ISDIR(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 022) == 0 ? 0 : -EPERM;
}

bool
host_machine_name_ok(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    return name[0] != 0 && name[0] != '.' && strlen(name) <= 32 && strspn(name, good) == strlen(name);
}
