/* SPDX-License-Identifier: MIT */
/* bench/net.h - programs that forward between two interfaces, and what benchmarks ask of interfaces. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUE 20000

struct path {
    const char *name, *in, *out;
    const char *held[2]; /* the other ends of in and out, if those are pairs; NULL: taps */
    pid_t pid;           /* that does the work */
    pid_t child;
    clockid_t cpu;
};

static _Noreturn inline void
fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(4);
}

static inline double
now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------------ interfaces */

static inline void
interface(const char *name)
{
    char command[80];

    snprintf(command, sizeof(command), "ip link set dev %s txqueuelen %d up", name, QUEUE);
    if (system(command) != 0) /* an ioctl would want rights outside the namespace */
        fail(name);
}

static inline bool
has_carrier(const char *name)
{
    struct ifreq r = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool running;

    memcpy(r.ifr_name, name, strlen(name) + 1);
    running = ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_RUNNING);
    close(fd);
    return running;
}

static inline unsigned long long
received(const char *name)
{
    unsigned long long bytes, frames = 0;
    char line[512], *at;
    FILE *f = fopen("/proc/self/net/dev", "re");

    while (f && fgets(line, sizeof(line), f)) {
        at = strchr(line, ':');
        if (at == NULL)
            continue;
        *at = 0;
        if (strcmp(line + strspn(line, " "), name) == 0)
            sscanf(at + 1, "%llu %llu", &bytes, &frames);
    }
    if (f)
        fclose(f);
    return frames;
}

/* A packet socket that sends to, or hears of marks at, an interface. */
static inline int
packet_socket(const char *name, unsigned type, bool words)
{
    struct sockaddr_ll to = { .sll_family = AF_PACKET,
                              .sll_protocol = htons((uint16_t)type),
                              .sll_ifindex = (int)if_nametoindex(name) };
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, room = 1 << 30;

    if (fd < 0)
        fail("packet socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
    if (words && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) != 0)
        fail("words before packets");
    if (bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        fail(name);
    return fd;
}

/* ------------------------------------------------------------------ programs */

static inline void
start(struct path *p, char *const argv[])
{
    p->child = p->pid = fork();
    if (p->pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(null, 1);
        execv(argv[0], argv);
        _exit(127);
    }
}

/* undis: the machine is the child of the program that was started. */
static inline void
find_machine(struct path *p)
{
    char path[64];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", p->child, p->child);
    f = fopen(path, "re");
    if (f == NULL || fscanf(f, "%d", &pid) != 1)
        fail("no machine");
    fclose(f);
    p->pid = pid;
}

static inline void
wait_for(const char *name)
{
    for (unsigned i = 0; i < 500 && if_nametoindex(name) == 0; i++)
        usleep(10000);
    if (if_nametoindex(name) == 0)
        fail(name);
}

static inline void
ready(struct path *p)
{
    interface(p->in);
    interface(p->out);
    for (unsigned i = 0; i < 2 && p->held[i] != NULL; i++)
        interface(p->held[i]);
    for (unsigned i = 0; i < 500 && !(has_carrier(p->in) && has_carrier(p->out)); i++)
        usleep(10000);
    if (clock_getcpuclockid(p->pid, &p->cpu) != 0)
        fail(p->name);
}

#endif
