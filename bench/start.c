/* SPDX-License-Identifier: MIT */
/*
 * bench/start.c - what a machine costs before it does anything: time from its start to the first frame through hostif,
 * npf and wirenic; memory of a machine and of one adapter more; processor time of one that nobody uses.
 *
 *     unshare -Urn bench_start UNDIS NPF.INF
 */
#include "net.h"
#include "rounds.h"

#define MARK     0x88b6
#define STARTS   7u
#define ADAPTERS 8u
#define IDLE     3 /* seconds */

static void
write_stack(const char *npf, unsigned loops)
{
    FILE *f = fopen("start.yaml", "we");

    if (f == NULL)
        fail("start.yaml");
    fprintf(f, "adapters:\n  - { name: Ethernet, wire: \"tap:wan0\", hostif: lan0 }\n");
    for (unsigned i = 0; i < loops; i++)
        fprintf(f, "  - { name: More%u, wire: loop }\n", i);
    fprintf(f, "filters: [ %s ]\n", npf);
    fclose(f);
}

static bool
bring_up(const char *name)
{
    struct ifreq r = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up;

    memcpy(r.ifr_name, name, strlen(name) + 1);
    up = ioctl(fd, SIOCGIFFLAGS, &r) == 0;
    r.ifr_flags |= IFF_UP;
    up = up && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    close(fd);
    return up;
}

/* Processor time of both processes of a machine. */
static double
used(struct path *p)
{
    clockid_t watcher;

    if (clock_getcpuclockid(p->pid, &p->cpu) != 0 || clock_getcpuclockid(p->child, &watcher) != 0)
        fail("no machine");
    return now(p->cpu) + now(watcher);
}

/* Milliseconds from the start to the first frame that went through, and of processor time; the machine goes on. */
static double
first_frame(struct path *p, char *undis, double *cpu_ms)
{
    static const uint8_t frame[64] = { 2, 0, 0, 0, 0, 0x77, 2, 0, 0, 0, 0, 0x66, MARK >> 8, MARK & 0xff };
    double from = now(CLOCK_MONOTONIC), ms;
    uint8_t back[64];
    int in = -1, out = -1;

    start(p, (char *[]){ undis, "run", "start.yaml", NULL });
    for (;;) {
        if (now(CLOCK_MONOTONIC) - from > 20)
            fail("no frame came through");
        usleep(200);
        if (out < 0 && bring_up("wan0"))
            out = packet_socket("wan0", MARK, false);
        if (in < 0 && bring_up("lan0"))
            in = packet_socket("lan0", 0, false);
        if (in < 0 || out < 0)
            continue;
        if (send(in, frame, sizeof(frame), MSG_DONTWAIT) < 0)
            continue; /* no carrier yet */
        if (recv(out, back, sizeof(back), MSG_DONTWAIT) > 0)
            break;
    }
    ms = (now(CLOCK_MONOTONIC) - from) * 1e3;
    find_machine(p);
    *cpu_ms = used(p) * 1e3;
    close(in);
    close(out);
    return ms;
}

static void
stop(struct path *p)
{
    kill(p->child, SIGTERM);
    waitpid(p->child, NULL, 0);
}

static long
resident(const struct path *p)
{
    char path[64], line[128];
    long kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        sscanf(line, "VmRSS: %ld", &kb);
    if (f)
        fclose(f);
    return kb;
}

int
main(int argc, char **argv)
{
    struct path p = { .name = "undis", .in = "lan0", .out = "wan0" };
    char folder[] = "/tmp/undis-bench-XXXXXX", *undis = argc == 3 ? realpath(argv[1], NULL) : NULL;
    char *npf = argc == 3 ? realpath(argv[2], NULL) : NULL;
    double ms[STARTS], cpu_ms[STARTS + 1], low, median, high, idle;
    long one, more;

    if (!undis || !npf || !mkdtemp(folder) || chdir(folder) != 0) {
        fprintf(stderr, "usage: bench_start UNDIS NPF.INF\n");
        return 64;
    }
    setenv("XDG_RUNTIME_DIR", folder, 1);
    write_stack(npf, 0);
    for (unsigned i = 0; i < STARTS; i++) {
        ms[i] = first_frame(&p, undis, &cpu_ms[i]);
        if (i + 1 < STARTS)
            stop(&p);
    }
    low = rounds_quantile(ms, STARTS, 1);
    median = rounds_quantile(ms, STARTS, 2);
    high = rounds_quantile(ms, STARTS, 3);
    printf("start to first frame    %.0f ms (quartiles %.0f %.0f)  goal 100 %s\n", median, low, high,
           median < 100       ? "met"
           : high > 1.5 * low ? "inconclusive"
                              : "missed");
    printf("  processor time        %.0f ms (quartiles %.0f %.0f)\n", rounds_quantile(cpu_ms, STARTS, 2),
           rounds_quantile(cpu_ms, STARTS, 1), rounds_quantile(cpu_ms, STARTS, 3));
    sleep(1);
    idle = used(&p);
    sleep(IDLE);
    idle = (used(&p) - idle) / IDLE * 100;
    one = resident(&p);
    stop(&p);
    write_stack(npf, ADAPTERS);
    first_frame(&p, undis, &cpu_ms[STARTS]);
    sleep(1);
    more = resident(&p);
    stop(&p);
    printf("idle                    %.3f %% of a processor  goal 1 %s\n", idle, idle < 1 ? "met" : "missed");
    printf("resident                %ld KB with one adapter, %ld KB for each more\n", one,
           (more - one) / (long)ADAPTERS);
    unlink("start.yaml");
    rmdir("undis");
    rmdir(folder);
    return 0;
}
