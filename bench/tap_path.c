/* SPDX-License-Identifier: MIT */
/*
 * bench/tap_path.c - frames from one tap to another: hostif, npf, wirenic beside the plain copy loop.
 *
 *     unshare -Urn bench_tap_path UNDIS COPY_LOOP NPF.INF
 *
 * Model: a drain. The program under test is stopped, the first tap's queue is filled, then it goes on, and the time
 * until the last frame, a marked one, comes out of the other tap counts. So the generator takes no part. Both programs
 * take turns; a round's ratio is the copy loop's time over that of undis. Frames have an unknown type, so Linux drops
 * them at once; those that are to be cut are for another station. Beside the time stands the processor time
 * that the program used, which says more where others use the machine.
 *
 * Like is compared with like: the words before each frame (IFF_VNET_HDR, without which nothing is offloaded) cost Linux
 * a quarter more per small frame, with a loop and with undis. A machine has them unless its wires are plain.
 */
#include <linux/virtio_net.h>

#include "net.h"
#include "rounds.h"

#define TYPE    0x88b5 /* local experimental */
#define MARK    0x88b6
#define SEGMENT 1448

static bool
is_stopped(pid_t pid)
{
    char path[64], state = '?';
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (f) {
        if (fscanf(f, "%*d %*[^)]) %c", &state) != 1)
            state = '?';
        fclose(f);
    }
    return state == 'T';
}

/* ------------------------------------------------------------------ a drain */

static const uint8_t station[12] = { 2, 0, 0, 0, 0, 0x77, 2, 0, 0, 0, 0, 0x66 };

/* A frame to be cut, for another station. Returns its length. */
static size_t
large_frame(uint8_t *at, size_t payload)
{
    struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                .hdr_len = 54,
                                .gso_size = SEGMENT,
                                .csum_start = 34,
                                .csum_offset = 16 };
    uint8_t *p = at + sizeof(h);
    uint32_t sum = 0;

    memset(p, 0, 54 + payload);
    memcpy(at, &h, sizeof(h));
    memcpy(p, station, 12);
    p[12] = 8;
    p[14] = 0x45;
    p[16] = (uint8_t)((40 + payload) >> 8);
    p[17] = (uint8_t)(40 + payload);
    p[22] = 64;
    p[23] = 6;
    memcpy(p + 26, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
    for (unsigned i = 14; i < 34; i += 2)
        sum += (uint32_t)(p[i] << 8 | p[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    p[24] = (uint8_t)(~sum >> 8);
    p[25] = (uint8_t)~sum;
    p[46] = 5 << 4;
    return sizeof(h) + 54 + payload;
}

static void
fill(const char *name, size_t size, unsigned count, bool large)
{
    static uint8_t frame[70000];
    int fd = packet_socket(name, 0, large), mark = packet_socket(name, 0, false);
    struct iovec iov = { frame, size };
    struct mmsghdr m[64];

    if (large) {
        iov.iov_len = large_frame(frame, size);
    } else {
        memset(frame, 0, size);
        memcpy(frame, station, 12);
        frame[12] = TYPE >> 8;
        frame[13] = TYPE & 0xff;
    }
    for (unsigned i = 0; i < 64; i++)
        m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
    for (unsigned sent = 0; sent < count;) {
        int n = sendmmsg(fd, m, count - sent < 64 ? count - sent : 64, 0);

        if (n < 0)
            fail("cannot fill the queue");
        sent += (unsigned)n;
    }
    memset(frame, 0, 64);
    memcpy(frame, station, 12);
    frame[12] = MARK >> 8;
    frame[13] = MARK & 0xff;
    if (send(mark, frame, 64, 0) != 64)
        fail("cannot mark the end");
    close(fd);
    close(mark);
}

/* Nanoseconds per frame; *cpu of the program's processor time. */
static double
drain(const struct path *p, size_t size, unsigned count, bool large, double *cpu)
{
    int end = packet_socket(p->out, MARK, false);
    unsigned long long before;
    uint8_t frame[64];
    double from, cpu_from;

    if (kill(p->pid, SIGSTOP) != 0)
        fail(p->name);
    while (!is_stopped(p->pid))
        usleep(100);
    fill(p->in, size, count, large);
    before = received(p->out);
    cpu_from = now(p->cpu);
    from = now(CLOCK_MONOTONIC);
    kill(p->pid, SIGCONT);
    if (recv(end, frame, sizeof(frame), 0) < 0)
        fail("the last frame did not come");
    from = now(CLOCK_MONOTONIC) - from;
    *cpu = (now(p->cpu) - cpu_from) * 1e9 / count;
    close(end);
    if (received(p->out) - before < count) {
        fprintf(stderr, "tap_path: %s lost %llu of %u frames\n", p->name, count - (received(p->out) - before), count);
        exit(3);
    }
    return from * 1e9 / count;
}

static void
compare(const char *what, const struct path *peer, const struct path *undis, size_t size, unsigned count, bool large,
        double goal)
{
    double ratio[ROUNDS], cpu_ratio[ROUNDS], a[ROUNDS], b[ROUNDS], cpu[2];

    for (unsigned i = 0; i < ROUNDS; i++) {
        a[i] = drain(peer, size, count, large, &cpu[0]);
        b[i] = drain(undis, size, count, large, &cpu[1]);
        ratio[i] = a[i] / b[i];
        cpu_ratio[i] = cpu[0] / cpu[1];
    }
    printf("%-18s time       loop %6.0f ns  undis %6.0f ns", what, rounds_quantile(a, ROUNDS, 2),
           rounds_quantile(b, ROUNDS, 2));
    rounds_judge(ratio, ROUNDS, goal);
    printf("%-18s processor                              ", "");
    rounds_judge(cpu_ratio, ROUNDS, 0);
}

static void
write_stack(const char *file, const char *npf, const char *in, const char *out, const char *options)
{
    FILE *f = fopen(file, "we");

    if (f == NULL)
        fail(file);
    fprintf(f, "adapters:\n  - { name: Ethernet, wire: \"tap:%s%s\", hostif: \"tap:%s%s\" }\nfilters: [ %s ]\n", out,
            options, in, options, npf);
    fclose(f);
}

int
main(int argc, char **argv)
{
    struct path loop[2] = { { .name = "the plain copy loop", .in = "p0", .out = "p1" },
                            { .name = "the copy loop with words", .in = "g0", .out = "g1" } };
    struct path undis[2] = { { .name = "undis, plain", .in = "lan0", .out = "wan0" },
                             { .name = "undis", .in = "lan1", .out = "wan1" } };
    char folder[] = "/tmp/undis-bench-XXXXXX", *npf = argc == 4 ? realpath(argv[3], NULL) : NULL;
    char *run = argc == 4 ? realpath(argv[1], NULL) : NULL, *copy = argc == 4 ? realpath(argv[2], NULL) : NULL;

    if (!npf || !run || !copy || !mkdtemp(folder) || chdir(folder) != 0) {
        fprintf(stderr, "usage: bench_tap_path UNDIS COPY_LOOP NPF.INF\n");
        return 64;
    }
    setenv("XDG_RUNTIME_DIR", folder, 1);
    write_stack("plain.yaml", npf, "lan0", "wan0", ",plain");
    write_stack("words.yaml", npf, "lan1", "wan1", "");
    start(&loop[0], (char *[]){ copy, "p0", "p1", NULL });
    start(&loop[1], (char *[]){ copy, "g0", "g1", "gso", NULL });
    start(&undis[0], (char *[]){ run, "run", "plain.yaml", NULL });
    start(&undis[1], (char *[]){ run, "run", "words.yaml", NULL });
    for (unsigned i = 0; i < 2; i++) {
        wait_for(loop[i].out);
        wait_for(undis[i].in);
        find_machine(&undis[i]);
        ready(&loop[i]);
        ready(&undis[i]);
    }
    usleep(300000);
    compare("64 bytes, plain", &loop[0], &undis[0], 64, 16000, false, 0.85);
    compare("64 bytes, words", &loop[1], &undis[1], 64, 16000, false, 0.85);
    compare("1500 bytes, plain", &loop[0], &undis[0], 1514, 16000, false, 0.85);
    compare("1500 bytes, words", &loop[1], &undis[1], 1514, 16000, false, 0.85);
    compare("GSO, 64 KB", &loop[1], &undis[1], 45 * SEGMENT, 1000, true, 0.75);
    for (unsigned i = 0; i < 2; i++) {
        kill(undis[i].child, SIGTERM);
        kill(loop[i].child, SIGTERM);
    }
    while (wait(NULL) > 0)
        ;
    unlink("plain.yaml");
    unlink("words.yaml");
    rmdir("undis");
    rmdir(folder);
    return 0;
}
