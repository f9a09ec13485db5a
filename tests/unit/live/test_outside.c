/* SPDX-License-Identifier: MIT */
/* What comes into a live machine from outside: pollers with their descriptors, calls, threads that ask it to stop. */
#include "unit/test.h"

#include <unistd.h>

#include "host/host.h"
#include "host/thread.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/ndis.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

static int
begin(void **state)
{
    char text[256];

    (void)state;
    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    if (live_init(2, text))
        return -1;
    image_init();
    seh_init();
    nt_init();
    ndis_init();
    if (live_start(text))
        return -1;
    live_leave();
    return 0;
}

static int wake[2]; /* what the poller watches; how it answers */
static uint32_t waiting, handled, rounds_at, flushed;

static unsigned
poll_it(void *arg, unsigned budget)
{
    uint32_t n = __atomic_exchange_n(&waiting, 0, __ATOMIC_ACQ_REL);

    (void)arg;
    (void)budget;
    host_eventfd_clear(wake[0]);
    __atomic_fetch_or(&rounds_at, 1u << irql_get(), __ATOMIC_RELAXED);
    __atomic_add_fetch(&handled, n, __ATOMIC_RELEASE);
    return n;
}

static void
flush_it(void *arg)
{
    (void)arg;
    __atomic_add_fetch(&flushed, 1, __ATOMIC_RELEASE);
    live_notify(wake[1]);
}

static struct live_poller poller = { .fn = poll_it, .flush = flush_it, .fds = wake, .fd_count = 1, .vp = 1 };

static void
add(void *arg)
{
    (void)arg;
    CHECK_EQ(live_poller_add(&poller), 0);
}

static void
take_off(void *arg)
{
    (void)arg;
    live_poller_remove(&poller);
}

/* n units of work arrive; at most ten seconds until they are handled. */
static bool
arrives(uint32_t n)
{
    uint32_t before = __atomic_load_n(&handled, __ATOMIC_ACQUIRE);

    __atomic_store_n(&waiting, n, __ATOMIC_RELEASE);
    host_eventfd_add(wake[0]);
    for (unsigned i = 0; i < 10000 && __atomic_load_n(&handled, __ATOMIC_ACQUIRE) != before + n; i++)
        host_sleep_us(1000);
    return __atomic_load_n(&handled, __ATOMIC_ACQUIRE) == before + n;
}

TEST(live, a_poller_is_woken_by_its_descriptor_and_not_after_its_removal)
{
    struct live_vp_stats before, after;

    wake[0] = host_eventfd();
    wake[1] = host_eventfd();
    CHECK_EQ(live_call_wait("add", FIBER_SYSTEM, add, NULL), 0);
    for (uint32_t i = 1; i <= 20; i++)
        CHECK(arrives(i));
    CHECK_EQ(__atomic_load_n(&rounds_at, __ATOMIC_RELAXED), 1u << IRQL_DISPATCH);
    CHECK(__atomic_load_n(&flushed, __ATOMIC_ACQUIRE) > 0);
    host_sleep_us(20000);
    do { /* nothing arrives: at some time it sleeps */
        live_stats(1, &before);
        host_sleep_us(100000);
        live_stats(1, &after);
    } while (after.polls != before.polls);
    CHECK_EQ(live_call_wait("remove", FIBER_SYSTEM, take_off, NULL), 0);
    __atomic_store_n(&waiting, 1, __ATOMIC_RELEASE);
    host_eventfd_add(wake[0]);
    host_sleep_us(100000);
    CHECK_EQ(__atomic_load_n(&waiting, __ATOMIC_ACQUIRE), 1);
}

static uint32_t calls;

static void
count(void *arg)
{
    (void)arg;
    ke_sleep(-1000, "waits a little");
    calls++; /* under the machine lock */
}

static void
many(void *arg)
{
    uint32_t *left = arg;

    for (unsigned i = 0; i < 200; i++)
        if (live_call_wait("count", FIBER_SYSTEM, count, NULL))
            return;
    __atomic_sub_fetch(left, 1, __ATOMIC_RELEASE);
    host_futex_wake(left, 1);
}

TEST(live, calls_of_several_threads_run_and_their_fibers_are_used_again)
{
    static uint32_t left = 3;
    uint32_t seen;

    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(host_thread(many, &left), 0);
    while ((seen = __atomic_load_n(&left, __ATOMIC_ACQUIRE)) != 0)
        host_futex_wait(&left, seen, 1000000000);
    CHECK_EQ(calls, 600);
    CHECK(machine->fiber_count < 20);
}

static void
stopper(void *arg)
{
    (void)arg;
    host_sleep_us(20000);
    live_stop();
}

TEST(live, waits_until_another_thread_asks_it_to_stop)
{
    struct run_result r;

    CHECK(!live_wait(&r, 10));
    CHECK_EQ(host_thread(stopper, NULL), 0);
    CHECK(live_wait(&r, 60000));
    CHECK_EQ(r.end, RUN_DONE);
    live_enter();
    live_fini();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(live, a_poller_is_woken_by_its_descriptor_and_not_after_its_removal),
        TEST_CASE(live, calls_of_several_threads_run_and_their_fibers_are_used_again),
        TEST_CASE(live, waits_until_another_thread_asks_it_to_stop),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
