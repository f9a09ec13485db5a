/* SPDX-License-Identifier: MIT */
/* The kernel's printf: narrow, wide, cut short. Pure functions, no machine. */
#include "nt/rtl/rtl.h"

#include "test.h"

static char text[256];

#define SHOWS(want, format, ...)                              \
    do {                                                      \
        const uint64_t va[] = { __VA_ARGS__ };                \
        int n = _snprintf_va(text, sizeof(text), format, va); \
        assert_string_equal(text, want);                      \
        assert_int_equal(n, strlen(want));                    \
    } while (0)

TEST(rtl_format, integers_follow_microsofts_sizes)
{
    SHOWS("-1 4294967295 ff", "%d %u %hhx", (uint64_t)-1, (uint64_t)-1, 0xffff);
    SHOWS("-1", "%ld", 0xffffffff); /* long is 32 bits */
    SHOWS("4294967295", "%lu", 0x1ffffffff);
    SHOWS("8589934591 1FFFFFFFF", "%I64u %I64X", 0x1ffffffff, 0x1ffffffff);
    SHOWS("-9223372036854775808", "%lld", 0x8000000000000000);
    SHOWS("ffffffffffffffff 1", "%Ix %I32d", (uint64_t)-1, 0xf00000001);
    SHOWS("0x1f 0X1F 017 0", "%#x %#X %#o %#x", 31, 31, 15, 0);
    SHOWS("000012|12    |    12|+12", "%06d|%-6d|%6d|%+d", 12, 12, 12, 12);
    SHOWS("  0012|", "%6.4d|", 12);
    SHOWS("   7|7   |", "%*d|%*d|", 4, 7, (uint64_t)-4, 7);
}

TEST(rtl_format, pointers_are_sixteen_capital_digits)
{
    SHOWS("00007E9040000ABC", "%p", 0x7e9040000abc);
}

TEST(rtl_format, strings_of_both_widths)
{
    static const WCHAR wide[] = u"wide";
    UNICODE_STRING us = { 4, 10, (PWCH)wide };
    STRING as = { 2, 5, (PCHAR) "abc" };

    SHOWS("abc wide wide wide", "%s %S %ls %ws", (uint64_t) "abc", (uint64_t)wide, (uint64_t)wide, (uint64_t)wide);
    SHOWS("abc", "%hs", (uint64_t) "abc");
    SHOWS("wi ab", "%wZ %Z", (uint64_t)&us, (uint64_t)&as);
    SHOWS("(null) (null)", "%s %wZ", 0, 0);
    SHOWS("ab|   ab|ab   |", "%.2s|%5.2s|%-5.2s|", (uint64_t) "abc", (uint64_t) "abc", (uint64_t) "abc");
    SHOWS("xy 100%", "%c%C 100%%", 'x', 'y');
}

TEST(rtl_format, unknown_conversions_print_their_letter)
{
    SHOWS("f q", "%f %q", 0);
    SHOWS("end", "end%", 0);
}

TEST(rtl_format, snprintf_cuts_without_terminator_and_returns_minus_one)
{
    const uint64_t va[] = { (uint64_t) "12345" };

    memset(text, '#', 8);
    assert_int_equal(_snprintf_va(text, 3, "%s", va), -1);
    assert_int_equal(_snprintf_va(NULL, 0, "%s", va), 5); /* how long it would be */
    assert_memory_equal(text, "123#####", 8);
    memset(text, '#', 8);
    assert_int_equal(_snprintf_va(text, 5, "%s", va), 5); /* exactly full: no terminator */
    assert_memory_equal(text, "12345###", 8);
    assert_int_equal(crt__vsnprintf(text, 6, "%s", va), 5);
    assert_string_equal(text, "12345");
}

TEST(rtl_format, secure_forms_terminate_and_empty_on_overflow)
{
    const uint64_t va[] = { (uint64_t) "12345" };

    memset(text, '#', 8);
    assert_int_equal(sprintf_s_va(text, 4, "%s", va), -1);
    assert_int_equal(text[0], 0);
    assert_int_equal(_snprintf_s_va(text, 4, (size_t)-1, "%s", va), -1); /* _TRUNCATE */
    assert_string_equal(text, "123");
    assert_int_equal(sprintf_s_va(text, 6, "%s", va), 5);
    assert_string_equal(text, "12345");
}

TEST(rtl_format, wide_printf_swaps_s_and_S)
{
    static const WCHAR want[] = u"n=7 wide narrow x";
    WCHAR out[64];
    const uint64_t va[] = { 7, (uint64_t)u"wide", (uint64_t) "narrow", 'x' };

    assert_int_equal(_snwprintf_va(out, 64, u"n=%d %s %S %c", va), 17);
    assert_memory_equal(out, want, sizeof(want));
}

TEST(rtl_format, code_page_1252_both_ways)
{
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(rtl_ansi_from_unicode(rtl_unicode_from_ansi((uint8_t)i)), i);
    assert_int_equal(rtl_unicode_from_ansi(0x80), 0x20ac);
    assert_int_equal(rtl_ansi_from_unicode(0x4e00), '?');
}

TEST_MAIN(TEST_CASE(rtl_format, integers_follow_microsofts_sizes),
          TEST_CASE(rtl_format, pointers_are_sixteen_capital_digits), TEST_CASE(rtl_format, strings_of_both_widths),
          TEST_CASE(rtl_format, unknown_conversions_print_their_letter),
          TEST_CASE(rtl_format, snprintf_cuts_without_terminator_and_returns_minus_one),
          TEST_CASE(rtl_format, secure_forms_terminate_and_empty_on_overflow),
          TEST_CASE(rtl_format, wide_printf_swaps_s_and_S), TEST_CASE(rtl_format, code_page_1252_both_ways))
