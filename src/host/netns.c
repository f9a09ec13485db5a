/* SPDX-License-Identifier: MIT */
/* host/netns.c - see netns.h. */
#include "host/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int
write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        err = -errno;
    close(fd);
    return err;
}

static int
loopback_up(void)
{
    struct ifreq r = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

    if (fd < 0)
        return -errno;
    if (ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
        r.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &r))
            err = -errno;
    }
    close(fd);
    return err;
}

int
host_netns_new(char text[200])
{
    unsigned uid = geteuid(), gid = getegid();
    char map[40];
    int err = 0;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
        err = -errno;
    snprintf(map, sizeof(map), "0 %u 1\n", uid);
    if (!err)
        err = write_text("/proc/self/uid_map", map);
    if (!err)
        err = write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "0 %u 1\n", gid);
    if (!err)
        err = write_text("/proc/self/gid_map", map);
    if (!err)
        err = loopback_up();
    if (err)
        snprintf(text, 200, "a user and network namespace cannot be made here (%s)", strerror(-err));
    return err;
}
