/* SPDX-License-Identifier: MIT */
/*
 * bench/null_path.c - what NDIS itself costs a packet: protocol, k filters that look at each frame, null miniport and
 * back, in a live machine, beside a program that does the same walking and touching through plain calls.
 *
 * Both run in turn on the same thread; a round's ratio is path / floor, and the median over the rounds counts. The goal
 * is a median of at most 3 at k = 1, 2, 4, 8 and batches of 32.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/image.h"
#include "machine/live.h"
#include "ndis/admin.h"
#include "ndis/ndis.h"
#include "nt/io/user.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"
#include "pnp/install.h"
#include "rounds.h"

#define PACKETS   (1u << 18)
#define LAYERS    8u
#define GOAL      3.0
#define IOCTL_RUN 0x222000u

/* ------------------------------------------------------------------ the floor */

struct packet {
    struct packet *next;
    uint8_t *data;
    uint64_t scratch, source;
    uint8_t rest[576 - 32];
};

static struct layer {
    void (*down)(struct layer *, struct packet *);
    void (*up)(struct layer *, struct packet *);
    struct layer *below, *above;
    uint64_t seen;
} layer[LAYERS + 2];

static struct packet pool[256], *free_list;
static uint8_t frame[64];

static void
look_down(struct layer *l, struct packet *p)
{
    for (struct packet *at = p; at; at = at->next)
        at->scratch = (uint64_t)(at->data[12] << 8 | at->data[13]);
    l->below->down(l->below, p);
}

static void
look_up(struct layer *l, struct packet *p)
{
    uint64_t n = 0;

    for (struct packet *at = p; at; at = at->next)
        n++;
    l->seen += n;
    l->above->up(l->above, p);
}

static void
bottom(struct layer *l, struct packet *p)
{
    for (struct packet *at = p; at; at = at->next)
        at->source = 0;
    l->above->up(l->above, p);
}

static void
top(struct layer *l, struct packet *p)
{
    struct packet *next;

    (void)l;
    for (; p; p = next) {
        next = p->next;
        p->next = free_list;
        free_list = p;
    }
}

/* Processor time: what others do on the machine meanwhile does not count. */
static double
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
floor_ns(unsigned k, unsigned batch)
{
    double from;

    free_list = NULL;
    for (unsigned i = 0; i < 256; i++) {
        pool[i].data = frame;
        pool[i].next = free_list;
        free_list = &pool[i];
    }
    for (unsigned i = 0; i <= k + 1; i++)
        layer[i] = (struct layer){ i == 0 ? bottom : look_down, i == k + 1 ? top : look_up, i ? &layer[i - 1] : NULL,
                                   &layer[i + 1], 0 };
    from = cpu_ns();
    for (unsigned sent = 0; sent < PACKETS; sent += batch) {
        struct packet *first = NULL;

        for (unsigned i = 0; i < batch; i++) {
            struct packet *p = free_list;

            free_list = p->next;
            p->next = first;
            p->source = 1;
            first = p;
        }
        __asm__ volatile("" ::: "memory");
        layer[k].down(&layer[k], first);
    }
    return (cpu_ns() - from) / PACKETS;
}

/* ------------------------------------------------------------------ the path */

static struct pnp_driver ends, filter[LAYERS];
static struct pnp_service ends_service, filter_service[LAYERS];
static struct ndis_nic *nic;
static int failed;

static void
bring_up(void *arg)
{
    (void)arg;
    failed = pnp_start(&ends_service, NULL, 0);
    for (unsigned i = 0; i < LAYERS && failed >= 0; i++)
        failed = pnp_start(&filter_service[i], NULL, 0);
    if (failed < 0)
        return;
    nic = pnp_nic_add(&ends, "Ethernet", NULL, 0);
    if (!nic || ndis_nic_enable(nic))
        failed = -1;
    ndis_settle();
}

struct run {
    uint32_t batch, packets;
    int64_t time;
};

static void *handle;
static struct run *run;
static unsigned k_now = LAYERS;

static void
measure(unsigned k, unsigned batch)
{
    double ratio[ROUNDS], path[ROUNDS], floor[ROUNDS], from, low, median, high;

    for (unsigned i = 0; i < ROUNDS; i++) {
        *run = (struct run){ batch, PACKETS, 0 };
        floor[i] = floor_ns(k, batch);
        from = cpu_ns();
        if (user_ioctl(handle, IOCTL_RUN, run, sizeof(*run), run, sizeof(*run), NULL) < 0)
            failed = -1;
        path[i] = (cpu_ns() - from) / PACKETS;
        ratio[i] = path[i] / floor[i];
    }
    low = rounds_quantile(ratio, ROUNDS, 1);
    median = rounds_quantile(ratio, ROUNDS, 2);
    high = rounds_quantile(ratio, ROUNDS, 3);
    printf("k=%u batch=%-3u  path %6.1f ns  floor %5.1f ns  ratio %5.2f (quartiles %.2f %.2f)%s\n", k, batch,
           rounds_quantile(path, ROUNDS, 2), rounds_quantile(floor, ROUNDS, 2), median, low, high,
           batch != 32        ? ""
           : median <= GOAL   ? "  goal 3.00 met"
           : high > 1.5 * low ? "  goal 3.00 inconclusive"
                              : "  goal 3.00 missed");
    fflush(stdout);
}

static void
measure_all(void *arg)
{
    static const unsigned ks[] = { 8, 4, 2, 1 }, batches[] = { 1, 32, 256 };

    (void)arg;
    run = user_alloc(sizeof(*run));
    if (user_open("\\\\.\\NullEnds", 0, &handle) < 0) {
        failed = -1;
        return;
    }
    for (unsigned i = 0; i < 4 && failed >= 0; i++) {
        while (k_now > ks[i])
            ndis_driver_detach(nic, filter[--k_now].service);
        for (unsigned n = 0; n < 3; n++)
            measure(ks[i], batches[n]);
    }
    user_close(handle);
}

/* Closing the binding would wait for ever if its sends had been counted wrongly. */
static void
take_down(void *arg)
{
    (void)arg;
    ndis_nic_disable(nic);
}

static int
in_machine(enum fiber_kind kind, void (*fn)(void *))
{
    struct run_result r;

    ps_thread_create("bench", kind, NULL, fn, NULL, false, NULL);
    machine_run(NULL, &r);
    if (r.end != RUN_DONE)
        fprintf(stderr, "the machine stopped: %d, code 0x%x %s\n", r.end, r.code, r.text);
    return r.end != RUN_DONE || failed < 0;
}

int
main(int argc, char **argv)
{
    const char *drivers = argc > 1 ? argv[1] : "build/tests/drivers";
    char text[256], path[600];

    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    if (live_init(1, text)) {
        fprintf(stderr, "%s\n", text);
        return 3;
    }
    image_init();
    seh_init();
    nt_init();
    ndis_init();
    snprintf(path, sizeof(path), "%s/null-ends/null_ends.sys", drivers);
    if (live_start(text) || pnp_driver_read(path, &ends, text) || pnp_load(&ends, &ends_service, text)) {
        fprintf(stderr, "%s\n", text);
        return 3;
    }
    ends.kind = INF_MINIPORT;
    for (unsigned i = 0; i < LAYERS; i++) {
        snprintf(path, sizeof(path), "%s/null-filter/null_filter.sys", drivers);
        if (pnp_driver_read(path, &filter[i], text) || pnp_load(&filter[i], &filter_service[i], text)) {
            fprintf(stderr, "%s\n", text);
            return 3;
        }
        filter[i].kind = INF_FILTER;
        snprintf(filter[i].service, sizeof(filter[i].service), "null_filter%u", i);
    }
    if (in_machine(FIBER_SYSTEM, bring_up) || in_machine(FIBER_USER, measure_all) ||
        in_machine(FIBER_SYSTEM, take_down)) {
        fprintf(stderr, "not measured\n");
        return 3;
    }
    live_fini();
    return 0;
}
