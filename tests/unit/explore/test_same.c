/* SPDX-License-Identifier: MIT */
/* Orders met again: which are kept, and what their memory is compared with. */
#include "test.h"

#include "explore/same.c"

static struct hash128 memory;

struct hash128
machine_digest_on_the_way(void)
{
    return memory;
}

/* An order that is kept whatever came before it. */
static uint64_t
kept_always(void)
{
    uint64_t lo = 1;

    while (hash_mix64(lo) % ONE_IN != 0)
        lo++;
    return lo;
}

TEST(same, an_order_met_again_must_have_led_to_its_memory)
{
    uint64_t lo = kept_always();

    same_forget();
    memory = (struct hash128){ 1, 2 };
    CHECK_EQ(same_compare(lo, 7), SAME_NOT_COMPARED);
    CHECK_EQ(same_compare(lo, 7), SAME_EQUAL);
    memory.lo ^= 1;
    CHECK_EQ(same_compare(lo, 7), SAME_DIFFERENT);
    CHECK_EQ(same_compare(lo, 8), SAME_NOT_COMPARED);
}

TEST(same, each_is_compared_a_few_times_only)
{
    uint64_t lo = kept_always();

    same_forget();
    for (unsigned i = 0; i <= COMPARED; i++)
        CHECK_EQ(same_compare(lo, 7), i == 0 ? SAME_NOT_COMPARED : SAME_EQUAL);
    CHECK_EQ(same_compare(lo, 7), SAME_NOT_COMPARED);
}

TEST(same, a_bound_that_begins_forgets)
{
    uint64_t lo = kept_always();

    same_forget();
    same_compare(lo, 7);
    same_forget();
    CHECK_EQ(same_compare(lo, 7), SAME_NOT_COMPARED);
}

/* A small search has some of its orders compared, a large one a fixed part of them. */
TEST(same, some_of_many_orders_are_kept)
{
    unsigned early = 0, late = 0;

    same_forget();
    for (uint64_t i = 1; i <= 100000; i++) {
        same_compare(i, i * 3);
        if (same_compare(i, i * 3) == SAME_EQUAL)
            *(i <= 200 ? &early : &late) += 1;
    }
    CHECK(early >= 200 / FIRST_IN / 2);
    CHECK(late > 99800 / ONE_IN / 2 && late < FIRST + 2 * 99800 / ONE_IN);
}

TEST_MAIN(TEST_CASE(same, an_order_met_again_must_have_led_to_its_memory),
          TEST_CASE(same, each_is_compared_a_few_times_only), TEST_CASE(same, a_bound_that_begins_forgets),
          TEST_CASE(same, some_of_many_orders_are_kept))
