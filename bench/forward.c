/* SPDX-License-Identifier: MIT */
/*
 * bench/forward.c - frames from one interface to another: hostif, npf, wirenic beside a program that only forwards.
 *
 *     unshare -Urn bench_forward UNDIS COPY_LOOP PACKET_LOOP NPF.INF [ROWS]
 *
 * ROWS: only those whose name contains this text.
 *
 * Model of a drain: the program under test is stopped, the first interface's queue is filled, then it goes on, and the
 * time until the last frame, a marked one, comes out of the other interface counts. So the generator has no part. Both
 * programs take turns; a round's ratio is the peer's time over that of undis. Frames have an unknown type, so Linux
 * drops them at once; those that are to be cut are for another station. Beside the time stands the processor time
 * that the program used, which says more where others use the machine, and how often it read or wrote a descriptor.
 *
 * Latency: one frame at a time, the next when the last has come out; so the program sleeps and wakes for each.
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
#define PINGS   300u
static const char *rows = ""; /* what a row's name contains if it is to be measured */

#define TRIES   20u
#define BACKLOG 3600u /* frames that the rings of packet sockets hold */

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

/* System calls that read or write a descriptor: a tap's frames. */
static unsigned long long
calls(pid_t pid)
{
    unsigned long long reads = 0, writes = 0;
    char path[64], line[80];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/io", pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        sscanf(line, "syscr: %llu", &reads);
        sscanf(line, "syscw: %llu", &writes);
    }
    if (f)
        fclose(f);
    return reads + writes;
}

/* ------------------------------------------------------------------ a drain */

struct measured {
    double ns, cpu_ns, calls; /* per frame */
};

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
fill(const struct path *p, size_t size, unsigned count, bool large)
{
    static uint8_t frame[70000];
    int fd = packet_socket(p->in, 0, large), mark = packet_socket(p->in, 0, false);
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

/* false: frames were lost, or the last of them was. */
static bool
drain_once(const struct path *p, size_t size, unsigned count, bool large, struct measured *m)
{
    int end = packet_socket(p->out, MARK, false);
    unsigned long long before, calls_from;
    uint8_t frame[64];
    double from, cpu_from;
    bool marked;

    if (kill(p->pid, SIGSTOP) != 0)
        fail(p->name);
    while (!is_stopped(p->pid))
        usleep(100);
    fill(p, size, count, large);
    before = received(p->out);
    calls_from = calls(p->pid);
    cpu_from = now(p->cpu);
    from = now(CLOCK_MONOTONIC);
    kill(p->pid, SIGCONT);
    marked = recv(end, frame, sizeof(frame), 0) >= 0;
    m->ns = (now(CLOCK_MONOTONIC) - from) * 1e9 / count;
    m->cpu_ns = (now(p->cpu) - cpu_from) * 1e9 / count;
    m->calls = (double)(calls(p->pid) - calls_from) / count;
    close(end);
    return marked && received(p->out) - before >= count;
}

/* Linux keeps 1000 frames for a veth whose processor is busy with others, and loses what is more: we try again. */
static struct measured
drain(const struct path *p, size_t size, unsigned count, bool large)
{
    struct measured m;

    for (unsigned i = 0; i < TRIES; i++, usleep(100000))
        if (drain_once(p, size, count, large, &m))
            return m;
    fprintf(stderr, "forward: %s lost frames in each of %u trials\n", p->name, TRIES);
    exit(3);
}

static void
compare(const char *what, const struct path *peer, const struct path *undis, size_t size, unsigned count, bool large,
        double goal)
{
    double ratio[ROUNDS], cpu_ratio[ROUNDS], a[ROUNDS], b[ROUNDS], cpu[ROUNDS], each[2][ROUNDS];

    if (strstr(what, rows) == NULL)
        return;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct measured p = drain(peer, size, count, large), u = drain(undis, size, count, large);

        a[i] = p.ns;
        b[i] = u.ns;
        cpu[i] = u.cpu_ns;
        ratio[i] = p.ns / u.ns;
        cpu_ratio[i] = p.cpu_ns / u.cpu_ns;
        each[0][i] = p.calls;
        each[1][i] = u.calls;
    }
    printf("%-18s time       peer %6.0f ns  undis %6.0f ns", what, rounds_quantile(a, ROUNDS, 2),
           rounds_quantile(b, ROUNDS, 2));
    rounds_judge(ratio, ROUNDS, goal);
    printf("%-18s processor                   %6.0f ns", "", rounds_quantile(cpu, ROUNDS, 2));
    rounds_judge(cpu_ratio, ROUNDS, 0);
    if (peer->held[0] == NULL)
        printf("%-18s calls      peer %6.2f     undis %6.2f     reads and writes a frame\n", "",
               rounds_quantile(each[0], ROUNDS, 2), rounds_quantile(each[1], ROUNDS, 2));
}

/* ------------------------------------------------------------------ latency */

/* Microseconds: the median of a round. */
static double
ping(const struct path *p)
{
    static const uint8_t frame[64] = { 2, 0, 0, 0, 0, 0x77, 2, 0, 0, 0, 0, 0x66, MARK >> 8, MARK & 0xff };
    int in = packet_socket(p->in, 0, false), out = packet_socket(p->out, MARK, false);
    double us[PINGS];
    uint8_t back[64];

    for (unsigned i = 0; i < PINGS; i++) {
        double from = now(CLOCK_MONOTONIC);

        if (send(in, frame, sizeof(frame), 0) != sizeof(frame) || recv(out, back, sizeof(back), 0) < 0)
            fail("a frame did not come");
        us[i] = (now(CLOCK_MONOTONIC) - from) * 1e6;
    }
    close(in);
    close(out);
    return rounds_quantile(us, PINGS, 2);
}

static void
compare_latency(const char *what, const struct path *peer, const struct path *undis)
{
    double ratio[ROUNDS], a[ROUNDS], b[ROUNDS];

    if (strstr(what, rows) == NULL)
        return;
    for (unsigned i = 0; i < ROUNDS; i++) {
        a[i] = ping(peer);
        b[i] = ping(undis);
        ratio[i] = a[i] / b[i];
    }
    printf("%-18s latency    peer %6.1f us  undis %6.1f us", what, rounds_quantile(a, ROUNDS, 2),
           rounds_quantile(b, ROUNDS, 2));
    rounds_judge(ratio, ROUNDS, 0);
}

/* ------------------------------------------------------------------ the programs */

/* A pair of interfaces: one end is held by a program, frames come and go at the other. */
static void
make_pair(const char *end, const char *held)
{
    char command[120];

    snprintf(command, sizeof(command), "ip link add %s type veth peer name %s", end, held);
    if (system(command) != 0)
        fail(end);
}

static void
write_stack(const char *file, const char *npf, const char *hostif, const char *wire)
{
    FILE *f = fopen(file, "we");

    if (f == NULL)
        fail(file);
    fprintf(f, "adapters:\n  - { name: Ethernet, wire: \"%s\", hostif: \"%s\" }\nfilters: [ %s ]\n", wire, hostif, npf);
    fclose(f);
}

int
main(int argc, char **argv)
{
    struct path peer[] = { { .name = "the plain copy loop", .in = "p0", .out = "p1" },
                           { .name = "the copy loop with words", .in = "g0", .out = "g1" },
                           { .name = "the packet loop", .in = "q0", .out = "r0", .held = { "q1", "r1" } } };
    struct path undis[] = { { .name = "undis, plain", .in = "lan0", .out = "wan0" },
                            { .name = "undis", .in = "lan1", .out = "wan1" },
                            { .name = "undis, afpacket", .in = "a0", .out = "b0", .held = { "a1", "b1" } } };
    enum { PLAIN, WORDS, PACKET, PATHS };
    static char *const stack[PATHS] = { "plain.yaml", "words.yaml", "packet.yaml" };
    char folder[] = "/tmp/undis-bench-XXXXXX", *program[4];

    for (int i = 0; i < 4; i++)
        program[i] = argc >= 5 && argc <= 6 ? realpath(argv[1 + i], NULL) : NULL;
    if (!program[0] || !program[1] || !program[2] || !program[3] || !mkdtemp(folder) || chdir(folder) != 0) {
        fprintf(stderr, "usage: bench_forward UNDIS COPY_LOOP PACKET_LOOP NPF.INF [ROWS]\n");
        return 64;
    }
    if (argc == 6)
        rows = argv[5];
    setenv("XDG_RUNTIME_DIR", folder, 1);
    for (unsigned i = 0; i < 2; i++) {
        make_pair(i ? peer[PACKET].out : peer[PACKET].in, peer[PACKET].held[i]);
        make_pair(i ? undis[PACKET].out : undis[PACKET].in, undis[PACKET].held[i]);
    }
    write_stack(stack[PLAIN], program[3], "tap:lan0,plain", "tap:wan0,plain");
    write_stack(stack[WORDS], program[3], "tap:lan1", "tap:wan1");
    write_stack(stack[PACKET], program[3], "afpacket:a1", "afpacket:b1");
    start(&peer[PLAIN], (char *[]){ program[1], "p0", "p1", NULL });
    start(&peer[WORDS], (char *[]){ program[1], "g0", "g1", "gso", NULL });
    start(&peer[PACKET], (char *[]){ program[2], "q1", "r1", NULL });
    for (unsigned i = 0; i < PATHS; i++)
        start(&undis[i], (char *[]){ program[0], "run", stack[i], NULL });
    for (unsigned i = 0; i < PATHS; i++) {
        wait_for(peer[i].out);
        wait_for(undis[i].in);
        find_machine(&undis[i]);
        ready(&peer[i]);
        ready(&undis[i]);
    }
    usleep(500000);
    compare("64 bytes, plain", &peer[PLAIN], &undis[PLAIN], 64, 16000, false, 0.85);
    compare("64 bytes, words", &peer[WORDS], &undis[WORDS], 64, 16000, false, 0.85);
    compare("1500 bytes, plain", &peer[PLAIN], &undis[PLAIN], 1514, 16000, false, 0.85);
    compare("1500 bytes, words", &peer[WORDS], &undis[WORDS], 1514, 16000, false, 0.85);
    compare("GSO, 64 KB", &peer[WORDS], &undis[WORDS], 45 * SEGMENT, 1000, true, 0.75);
    compare_latency("64 bytes, plain", &peer[PLAIN], &undis[PLAIN]);
    compare_latency("64 bytes, words", &peer[WORDS], &undis[WORDS]);
    compare("AF_PACKET, 64", &peer[PACKET], &undis[PACKET], 64, BACKLOG, false, 0.90);
    compare("AF_PACKET, 1500", &peer[PACKET], &undis[PACKET], 1514, BACKLOG, false, 0.90);
    compare_latency("AF_PACKET, 64", &peer[PACKET], &undis[PACKET]);
    for (unsigned i = 0; i < PATHS; i++) {
        kill(undis[i].child, SIGTERM);
        kill(peer[i].child, SIGTERM);
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned i = 0; i < PATHS; i++)
        unlink(stack[i]);
    rmdir("undis");
    rmdir(folder);
    return 0;
}
