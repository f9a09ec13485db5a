/* SPDX-License-Identifier: MIT */
/*
 * programs/socket_fuzz.c - programs that do not keep to the protocol: garbage, half messages, buffers outside the
 * window, wrong numbers, and a death in every state.
 *
 *     socket_fuzz SOCKET DEVICE SEED ROUNDS
 *
 * Model: a round is a connection that goes through hello, open, a read that waits, other requests and close, and ends
 * at a step drawn beforehand, waiting for what it asked or not. Each packet may be spoilt on its way. What is not
 * spoilt must be answered, once and with its own number; what is refused, with the status that belongs to it. After
 * all rounds a well-behaved connection must be served. Exit 0, or 1 with what was wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/protocol.h"

#define INVALID_HANDLE    ((int32_t)0xc0000008)
#define INVALID_PARAMETER ((int32_t)0xc000000d)
#define ACCESS_VIOLATION  ((int32_t)0xc0000005)
#define NAME_INVALID      ((int32_t)0xc0000033)

static uint64_t seed;
static const char *socket_path, *device;
static unsigned long packets, answers, closed;

static uint64_t
draw(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned
below(unsigned n)
{
    return (unsigned)(draw() % n);
}

static void
wrong(const char *what, const struct undis_request *q, const struct undis_answer *a)
{
    fprintf(stderr, "%s: operation %u, id %llu, status 0x%08x\n", what, q->op, (unsigned long long)q->id,
            (unsigned)a->status);
    exit(1);
}

static int
connect_machine(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_sec = 20 };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        perror(socket_path);
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
}

/* false: the other side has closed the connection. */
static bool
say(int fd, const void *bytes, size_t length)
{
    packets++;
    return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool
hear(int fd, struct undis_answer *a)
{
    ssize_t n = recv(fd, a, sizeof(*a), MSG_TRUNC); /* the window's descriptor is dropped with the packet */

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        fprintf(stderr, "no answer within 20 s\n");
        exit(1);
    }
    answers += n == sizeof(*a);
    closed += n <= 0;
    return n == sizeof(*a);
}

/* A request that is in order, its answer. false: the connection is closed. */
static bool
ask(int fd, struct undis_request *q, struct undis_answer *a)
{
    static uint64_t id;

    q->magic = UNDIS_MAGIC;
    q->id = ++id;
    q->thread = 1 + below(3);
    if (!say(fd, q, sizeof(*q)) || !hear(fd, a))
        return false;
    if (a->magic != UNDIS_MAGIC || a->id != q->id || a->op != q->op)
        wrong("an answer to something else", q, a);
    return true;
}

static bool
hello(int fd)
{
    struct undis_request q = { .op = UNDIS_HELLO, .path = "socket_fuzz" };
    struct undis_answer a;

    return ask(fd, &q, &a) && a.status == 0;
}

static uint64_t
open_device(int fd)
{
    struct undis_request q = { .op = UNDIS_OPEN, .flags = UNDIS_OPEN_OVERLAPPED };
    struct undis_answer a;

    snprintf(q.path, sizeof(q.path), "%s", device);
    return ask(fd, &q, &a) && a.status == 0 ? a.handle : 0;
}

/* Requests that must be refused, and how. */
static bool
ask_nonsense(int fd, uint64_t handle)
{
    struct undis_request q = { .op = (uint16_t)(UNDIS_READ + below(3)), .handle = handle };
    struct undis_answer a;
    int32_t expected;

    switch (below(6)) {
    case 0:
        q.op = (uint16_t)(UNDIS_OPS + below(60000));
        expected = INVALID_PARAMETER;
        break;
    case 1:
        q.in_offset = q.out_offset = (uint32_t)draw() | 0xff000000u;
        q.in_length = q.out_length = (uint32_t)draw() | 1;
        expected = ACCESS_VIOLATION;
        break;
    case 2:
        q.out_offset = below(4096);
        q.out_length = 1 + below(100);
        expected = ACCESS_VIOLATION;
        break;
    case 3:
        q.in_offset = 4096;
        q.in_length = UNDIS_WINDOW - 4095;
        expected = ACCESS_VIOLATION;
        break;
    case 4:
        q.op = UNDIS_OPEN;
        memset(q.path, 'x', sizeof(q.path));
        expected = NAME_INVALID;
        break;
    default:
        q.op = below(2) ? UNDIS_CLOSE : UNDIS_DUPLICATE;
        q.handle = draw() & ~3ull;
        if (q.handle == handle)
            return true;
        expected = INVALID_HANDLE;
        break;
    }
    if (!ask(fd, &q, &a))
        return false;
    if (a.status != expected)
        wrong("refused otherwise than it should be", &q, &a);
    return true;
}

/* A read that waits for a frame, and nobody for it. */
static bool
leave_a_read(int fd, uint64_t handle)
{
    struct undis_request q = { .magic = UNDIS_MAGIC, .op = UNDIS_READ, .flags = UNDIS_OPEN_OVERLAPPED };

    q.id = draw() | 1ull << 63;
    q.handle = handle;
    q.thread = 1;
    q.out_offset = 4096 * (1 + below(10));
    q.out_length = 1600;
    return say(fd, &q, sizeof(q));
}

static void
send_garbage(int fd)
{
    static uint8_t bytes[70000];
    struct undis_request q = { .magic = UNDIS_MAGIC };
    size_t length;

    for (size_t i = 0; i < sizeof(bytes); i += 8)
        memcpy(bytes + i, &(uint64_t){ draw() }, 8);
    switch (below(5)) {
    case 0: /* half a message, or more than one */
        q.op = (uint16_t)below(UNDIS_OPS);
        memcpy(bytes, &q, sizeof(q));
        length = 1 + below(2 * sizeof(q));
        break;
    case 1: /* right but for what it says */
        memcpy(bytes, &q.magic, sizeof(q.magic));
        length = sizeof(q);
        break;
    case 2:
        bytes[0] = '{';
        length = 1 + below(2000);
        break;
    case 3:
        length = sizeof(bytes);
        break;
    default:
        length = 1 + below(2000);
        break;
    }
    say(fd, bytes, length);
}

static void
round_of(unsigned steps)
{
    int fd = connect_machine();
    uint64_t handle = 0;
    bool lives = true;

    for (unsigned step = 0; step < steps && lives; step++) {
        if (step == 0) {
            lives = below(8) != 0 ? hello(fd) : say(fd, "UNS1", 4);
        } else if (step == 1) {
            handle = open_device(fd);
            lives = handle != 0;
        } else if (below(6) == 0) {
            struct undis_answer a;

            send_garbage(fd);
            hear(fd, &a); /* an answer or the end, but not silence */
            break;
        } else if (below(4) == 0) {
            lives = leave_a_read(fd, handle);
            break;
        } else {
            lives = ask_nonsense(fd, handle);
        }
    }
    if (below(4) == 0)
        shutdown(fd, SHUT_RDWR);
    close(fd);
}

/* Everything in order. */
static bool
served(void)
{
    struct undis_request q = { .op = UNDIS_CLOSE };
    struct undis_answer a;
    int fd = connect_machine();
    uint64_t handle = hello(fd) ? open_device(fd) : 0;
    bool fine;

    q.handle = handle;
    fine = handle != 0 && ask(fd, &q, &a) && a.status == 0;
    if (fine && ask(fd, &q, &a) && a.status != INVALID_HANDLE)
        wrong("a handle that was closed", &q, &a);
    close(fd);
    return fine;
}

int
main(int argc, char **argv)
{
    unsigned rounds = argc == 5 ? (unsigned)atoi(argv[4]) : 0, tries = 0;

    if (argc != 5)
        return 64;
    socket_path = argv[1];
    device = argv[2];
    seed = strtoull(argv[3], NULL, 0);
    for (unsigned i = 0; i < rounds; i++)
        round_of(below(12));
    while (!served()) { /* those before may still be dying, and have all the windows */
        if (++tries == 100) {
            fprintf(stderr, "nobody is served any more\n");
            return 1;
        }
        usleep(100000);
    }
    printf("%u connections, %lu packets, %lu answers, %lu connections closed by the machine\n", rounds, packets,
           answers, closed);
    return 0;
}
