/* SPDX-License-Identifier: MIT */
/*
 * A run that goes on from a mark ends as one that began at the snapshot and was answered the same: the same points, the
 * same order of events, the same memory to the byte. Whatever ran in between.
 */
#include "unit/test.h"

#include "base/hash.h"
#include "machine/internal.h"
#include "machine/testing.h"

#define NONE UINT32_MAX

/* Answers by number of the question; a mark is made at one of them. */
static uint64_t seed;
static unsigned asked, mark_at;
static bool kept;
static uint64_t questions; /* hash of where the order and all fibers stood at each since the run or the mark */

static unsigned
pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    if (asked == mark_at)
        kept = run_mark(0);
    if (asked >= mark_at)
        questions = hash64_add(hash64_add(questions, hb.lo), hb.pending);
    return (unsigned)(hash_mix64(seed * 1000 + asked++) % v->count);
}

static struct strategy scripted = { .pick = pick };

static char *shared_block, *to_free; /* from before the snapshot */
static uint64_t *remembered;         /* monitor memory, of all */
static struct waking {
    struct mtimer timer;
    struct fiber *fiber;
} *waking; /* monitor memory */

static void
wake(struct mtimer *t)
{
    sched_wake(((struct waking *)t)->fiber);
}

static void
child(void *arg)
{
    sched_point(OP_INTERNAL, (uint64_t)shared_block);
    shared_block[1] = (char)(uintptr_t)arg;
}

/* Some of everything that a run changes. */
static void
work(void *arg)
{
    unsigned who = (unsigned)(uintptr_t)arg;
    char *mine = heap_alloc(100 + who, 0x74736574), *user, *noted, *on_stack;

    sched_point(OP_INTERNAL, OBJECT_WORLD);
    shared_block[0] = (char)who;
    remembered[who] = remembered[0]++;
    noted = mon_alloc(200);
    memset(noted, (int)who, 200);
    on_stack = guest_alloc(300);
    memset(on_stack, (int)who, 300);
    sched_point(OP_INTERNAL, (uint64_t)mine);
    if (noted[199] != (char)who || on_stack[0] != (char)who)
        run_end(RUN_FAULT, "a fiber's own memory changed");
    fiber_create("child", FIBER_SYSTEM, child, arg, false);
    user = user_alloc(40);
    memset(user, (int)remembered[0], 40);
    sched_point(OP_INTERNAL, (uint64_t)shared_block);
    mon_free(noted, 200);
    heap_free(mine);
    if (who == 1)
        heap_free(to_free);
    for (int i = 0; who == 2 && i < 2; i++) {
        mtimer_set(&waking->timer, machine_now() + 50, wake);
        waking->fiber = fiber_self();
        sched_block(BLOCK_WAIT, (uint64_t)waking, NULL, "waits for the timer");
    }
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    heap_alloc(50, 0x74736574);
}

static int
set_up(void **state)
{
    (void)state;
    machine_start(2);
    hb_filter_enabled(false); /* else who has touched what in other runs decides what is asked */
    shared_block = heap_alloc(16, 0x74736574);
    to_free = heap_alloc(5000, 0x74736574);
    remembered = mon_alloc(64);
    waking = mon_alloc(sizeof(*waking));
    return machine_snapshot() || machine_guard();
}

struct ending {
    struct run_result r;
    struct hash128 memory;
    uint64_t blocks, questions, remembered[4];
    unsigned asked;
};

static void
add_block(struct heap_block *b, void *arg)
{
    uint64_t *sum = arg;

    *sum = hash64_add(hash64_add(*sum, b->address), b->size + b->fiber);
}

static struct ending
ending(const struct run_result *r)
{
    struct ending e = { .r = *r, .memory = machine_digest(), .questions = questions, .asked = asked };

    memcpy(e.remembered, remembered, sizeof(e.remembered));
    heap_each(add_block, &e.blocks);
    return e;
}

static struct ending
run(uint64_t with, unsigned mark)
{
    struct run_result r;

    trap_init(); /* cmocka takes the signals before each test */
    machine_restore();
    for (uintptr_t i = 1; i <= 3; i++)
        fiber_create("worker", FIBER_SYSTEM, work, (void *)i, false);
    seed = with;
    asked = 0;
    questions = 0;
    mark_at = mark;
    machine_run(&scripted, &r);
    CHECK_EQ(r.end, RUN_DONE);
    return ending(&r);
}

static struct ending
run_from_mark(uint64_t with, unsigned mark)
{
    struct run_result r;

    seed = with;
    asked = mark;
    questions = 0;
    machine_run_from(0, &scripted, &r);
    CHECK_EQ(r.end, RUN_DONE);
    return ending(&r);
}

static void
check_equal(const struct ending *a, const struct ending *b)
{
    CHECK_EQ(a->r.points, b->r.points);
    CHECK_EQ(a->r.preemptions, b->r.preemptions);
    CHECK_EQ(a->r.hb_lo, b->r.hb_lo);
    CHECK_EQ(a->r.hb_hi, b->r.hb_hi);
    CHECK_EQ(a->asked, b->asked);
    CHECK_EQ(a->blocks, b->blocks);
    CHECK(hash128_equal(a->memory, b->memory));
    CHECK_MEM(a->remembered, b->remembered, sizeof(a->remembered));
}

TEST(mark, a_run_from_any_question_ends_as_one_from_the_snapshot)
{
    unsigned different = 0;

    for (uint64_t with = 1; with <= 6; with++) {
        struct ending whole = run(with, NONE);

        for (unsigned at = 1; at < whole.asked; at++) { /* the first is asked with no fiber running */
            struct ending marked = run(with, at), other, again;

            CHECK(kept);
            check_equal(&whole, &marked);
            other = run_from_mark(with + 7, at);
            different += other.r.hb_lo != whole.r.hb_lo;
            again = run_from_mark(with, at);
            check_equal(&whole, &again);
            CHECK_EQ(again.questions, marked.questions);
            CHECK(again.r.points_before > 0 && again.r.points_before <= again.r.points);
            run(with + 3, NONE);
            again = run_from_mark(with, at);
            check_equal(&whole, &again);
        }
    }
    CHECK(different > 20);
}

TEST(mark, the_snapshot_is_still_there_after_runs_from_a_mark)
{
    struct ending whole = run(1, NONE), again;

    run(1, whole.asked / 2);
    run_from_mark(9, whole.asked / 2);
    again = run(1, NONE);
    check_equal(&whole, &again);
    CHECK_EQ(again.r.points_before, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(mark, a_run_from_any_question_ends_as_one_from_the_snapshot),
        TEST_CASE(mark, the_snapshot_is_still_there_after_runs_from_a_mark),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
