/* SPDX-License-Identifier: MIT */
/*
 * bench/copy_loop.c - the peer of undis between two taps: read a frame here, write it there, nothing else.
 *
 *     copy_loop NAME NAME [gso]     makes both taps; gso: with virtio_net_hdr and all offloads, passed on unchanged
 *
 * Model: one thread, poll() when there is nothing, then up to 64 frames each way, as PERF.md's baselines do it. Ends on
 * SIGTERM or SIGINT and prints what went through.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BURST 64

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int
make_tap(const char *name, bool gso)
{
    struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (gso ? IFF_VNET_HDR : 0)) };
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || strlen(name) >= IFNAMSIZ)
        return -1;
    memcpy(ifr.ifr_name, name, strlen(name) + 1);
    if (ioctl(fd, TUNSETIFF, &ifr) != 0)
        return -1;
    if (gso && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) != 0)
        return -1;
    return fd;
}

/* Returns how many frames went from one to the other; those that it did not take are lost, as on a wire. */
static unsigned
copy(int from, int to)
{
    static uint8_t frame[1 << 17];
    unsigned count;

    for (count = 0; count < BURST; count++) {
        ssize_t n = read(from, frame, sizeof(frame));

        if (n <= 0)
            break;
        if (write(to, frame, (size_t)n) < 0 && errno == EBADFD)
            break;
    }
    return count;
}

int
main(int argc, char **argv)
{
    bool gso = argc == 4 && strcmp(argv[3], "gso") == 0;
    struct pollfd fd[2] = { { .events = POLLIN }, { .events = POLLIN } };
    unsigned long long frames[2] = { 0, 0 };

    if (argc != 3 && !gso) {
        fprintf(stderr, "usage: copy_loop NAME NAME [gso]\n");
        return 64;
    }
    for (unsigned i = 0; i < 2; i++) {
        fd[i].fd = make_tap(argv[1 + i], gso);
        if (fd[i].fd < 0) {
            fprintf(stderr, "copy_loop: %s: %s\n", argv[1 + i], strerror(errno));
            return 4;
        }
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    puts("ready");
    fflush(stdout);
    while (!stop) {
        unsigned a = copy(fd[0].fd, fd[1].fd), b = copy(fd[1].fd, fd[0].fd);

        frames[0] += a;
        frames[1] += b;
        if (a + b == 0)
            poll(fd, 2, 1000);
    }
    printf("%llu frames, %llu frames back\n", frames[0], frames[1]);
    return 0;
}
