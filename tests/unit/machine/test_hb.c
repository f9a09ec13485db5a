/* SPDX-License-Identifier: MIT */
/*
 * What runs of the same order of events have in common, and how a strategy tells apart where fibers stand: the explorer
 * goes on from a state only once, so two that differ must not look alike.
 */
#include "unit/test.h"

#include "machine/internal.h"
#include "machine/testing.h"

#define QUESTIONS 64u

static struct question {
    struct hb_state hb;
    unsigned current;
    bool enabled;
} asked[QUESTIONS];
static unsigned questions;
static const char *first; /* the fiber of that name goes on whenever it can */
static struct fiber *parent;
static char *block; /* memory from before the run */

static unsigned
pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    if (questions < QUESTIONS)
        asked[questions++] = (struct question){ hb, v->current ? v->current->id : 0, v->current_enabled };
    for (unsigned i = 0; i < v->count; i++)
        if (v->candidate[i] && v->candidate[i]->name[0] == first[0])
            return i;
    return 0;
}

static struct strategy scripted = { .pick = pick };

static void
stay(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        sched_point(OP_INTERNAL, OBJECT_WORLD);
}

/* Returns the hash of the order of events. */
static uint64_t
run(const char *who_first, void (*a)(void *), void (*b)(void *))
{
    static bool ready;
    struct run_result r;

    if (!ready) {
        machine_start(2);
        hb_filter_enabled(false);
        block = heap_alloc(300, 0x74736574);
        machine_snapshot();
        ready = true;
    }
    machine_restore();
    questions = 0;
    first = who_first;
    parent = fiber_create("a", FIBER_SYSTEM, a, NULL, true);
    fiber_create("b", FIBER_SYSTEM, b, NULL, true);
    fiber_create("c", FIBER_SYSTEM, stay, NULL, true); /* so that there is a choice when one of them is done */
    machine_run(&scripted, &r);
    CHECK_EQ(r.end, RUN_DONE);
    return r.hb_lo;
}

/* The question that was asked when fiber a could not go on. */
static const struct question *
a_stopped(void)
{
    for (unsigned i = 1; i < questions; i++)
        if (asked[i].current == parent->id && !asked[i].enabled)
            return &asked[i];
    return NULL;
}

static void
wait_for_nothing(void *arg)
{
    (void)arg;
    sched_point(OP_INTERNAL, 0);
    sched_block(BLOCK_IDLE, 0, NULL, "has nothing to do");
}

static void
end_at_once(void *arg)
{
    (void)arg;
    sched_point(OP_INTERNAL, 0);
}

/* At its last point a fiber may still do anything; that it waits or has ended is another state, without any event. */
static void
differs_from_its_last_point(void (*a)(void *))
{
    const struct question *stopped;

    run("a", a, stay);
    stopped = a_stopped();
    CHECK(stopped != NULL && stopped[-1].current == parent->id && stopped[-1].enabled);
    CHECK_EQ(stopped->hb.lo, stopped[-1].hb.lo);
    CHECK(stopped->hb.pending != stopped[-1].hb.pending);
}

TEST(hb, a_fiber_that_waits_stands_elsewhere_than_at_its_last_point)
{
    differs_from_its_last_point(wait_for_nothing);
}

TEST(hb, a_fiber_that_ended_stands_elsewhere_than_at_its_last_point)
{
    differs_from_its_last_point(end_at_once);
}

static void
use_block(void *arg)
{
    (void)arg;
    sched_point(OP_LOCKED, (uint64_t)block + 296);
}

static void
use_another(void *arg)
{
    (void)arg;
    sched_point(OP_LOCKED, (uint64_t)block + 512);
}

static void
free_block(void *arg)
{
    (void)arg;
    sched_point(OP_INTERNAL, 0);
    CHECK_EQ(heap_free(block), HEAP_FREED);
}

TEST(hb, memory_is_given_back_before_or_after_it_is_used)
{
    CHECK(run("a", use_block, free_block) != run("b", use_block, free_block));
    CHECK_EQ(run("a", use_another, free_block), run("b", use_another, free_block));
}

static struct memory {
    void *heap, *monitor, *given_back, *again;
} got[2];

static void
allocate(void *arg)
{
    struct memory *m = &got[sched_current != parent];

    (void)arg;
    sched_point(OP_INTERNAL, 0);
    m->heap = heap_alloc(40, 0x74736574);
    m->monitor = mon_alloc(40);
    m->given_back = mon_alloc(100);
    mon_free(m->given_back, 100);
    sched_point(OP_INTERNAL, 0);
    m->again = mon_alloc(100);
}

/* An address is no event: where it told who came first, equal orders would hold unequal memory. */
TEST(hb, addresses_do_not_tell_who_came_first)
{
    struct memory then[2];

    run("a", allocate, allocate);
    memcpy(then, got, sizeof(then));
    run("b", allocate, allocate);
    CHECK(memcmp(then, got, sizeof(then)) == 0);
}

static void
only_give_back(void *arg)
{
    (void)arg;
    mon_free(got[0].given_back = mon_alloc(100), 100);
}

TEST(hb, monitor_memory_is_new_again_for_who_gave_it_back)
{
    run("a", only_give_back, allocate);
    CHECK(got[1].again == got[1].given_back);
    CHECK(got[1].again != got[0].given_back);
}

static bool made;

static void
make_for_all_and_allocate(void *arg)
{
    sched_point(OP_INTERNAL, 0);
    if (!made)
        mon_alloc_shared(100);
    made = true;
    allocate(arg);
}

TEST(hb, what_one_makes_for_all_moves_nobodys_memory)
{
    struct memory then[2];

    made = false;
    run("a", make_for_all_and_allocate, make_for_all_and_allocate);
    memcpy(then, got, sizeof(then));
    made = false;
    run("b", make_for_all_and_allocate, make_for_all_and_allocate);
    CHECK(memcmp(then, got, sizeof(then)) == 0);
}

static void *in_timer;

static void
expire(struct mtimer *t)
{
    (void)t;
    in_timer = heap_alloc(40, 0x74736574);
}

static void
set_a_timer(void *arg)
{
    (void)arg;
    mtimer_set(mon_alloc(sizeof(struct mtimer)), 1000, expire);
}

/* A timer expires over whoever happens to run. */
TEST(hb, what_a_timer_allocates_is_nobodys)
{
    run("a", set_a_timer, stay);
    CHECK_EQ(heap_find((uint64_t)in_timer)->fiber, 0);
}

static void
make_a_fiber(void *arg)
{
    (void)arg;
    sched_point(OP_INTERNAL, 0);
    fiber_create("d", FIBER_SYSTEM, end_at_once, NULL, true);
}

/* Its number, stacks and lane say so, and what user mode gets by number (src/user). */
TEST(hb, who_makes_a_fiber_first_is_part_of_the_order)
{
    uint64_t lo = run("a", make_a_fiber, make_a_fiber);

    CHECK_EQ(run("a", make_a_fiber, make_a_fiber), lo);
    CHECK(run("b", make_a_fiber, make_a_fiber) != lo);
}

TEST_MAIN(TEST_CASE(hb, a_fiber_that_waits_stands_elsewhere_than_at_its_last_point),
          TEST_CASE(hb, a_fiber_that_ended_stands_elsewhere_than_at_its_last_point),
          TEST_CASE(hb, memory_is_given_back_before_or_after_it_is_used),
          TEST_CASE(hb, addresses_do_not_tell_who_came_first),
          TEST_CASE(hb, monitor_memory_is_new_again_for_who_gave_it_back),
          TEST_CASE(hb, what_one_makes_for_all_moves_nobodys_memory),
          TEST_CASE(hb, what_a_timer_allocates_is_nobodys),
          TEST_CASE(hb, who_makes_a_fiber_first_is_part_of_the_order))
