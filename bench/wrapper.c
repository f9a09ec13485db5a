/* SPDX-License-Identifier: MIT */
/*
 * bench/wrapper.c - what the NDIS 5 wrapper costs a packet: the virtual LAN card as an NDIS 6 driver, and the same
 * card as NDIS 5.1 drivers, deserialized and serialized, in one live machine and in turn.
 *
 * Received: a program's writes to the card, 32 under way, each a frame that ndisprot (NDIS 6) above gets and drops.
 * Sent: its writes to ndisprot, each a frame that a read of the card takes. What differs between the cards is the
 * edge and, under it, the wrapper; requests and locks are the same. Processor time is taken.
 */
#include <string.h>
#include <time.h>

#include "rounds.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/admin.h"
#include "ndis/ndis.h"
#include "nt/io/user.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"
#include "pnp/install.h"

#include "../drivers/ndisprot/ndisprotioctl.h"

#define CARDS   3u
#define FLIGHT  32u
#define PACKETS 8192u

static const struct {
    const char *folder, *inf, *device, *what;
} kind[CARDS] = {
    { "vlan-card", "vlancard", "VlanCard0", "NDIS 6" },
    { "vlan-card5", "vlancard5", "VlanCard5-0", "5.1 deserialized" },
    { "vlan-card5s", "vlancard5s", "VlanCard5s-0", "5.1 serialized" },
};

static struct pnp_driver protocol, card[CARDS];
static struct pnp_service protocol_service, card_service[CARDS];
static struct ndis_nic *nic[CARDS];
static int failed;

static void
bring_up(void *arg)
{
    char address[16], name[16];

    (void)arg;
    failed = pnp_start(&protocol_service, NULL, 0);
    for (unsigned i = 0; i < CARDS && failed >= 0; i++) {
        failed = pnp_start(&card_service[i], NULL, 0);
        snprintf(address, sizeof(address), "02000000000%u", i);
        snprintf(name, sizeof(name), "Card %u", i);
        if (failed < 0)
            return;
        nic[i] = pnp_nic_add(&card[i], name, &(struct pnp_parameter){ .name = "NetworkAddress", .text = address }, 1);
        if (nic[i] == NULL || ndis_nic_enable(nic[i]))
            failed = -1;
    }
    ndis_settle();
}

/* ------------------------------------------------------------------ the program */

struct request {
    struct user_async async;
    uint8_t *frame;
};

static struct request *down[CARDS], *up[CARDS]; /* writes of ndisprot, reads or writes of the card */
static void *device[CARDS], *above[CARDS];

static void
check(int32_t status)
{
    if (status < 0)
        failed = -1;
}

static struct request *
requests(void)
{
    struct request *r = mon_alloc(sizeof(*r) * FLIGHT);

    for (unsigned i = 0; i < FLIGHT; i++) {
        r[i].async.block = user_alloc(USER_ASYNC_BYTES);
        r[i].frame = user_alloc(2048);
        memset(r[i].frame, 0xff, 6);
        memcpy(r[i].frame + 6, "\x02\0\0\0\0\x77\x88\xb5", 8);
    }
    return r;
}

/* A handle of ndisprot for the adapter whose address ends with number. */
static void *
bind_above(unsigned number)
{
    NDISPROT_BINDING *b = user_alloc(sizeof(*b));
    void *handle;

    check(user_open("\\\\.\\NdisProt", USER_OVERLAPPED, &handle));
    for (ULONG i = 0; failed >= 0; i++) {
        struct user_async a = { .block = user_alloc(USER_ASYNC_BYTES) };

        b->Index = i;
        check(user_ioctl_start(handle, IOCTL_NDISPROT_QUERY_BINDING, b, sizeof(*b), b, sizeof(*b), &a));
        check(user_wait(&a, NULL));
        if (b->MacAddress[0] != 2 || b->MacAddress[5] != number)
            continue;
        check(user_ioctl_start(handle, IOCTL_NDISPROT_OPEN_ADAPTER, b->Name, b->NameLength, NULL, 0, &a));
        check(user_wait(&a, NULL));
        break;
    }
    return handle;
}

/* Of this process: what others do on the machine meanwhile does not count. */
static uint64_t
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static double
receive_ns(unsigned c, uint32_t length)
{
    uint64_t from = cpu_ns();

    for (unsigned n = 0; n < PACKETS + FLIGHT && failed >= 0; n++) {
        struct request *r = &up[c][n % FLIGHT];

        if (n >= FLIGHT)
            check(user_wait(&r->async, NULL));
        if (n < PACKETS)
            check(user_write_start(device[c], r->frame, length, &r->async));
    }
    return (double)(cpu_ns() - from) / PACKETS;
}

static double
send_ns(unsigned c, uint32_t length)
{
    uint64_t from = cpu_ns();

    for (unsigned n = 0; n < PACKETS + FLIGHT && failed >= 0; n++) {
        struct request *w = &down[c][n % FLIGHT], *r = &up[c][n % FLIGHT];

        if (n >= FLIGHT) {
            check(user_wait(&w->async, NULL));
            check(user_wait(&r->async, NULL));
        }
        if (n >= PACKETS)
            continue;
        check(user_read_start(device[c], r->frame, 2048, &r->async));
        check(user_write_start(above[c], w->frame, length, &w->async));
    }
    return (double)(cpu_ns() - from) / PACKETS;
}

static void
measure(const char *what, double (*run)(unsigned c, uint32_t length), uint32_t length)
{
    double ns[CARDS][ROUNDS], more[CARDS][ROUNDS];

    for (unsigned i = 0; i < ROUNDS && failed >= 0; i++)
        for (unsigned c = 0; c < CARDS; c++) {
            ns[c][i] = run(c, length);
            more[c][i] = ns[c][i] - ns[0][i];
        }
    for (unsigned c = 0; c < CARDS && failed >= 0; c++) {
        double middle = rounds_quantile(more[c], ROUNDS, 2);

        printf("%-8s %4u bytes  %-16s %6.0f ns", what, length, kind[c].what, rounds_quantile(ns[c], ROUNDS, 2));
        if (c != 0)
            printf("  the wrapper %+5.0f ns (quartiles %+.0f %+.0f)", middle, rounds_quantile(more[c], ROUNDS, 1),
                   rounds_quantile(more[c], ROUNDS, 3));
        printf("\n");
    }
    fflush(stdout);
}

static void
measure_all(void *arg)
{
    static const uint32_t lengths[] = { 64, 1514 };
    char path[64];

    (void)arg;
    for (unsigned c = 0; c < CARDS && failed >= 0; c++) {
        snprintf(path, sizeof(path), "\\\\.\\%s", kind[c].device);
        check(user_open(path, USER_OVERLAPPED, &device[c]));
        above[c] = bind_above(c);
        down[c] = requests();
        up[c] = requests();
    }
    for (unsigned i = 0; i < 2 && failed >= 0; i++) {
        measure("received", receive_ns, lengths[i]);
        measure("sent", send_ns, lengths[i]);
    }
    for (unsigned c = 0; c < CARDS; c++) {
        user_close(device[c]);
        user_close(above[c]);
    }
}

static void
take_down(void *arg)
{
    (void)arg;
    for (unsigned c = 0; c < CARDS; c++)
        ndis_nic_disable(nic[c]);
}

static int
in_machine(enum fiber_kind fiber, void (*fn)(void *))
{
    struct run_result r;

    ps_thread_create("bench", fiber, NULL, fn, NULL, false, NULL);
    machine_run(NULL, &r);
    if (r.end != RUN_DONE)
        fprintf(stderr, "the machine stopped: %d, code 0x%x %s\n", r.end, r.code, r.text);
    return r.end != RUN_DONE || failed < 0;
}

static int
load(const char *drivers, const char *folder, const char *inf, struct pnp_driver *d, struct pnp_service *s)
{
    char path[600], text[256];

    snprintf(path, sizeof(path), "%s/%s/%s.inf", drivers, folder, inf);
    if (!pnp_driver_read(path, d, text) && !pnp_load(d, s, text))
        return 0;
    fprintf(stderr, "%s\n", text);
    return -1;
}

int
main(int argc, char **argv)
{
    const char *drivers = argc > 1 ? argv[1] : "build/drivers";
    char text[256];

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
    if (live_start(text)) {
        fprintf(stderr, "%s\n", text);
        return 3;
    }
    if (load(drivers, "ndisprot", "ndisprot", &protocol, &protocol_service))
        return 3;
    for (unsigned i = 0; i < CARDS; i++)
        if (load(drivers, kind[i].folder, kind[i].inf, &card[i], &card_service[i]))
            return 3;
    if (in_machine(FIBER_SYSTEM, bring_up) || in_machine(FIBER_USER, measure_all) ||
        in_machine(FIBER_SYSTEM, take_down)) {
        fprintf(stderr, "not measured\n");
        return 3;
    }
    live_fini();
    return 0;
}
