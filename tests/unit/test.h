/* SPDX-License-Identifier: MIT */
/*
 * unit/test.h - cmocka with the words of this project's tests.
 *
 *     TEST(list, pops_in_insertion_order)
 *     {
 *         ...
 *         CHECK_EQ(list_count(&list), 3);
 *     }
 *
 *     TEST_MAIN(TEST_CASE(list, pops_in_insertion_order))
 *
 * A test's name states the situation and the outcome.
 */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST(area, name) static void test_##area##_##name(void **state __attribute__((unused)))
#define TEST_CASE(area, name)                                   \
    {                                                           \
#area "_" #name, test_##area##_##name, NULL, NULL, NULL \
    }
/* setup and teardown: int (*)(void **state) */
#define TEST_CASE_WITH(area, name, setup, teardown)                  \
    {                                                                \
#area "_" #name, test_##area##_##name, setup, teardown, NULL \
    }

#define TEST_MAIN(...)                                     \
    int main(void)                                         \
    {                                                      \
        const struct CMUnitTest tests[] = { __VA_ARGS__ }; \
                                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);  \
    }

#define CHECK(condition)     _assert_true((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_EQ(a, b)       assert_int_equal(a, b)
#define CHECK_NE(a, b)       assert_int_not_equal(a, b)
#define CHECK_STR(a, b)      assert_string_equal(a, b)
#define CHECK_MEM(a, b, len) assert_memory_equal(a, b, len)

/* Skip the rest of this test: say why before. */
#define SKIP(why)                            \
    do {                                     \
        print_message("skipped: %s\n", why); \
        skip();                              \
    } while (0)

#endif
