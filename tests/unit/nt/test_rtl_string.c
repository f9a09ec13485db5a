/* SPDX-License-Identifier: MIT */
/* Counted strings, conversions, numbers, GUIDs, C strings, bitmaps, time, addresses, versions. */
#include "nt/rtl/rtl.h"

#include "test.h"

static UNICODE_STRING
us(const WCHAR *text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

TEST(rtl_string, init_counts_bytes_and_room)
{
    UNICODE_STRING s = us(u"abc");
    ANSI_STRING a;

    assert_int_equal(s.Length, 6);
    assert_int_equal(s.MaximumLength, 8);
    RtlInitUnicodeString(&s, NULL);
    assert_null(s.Buffer);
    assert_int_equal(s.MaximumLength, 0);
    RtlInitAnsiString(&a, "xyz");
    assert_int_equal(a.Length, 3);
    assert_int_equal(a.MaximumLength, 4);
}

TEST(rtl_string, comparison_without_case)
{
    UNICODE_STRING a = us(u"\\Device\\Npf_Äé"), b = us(u"\\DEVICE\\npf_äÉ"), c = us(u"\\Device\\NpfX");

    assert_true(RtlEqualUnicodeString(&a, &b, TRUE));
    assert_false(RtlEqualUnicodeString(&a, &b, FALSE));
    assert_true(RtlCompareUnicodeString(&a, &c, TRUE) != 0);
    c = us(u"\\device");
    assert_true(RtlPrefixUnicodeString(&c, &a, TRUE));
    assert_false(RtlPrefixUnicodeString(&c, &a, FALSE));
    c = us(u"ä");
    assert_int_equal(RtlDowncaseUnicodeChar(u'Ä'), u'ä');
    assert_int_equal(RtlDowncaseUnicodeChar(u'ä'), u'ä');
    assert_int_equal(RtlDowncaseUnicodeChar(u'Я'), u'я');
    assert_int_equal(RtlDowncaseUnicodeChar(u'@'), u'@');
}

TEST(rtl_string, append_needs_room_and_terminates_if_it_can)
{
    WCHAR buffer[8];
    UNICODE_STRING s = { 0, sizeof(buffer), buffer };
    UNICODE_STRING tail = us(u"cd");

    assert_int_equal(RtlAppendUnicodeToString(&s, u"ab"), STATUS_SUCCESS);
    assert_int_equal(RtlAppendUnicodeStringToString(&s, &tail), STATUS_SUCCESS);
    assert_int_equal(s.Length, 8);
    assert_memory_equal(buffer, u"abcd", 10);
    assert_int_equal(RtlAppendUnicodeToString(&s, u"efgh"), STATUS_SUCCESS); /* full, no terminator */
    assert_int_equal(RtlAppendUnicodeToString(&s, u"i"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(s.Length, 16);
    assert_int_equal(RtlAppendUnicodeToString(&s, NULL), STATUS_SUCCESS);
    s.MaximumLength = 4;
    tail = us(u"xyz");
    RtlCopyUnicodeString(&s, &tail);
    assert_int_equal(s.Length, 4);
}

TEST(rtl_string, conversion_into_given_buffers)
{
    WCHAR wide[8];
    char narrow[8];
    UNICODE_STRING w = { 0, sizeof(wide), wide };
    ANSI_STRING a = { 0, sizeof(narrow), narrow };
    ANSI_STRING from;

    RtlInitAnsiString(&from, "caf\xe9");
    assert_int_equal(RtlAnsiStringToUnicodeString(&w, &from, FALSE), STATUS_SUCCESS);
    assert_memory_equal(wide, u"café", 10);
    assert_int_equal(RtlUnicodeStringToAnsiString(&a, &w, FALSE), STATUS_SUCCESS);
    assert_string_equal(narrow, "caf\xe9");
    a.MaximumLength = 3;
    assert_int_equal(RtlUnicodeStringToAnsiString(&a, &w, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(narrow, "ca");
    w.MaximumLength = 8;
    assert_int_equal(RtlAnsiStringToUnicodeString(&w, &from, FALSE), STATUS_BUFFER_OVERFLOW);
}

TEST(rtl_string, utf8_says_what_it_could_not_map)
{
    WCHAR wide[8];
    char narrow[16];
    ULONG n;

    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &n, "a\xc3\xa9\xf0\x9f\x98\x80", 7), STATUS_SUCCESS);
    assert_int_equal(n, 8);
    assert_int_equal(wide[2], 0xd83d);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &n, wide, 8), STATUS_SUCCESS);
    assert_int_equal(n, 7);
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, &n, "\xff", 1), STATUS_SOME_NOT_MAPPED);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 2, &n, "ab", 2), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(n, 2);
}

TEST(rtl_string, numbers_to_text_and_back)
{
    WCHAR buffer[12];
    UNICODE_STRING s = { 0, sizeof(buffer), buffer };
    ULONG v;

    assert_int_equal(RtlIntegerToUnicodeString(4294967295u, 10, &s), STATUS_SUCCESS);
    assert_memory_equal(buffer, u"4294967295", 22);
    assert_int_equal(RtlIntegerToUnicodeString(255, 16, &s), STATUS_SUCCESS);
    assert_memory_equal(buffer, u"FF", 6);
    assert_int_equal(RtlIntegerToUnicodeString(255, 7, &s), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIntegerToUnicodeString(0xffff, 2, &s), STATUS_BUFFER_OVERFLOW);
    s = us(u"  -0x1Fz");
    assert_int_equal(RtlUnicodeStringToInteger(&s, 0, &v), STATUS_SUCCESS);
    assert_int_equal(v, (ULONG)-31);
    assert_int_equal(RtlCharToInteger("12x", 10, &v), STATUS_SUCCESS);
    assert_int_equal(v, 12);
    assert_int_equal(crt_strtoul("0x10", NULL, 0), 16);
    assert_int_equal(crt_strtol("-99999999999", NULL, 10), MINLONG);
    assert_int_equal(crt_atoi(" 42abc"), 42);
}

TEST(rtl_string, guids_parse)
{
    UNICODE_STRING s = us(u"{01234567-89aB-cDEf-0123-456789abcdef}");
    GUID g;

    assert_int_equal(RtlGUIDFromString(&s, &g), STATUS_SUCCESS);
    assert_int_equal(g.Data1, 0x01234567);
    assert_int_equal(g.Data3, 0xcdef);
    assert_int_equal(g.Data4[7], 0xef);
    s.Buffer = (PWCH)u"{01234567-89aB-cDEf-0123-456789abcdeg}";
    assert_int_equal(RtlGUIDFromString(&s, &g), STATUS_INVALID_PARAMETER);
}

TEST(rtl_string, secure_copies)
{
    char b[4];

    assert_int_equal(crt_strcpy_s(b, 4, "abc"), 0);
    assert_int_equal(crt_strcat_s(b, 4, "d"), 34);
    assert_int_equal(b[0], 0);
    assert_int_equal(crt_strcpy_s(b, 4, "abcd"), 34);
    assert_int_equal(crt_strncpy_s(b, 4, "abcdef", (size_t)-1), 80);
    assert_string_equal(b, "abc");
    assert_int_equal(crt_strcmp("b", "a"), 1);
    assert_ptr_equal(crt_strstr("haystack", "zz"), NULL);
    assert_true(crt__wcsicmp(u"ÄB", u"äb") == 0);
    assert_int_equal(RtlCompareMemory("abcd", "abXd", 4), 2);
}

TEST(rtl_string, bitmaps_find_runs_from_the_hint_and_wrap)
{
    ULONG bits[2] = { 0, 0 };
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, bits, 40);
    RtlSetBits(&map, 0, 30);
    assert_int_equal(RtlFindClearBits(&map, 10, 0), 30);
    assert_int_equal(RtlFindClearBits(&map, 11, 0), 0xffffffff);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 2, 35), 35);
    assert_int_equal(RtlFindClearBits(&map, 5, 36), 30);
    assert_int_equal(RtlNumberOfSetBits(&map), 32);
    assert_int_equal(RtlNumberOfClearBits(&map), 8);
    RtlClearBits(&map, 3, 4);
    assert_int_equal(RtlFindClearBits(&map, 4, 38), 3);
    assert_int_equal(RtlFindSetBits(&map, 3, 0), 0);
    assert_int_equal(RtlFindMostSignificantBit(0), -1);
    assert_int_equal(RtlFindLeastSignificantBit(0x80), 7);
}

TEST(rtl_string, time_fields_round_trip)
{
    static const struct {
        int64_t time;
        CSHORT y, m, d, wd;
    } known[] = {
        { 0, 1601, 1, 1, 1 },
        { 116444736000000000, 1970, 1, 1, 4 },
        { 125963423990000000, 2000, 2, 29, 2 }, /* 23:59:59 */
        { 132223104000000000, 2020, 1, 1, 3 },
    };

    for (unsigned i = 0; i < 4; i++) {
        LARGE_INTEGER t = { .QuadPart = known[i].time }, back;
        TIME_FIELDS f;

        RtlTimeToTimeFields(&t, &f);
        assert_int_equal(f.Year, known[i].y);
        assert_int_equal(f.Month, known[i].m);
        assert_int_equal(f.Day, known[i].d);
        assert_int_equal(f.Weekday, known[i].wd);
        assert_true(RtlTimeFieldsToTime(&f, &back));
        assert_int_equal(back.QuadPart, t.QuadPart);
    }
    for (int64_t day = 0; day < 200000; day += 13) {
        LARGE_INTEGER t = { .QuadPart = day * 864000000000ll + 123456 * 10000ll }, back;
        TIME_FIELDS f;

        RtlTimeToTimeFields(&t, &f);
        assert_true(RtlTimeFieldsToTime(&f, &back));
        assert_int_equal(back.QuadPart, t.QuadPart);
    }
}

TEST(rtl_string, addresses_as_text)
{
    static const struct {
        uint8_t a[16];
        const char *text;
    } six[] = {
        { { 0 }, "::" },
        { { [15] = 1 }, "::1" },
        { { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, "2001:db8::1" },
        { { 0xfe, 0x80, [8] = 2, [9] = 0, [13] = 5 }, "fe80::200:0:5:0" },
        { { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 }, "::ffff:10.0.0.1" },
    };
    char text[64];
    uint8_t bytes[16];
    uint32_t four;
    PCSTR end;
    ULONG room = 8;

    for (unsigned i = 0; i < 5; i++) {
        PSTR at = RtlIpv6AddressToStringA((const struct in6_addr *)six[i].a, text);

        assert_string_equal(text, six[i].text);
        assert_ptr_equal(at, text + strlen(text));
        assert_int_equal(RtlIpv6StringToAddressA(text, &end, (struct in6_addr *)bytes), STATUS_SUCCESS);
        assert_memory_equal(bytes, six[i].a, 16);
        assert_int_equal(*end, 0);
    }
    assert_int_equal(RtlIpv6StringToAddressA("1:2:3", &end, (struct in6_addr *)bytes), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv4StringToAddressA("192.168.1.2:80", TRUE, &end, (struct in_addr *)&four), STATUS_SUCCESS);
    assert_string_equal(end, ":80");
    assert_int_equal(four, 0x0201a8c0);
    assert_int_equal(RtlIpv4StringToAddressA("10.1", FALSE, &end, (struct in_addr *)&four), STATUS_SUCCESS);
    assert_int_equal(four, 0x0100000a);
    assert_int_equal(RtlIpv4StringToAddressA("1.2.3", TRUE, &end, (struct in_addr *)&four), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv4AddressToStringExA((const struct in_addr *)&four, 0x5000, text, &room),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(room, 12);
    assert_int_equal(RtlIpv4AddressToStringExA((const struct in_addr *)&four, 0x5000, text, &room), STATUS_SUCCESS);
    assert_string_equal(text, "10.0.0.1:80");
}

TEST(rtl_string, version_is_windows_10)
{
    RTL_OSVERSIONINFOEXW v = { .dwOSVersionInfoSize = sizeof(v) };
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);

    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&v), STATUS_SUCCESS);
    assert_int_equal(v.dwMajorVersion, 10);
    assert_int_equal(v.wProductType, NtProductWinNt);
    mask = VerSetConditionMask(mask, VER_MINORVERSION, VER_GREATER_EQUAL);
    v.dwMajorVersion = 6;
    v.dwMinorVersion = 2;
    assert_int_equal(RtlVerifyVersionInfo(&v, VER_MAJORVERSION | VER_MINORVERSION, mask), STATUS_SUCCESS);
    v.dwMajorVersion = 11;
    assert_int_equal(RtlVerifyVersionInfo(&v, VER_MAJORVERSION, mask), STATUS_REVISION_MISMATCH);
}

TEST_MAIN(TEST_CASE(rtl_string, init_counts_bytes_and_room), TEST_CASE(rtl_string, comparison_without_case),
          TEST_CASE(rtl_string, append_needs_room_and_terminates_if_it_can),
          TEST_CASE(rtl_string, conversion_into_given_buffers), TEST_CASE(rtl_string, utf8_says_what_it_could_not_map),
          TEST_CASE(rtl_string, numbers_to_text_and_back), TEST_CASE(rtl_string, guids_parse),
          TEST_CASE(rtl_string, secure_copies), TEST_CASE(rtl_string, bitmaps_find_runs_from_the_hint_and_wrap),
          TEST_CASE(rtl_string, time_fields_round_trip), TEST_CASE(rtl_string, addresses_as_text),
          TEST_CASE(rtl_string, version_is_windows_10))
