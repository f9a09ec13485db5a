/* SPDX-License-Identifier: MIT */
/*
 * unit/base/test_fmt.c - the formatter against stdio where they agree, and against the rules where they differ.
 */
#include "test.h"

#include <limits.h>

#include "base/fmt.h"

/* flags that C says are ignored are ignored here too; the compiler need not say so */
#pragma GCC diagnostic ignored "-Wformat"

/* What stdio prints is what fmt prints, in every width and flag both know. */
#define SAME(...)                                                 \
    do {                                                          \
        char want[256], got[256];                                 \
        int want_len = snprintf(want, sizeof(want), __VA_ARGS__); \
        size_t got_len = fmt(got, sizeof(got), __VA_ARGS__);      \
        CHECK_STR(got, want);                                     \
        CHECK_EQ(got_len, want_len);                              \
    } while (0)

#define IS(want, ...)                       \
    do {                                    \
        char got[256];                      \
        fmt(got, sizeof(got), __VA_ARGS__); \
        CHECK_STR(got, want);               \
    } while (0)

TEST(fmt, integers_print_as_stdio_prints_them)
{
    SAME("%d %i %u", -5, 7, 4000000000u);
    SAME("%d %d %lld", INT_MAX, INT_MIN, LLONG_MIN);
    SAME("%x %X %#x %#x", 0xabcdu, 0xabcdu, 0xabcdu, 0u);
    SAME("%08x|%-8x|%8x|%.6x", 0x12u, 0x12u, 0x12u, 0x12u);
    SAME("%llx %lx %zx %zu %jd", ~0ull, 1ul << 40, (size_t)7, (size_t)9, (intmax_t)-1);
    SAME("%hhx %hx %hd %hhd", 0xff, 0xffff, -1, -1);
    SAME("%+d % d %+d %05d %-5d|", 3, 3, -3, -42, -42);
    SAME("%*d|%-*d|%.*d", 6, 1, 6, 1, 4, 1);
    SAME("%o %.0d|%5.3d|%05.3d", 8u, 0, 7, 7);
}

TEST(fmt, strings_print_as_stdio_prints_them)
{
    SAME("%s|%5s|%-5s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
    SAME("%c%c%%", 'a', 'b');
    SAME("%5c|%-5c|", 'a', 'b');
    IS("(null) (nu", "%s %.3s", (char *)NULL, (char *)NULL);
}

TEST(fmt, pointer_is_sixteen_digits)
{
    IS("00007e9000000000", "%p", (void *)0x7e9000000000);
    IS("0000000000000000", "%p", (void *)0);
}

TEST(fmt, wide_strings_come_out_as_utf8)
{
    IS("a\xc3\xa4\xe2\x82\xac|", "%ls|", u"a\u00e4\u20ac");
    IS("ab", "%.2ls", u"abc");
    IS("\xf0\x9f\x98\x80 \xef\xbf\xbd", "%ls %ls", u"\U0001f600", (uint16_t[]){ 0xd800, 0 });
    IS("  ab|ab  |", "%4ws|%-4S|", u"ab", u"ab");
    IS("\xe2\x82\xac", "%lc", 0x20ac);
}

TEST(fmt, counted_strings_end_at_their_length)
{
    struct fmt_ustring wide = { 4, 6, (const uint16_t *)u"abc" };
    struct fmt_astring narrow = { 2, 3, "abc" };
    struct fmt_ustring broken = { 4, 4, NULL };

    IS("ab ab [   ab]", "%wZ %Z [%5wZ]", &wide, &narrow, &wide);
    IS("(null) (null)", "%wZ %wZ", NULL, &broken);
}

TEST(fmt, output_is_cut_and_terminated_and_its_length_told)
{
    char out[4] = "zzz";

    CHECK_EQ(fmt(out, sizeof(out), "%d", 12345), 5);
    CHECK_STR(out, "123");
    CHECK_EQ(fmt(NULL, 0, "%s", "abc"), 3);
    CHECK_EQ(fmt(out, 1, "abc"), 3);
    CHECK_STR(out, "");
}

TEST(fmt, append_continues_a_string)
{
    char out[8] = "";

    CHECK_EQ(fmt_append(out, sizeof(out), "%s", "abc"), 3);
    CHECK_EQ(fmt_append(out, sizeof(out), "%d", 123456), 9);
    CHECK_STR(out, "abc1234");
}

TEST(fmt, slots_are_read_in_the_windows_way)
{
    char out[128];
    uint64_t slots[] = { 0xffffffff80000000ull, 5, (uintptr_t) "n", (uintptr_t)u"w", 0xfffff80000000001ull, 1 };

    fmt_slots(out, sizeof(out), FMT_WINDOWS, "%lx %ld %s %S %p %I64d", slots);
    CHECK_STR(out, "80000000 5 n w FFFFF80000000001 1");
}

TEST(fmt, unknown_conversions_are_copied)
{
    IS("%k 7", "%k %d", 7);
    IS("end%", "end%");
    IS("%5", "%5");
}

TEST_MAIN(TEST_CASE(fmt, integers_print_as_stdio_prints_them), TEST_CASE(fmt, strings_print_as_stdio_prints_them),
          TEST_CASE(fmt, pointer_is_sixteen_digits), TEST_CASE(fmt, wide_strings_come_out_as_utf8),
          TEST_CASE(fmt, counted_strings_end_at_their_length),
          TEST_CASE(fmt, output_is_cut_and_terminated_and_its_length_told), TEST_CASE(fmt, append_continues_a_string),
          TEST_CASE(fmt, slots_are_read_in_the_windows_way), TEST_CASE(fmt, unknown_conversions_are_copied))
