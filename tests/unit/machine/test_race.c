/* SPDX-License-Identifier: MIT */
/* What orders two accesses, and what does not. */
#include "test.h"

#include "machine/internal.h"
#include "machine/plain.h"
#include "machine/testing.h"

#define A (&machine->fiber[3])
#define B (&machine->fiber[4])
#define X 0x7e9045000100ull
#define Y 0x7e9045000200ull
#define L 0x7e9045000300ull

static unsigned races;
static struct race last;

static void
count(const struct race *r)
{
    races++;
    last = *r;
}

/* A new run, in which nothing has happened. */
static void
begin(void)
{
    static bool ready;

    if (!ready) {
        machine_start(2);
        machine->setup = false;
        CHECK_EQ(race_watch(count), 0);
        ready = true;
    }
    A->id = 3;
    B->id = 4;
    races = 0;
    race_begin_run();
    CHECK(race_active);
}

TEST(race, two_writes_that_nothing_orders)
{
    begin();
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_access(B, X, 8, ACCESS_WRITE, 2);
    CHECK_EQ(races, 1);
    CHECK_EQ(last.ip[0], 1);
    CHECK_EQ(last.ip[1], 2);
    CHECK_EQ(last.fiber[0], 3);
}

TEST(race, reads_never_race)
{
    begin();
    race_access(A, X, 8, ACCESS_READ, 1);
    race_access(B, X, 8, ACCESS_READ, 2);
    CHECK_EQ(races, 0);
    race_access(B, X, 4, ACCESS_WRITE, 3);
    CHECK_EQ(races, 1);
}

TEST(race, a_lock_orders_what_is_done_under_it)
{
    begin();
    race_touch(A, L);
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_touch(A, L);
    race_touch(B, L);
    race_access(B, X, 8, ACCESS_READ | ACCESS_WRITE, 2);
    CHECK_EQ(races, 0);
    race_access(A, X, 8, ACCESS_READ, 3); /* after the release: B's write is not ordered with it */
    CHECK_EQ(races, 1);
}

TEST(race, another_lock_orders_nothing)
{
    begin();
    race_touch(A, L);
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_touch(A, L);
    race_touch(B, Y);
    race_access(B, X, 8, ACCESS_WRITE, 2);
    CHECK_EQ(races, 1);
}

TEST(race, a_wake_up_orders_and_goes_one_way)
{
    begin();
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_join(B, A);
    race_access(B, X, 8, ACCESS_WRITE, 2);
    CHECK_EQ(races, 0);
    race_access(A, X, 8, ACCESS_READ, 3);
    CHECK_EQ(races, 1);
}

TEST(race, a_call_comes_before_later_callbacks_only)
{
    begin();
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_call(A);
    race_access(A, Y, 8, ACCESS_WRITE, 2);
    race_callback(B);
    race_access(B, X, 8, ACCESS_WRITE, 3);
    CHECK_EQ(races, 0);
    race_access(B, Y, 8, ACCESS_WRITE, 4);
    CHECK_EQ(races, 1);
}

TEST(race, a_processor_runs_one_after_the_other_at_dispatch)
{
    begin();
    A->vp = B->vp = 1;
    race_vp(A, true);
    race_access(A, X, 8, ACCESS_WRITE, 1);
    race_vp(A, false);
    race_vp(B, true);
    race_access(B, X, 8, ACCESS_WRITE, 2);
    CHECK_EQ(races, 0);
    race_vp(B, false);
    B->vp = 0;
    race_vp(B, true);
    race_access(B, Y, 8, ACCESS_WRITE, 3);
    race_vp(B, false);
    race_vp(A, true);
    race_access(A, Y, 8, ACCESS_WRITE, 4);
    CHECK_EQ(races, 1);
}

TEST(race, neighbouring_bytes_do_not_race)
{
    begin();
    race_access(A, X, 4, ACCESS_WRITE, 1);
    race_access(B, X + 4, 4, ACCESS_WRITE, 2);
    CHECK_EQ(races, 0);
    race_access(B, X + 3, 2, ACCESS_WRITE, 3);
    CHECK_EQ(races, 1);
    race_access(A, X + 6, 4, ACCESS_WRITE, 4); /* over two cells */
    race_access(B, X + 8, 1, ACCESS_READ, 5);
    CHECK_EQ(last.ip[0], 4);
    CHECK_EQ(last.ip[1], 5);
}

TEST(race, another_run_knows_nothing_of_this_one)
{
    begin();
    race_access(A, X, 8, ACCESS_WRITE, 1);
    begin();
    race_access(B, X, 8, ACCESS_WRITE, 2);
    CHECK_EQ(races, 0);
}

TEST_MAIN(TEST_CASE(race, two_writes_that_nothing_orders), TEST_CASE(race, reads_never_race),
          TEST_CASE(race, a_lock_orders_what_is_done_under_it), TEST_CASE(race, another_lock_orders_nothing),
          TEST_CASE(race, a_wake_up_orders_and_goes_one_way), TEST_CASE(race, a_call_comes_before_later_callbacks_only),
          TEST_CASE(race, a_processor_runs_one_after_the_other_at_dispatch),
          TEST_CASE(race, neighbouring_bytes_do_not_race), TEST_CASE(race, another_run_knows_nothing_of_this_one))
