/* SPDX-License-Identifier: MIT */
/*
 * A live machine with two VPs, the built-in ends and drivers/npf between them: frames, reconfiguration under traffic,
 * unload. Figures are printed; time is not judged here.
 */
#include "unit/test.h"

#include <time.h>

#include "base/utf.h"
#include "host/host.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/ndis.h"
#include "nt/ex/ex.h"
#include "nt/io/driver.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"
#include "pnp/install.h"

#define BURSTS 4000u
#define BURST  256u
#define CYCLES 100u

static struct pnp_driver npf;
static struct pnp_service service;
static struct ndis_nic *nic;
static int32_t status;
static unsigned leaks;

static void
check_pool(uint64_t base, uint64_t size, void *arg)
{
    (void)arg;
    leaks += ex_pool_leaks(base, size, NULL);
}

/* Run fn in a system thread of the machine. */
static enum run_end
in_machine(void (*fn)(void *))
{
    struct run_result r;

    ps_thread_create("test", FIBER_SYSTEM, NULL, fn, NULL, false, NULL);
    machine_run(NULL, &r);
    if (r.end != RUN_DONE)
        print_message("end %d, code 0x%x, %s\n", r.end, r.code, r.text);
    return r.end;
}

static void
bring_up(void *arg)
{
    (void)arg;
    ends_proto_start();
    status = pnp_start(&service, NULL, 0);
    if (status < 0)
        return;
    nic = ends_wire_add("Ethernet", NULL);
    ends_wire_mode(nic, ENDS_COMPLETE_INLINE, false);
    status = ndis_nic_enable(nic);
    ndis_settle();
}

static uint32_t frames_sent, frames_received, refused;
static uint32_t passed;
static bool done, cycling;
static unsigned cycles;

static void
traffic(void *arg)
{
    static uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x08, 0x00 };

    (void)arg;
    for (unsigned i = 0; i < BURSTS || (cycling && cycles < CYCLES); i++) {
        for (unsigned k = 0; k < BURST; k++) {
            if (i & 1 ? ends_proto_send(nic, frame, sizeof(frame), ENDS_PLAIN, ENDS_DISPATCH)
                      : ends_wire_receive(nic, frame, sizeof(frame), ENDS_PLAIN, ENDS_DISPATCH))
                refused++;
            else if (i & 1)
                frames_sent++;
            else
                frames_received++;
        }
        sched_give_way();
    }
    done = true;
}

static void
cycle(void *arg)
{
    (void)arg;
    for (cycles = 0; cycles < CYCLES; cycles++) {
        ndis_nic_disable(nic);
        if (ndis_nic_enable(nic) != 0)
            break;
        ke_sleep(-5000, "waits between cycles");
    }
}

static void
both(void *arg)
{
    (void)arg;
    cycling = true;
    frames_sent = frames_received = 0;
    ps_thread_create("traffic", FIBER_SYSTEM, NULL, traffic, NULL, false, NULL);
    while (frames_sent == 0)
        ke_sleep(-1000, "waits for traffic");
    cycle(NULL);
    passed = frames_sent + frames_received;
    while (!done)
        ke_sleep(-10000, "waits for the end of the traffic");
}

static void
unload(void *arg)
{
    (void)arg;
    status = io_driver_unload(service.object);
    ndis_nic_disable(nic);
}

static double
seconds(void)
{
    return (double)host_now_ns() / 1e9;
}

TEST(live, a_million_frames_and_a_hundred_cycles)
{
    char text[256], problem[160];
    struct live_vp_stats s;
    struct run_result r;
    double from;
    uint64_t sleep_from, cpu;

    CHECK_EQ(pnp_driver_read(UNDIS_BUILD_DIR "/drivers/npf/npf.inf", &npf, text), 0);
    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    CHECK_EQ(live_init(2, problem), 0);
    image_init();
    seh_init();
    nt_init();
    io_driver_on_leak_check(check_pool, NULL);
    ndis_init();
    ends_init();
    CHECK_EQ(live_start(problem), 0);
    CHECK_EQ(pnp_load(&npf, &service, text), 0);
    CHECK_EQ(in_machine(bring_up), RUN_DONE);
    CHECK(status >= 0);

    from = seconds();
    CHECK_EQ(in_machine(traffic), RUN_DONE);
    CHECK(done);
    CHECK_EQ(frames_sent + frames_received, BURSTS * BURST);
    CHECK_EQ(refused, 0);
    print_message("%u frames: %.0f a second\n", BURSTS * BURST, BURSTS * BURST / (seconds() - from));

    from = seconds();
    done = false;
    CHECK_EQ(in_machine(both), RUN_DONE);
    CHECK(done);
    CHECK_EQ(cycles, CYCLES);
    CHECK(passed > 0);
    print_message("%u cycles under traffic: %.2f s, %u frames passed, %u refused\n", cycles, seconds() - from, passed,
                  refused);

    live_leave();
    cpu = host_cpu_ns();
    sleep_from = host_now_ns();
    CHECK(!live_wait(&r, 500));
    print_message("idle: %.2f %% of a processor\n",
                  100.0 * (double)(host_cpu_ns() - cpu) / (double)(host_now_ns() - sleep_from));
    CHECK((host_cpu_ns() - cpu) * 20 < host_now_ns() - sleep_from);
    live_enter();

    CHECK_EQ(in_machine(unload), RUN_DONE);
    CHECK_EQ(status, 0);
    CHECK_EQ(leaks, 0);
    CHECK(heap_check() == NULL);
    for (unsigned i = 0; i < 2; i++) {
        live_stats(i, &s);
        print_message("VP %u: %llu switches, %llu sleeps, %llu ticks\n", i, (unsigned long long)s.switches,
                      (unsigned long long)s.sleeps, (unsigned long long)s.ticks);
    }
    live_fini();
}

TEST_MAIN(TEST_CASE(live, a_million_frames_and_a_hundred_cycles))
