/* SPDX-License-Identifier: MIT */
/* rtl_string.c - counted strings: case, prefixes and suffixes, hashes; conversions between code pages and numbers. */
#include "ddi.h"

static VOID
InitNarrow(VOID)
{
    STRING s;

    RtlInitString(&s, "ndis");
    CHECK(s.Length == 4 && s.MaximumLength == 5);
    RtlInitString(&s, NULL);
    CHECK(s.Length == 0 && s.MaximumLength == 0 && s.Buffer == NULL);
}

static WCHAR Long[32768]; /* one more than a counted string can hold with its zero */

static VOID
InitExTooLong(VOID)
{
    UNICODE_STRING s;
    ULONG i;

    CHECK(RtlInitUnicodeStringEx(&s, L"npf") == STATUS_SUCCESS);
    CHECK(s.Length == 6 && s.MaximumLength == 8);
    for (i = 0; i < RTL_NUMBER_OF(Long) - 1; i++)
        Long[i] = L'a';
    CHECK(RtlInitUnicodeStringEx(&s, Long) == STATUS_NAME_TOO_LONG);
}

static VOID
CopyNarrowTruncates(VOID)
{
    CHAR buffer[4];
    STRING to = { 0, sizeof(buffer), buffer };
    STRING from = RTL_CONSTANT_STRING("adapter");

    RtlCopyString(&to, &from);
    CHECK(to.Length == 4 && buffer[3] == 'p');
    RtlCopyString(&to, NULL);
    CHECK(to.Length == 0);
}

static VOID
EqualNarrow(VOID)
{
    STRING a = RTL_CONSTANT_STRING("Ethernet");
    STRING b = RTL_CONSTANT_STRING("eTHERNET");
    STRING c = RTL_CONSTANT_STRING("Ethernet2");

    CHECK(RtlEqualString(&a, &b, TRUE));
    CHECK(!RtlEqualString(&a, &b, FALSE));
    CHECK(!RtlEqualString(&a, &c, TRUE));
}

static VOID
Suffix(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\npf");
    UNICODE_STRING tail = RTL_CONSTANT_STRING(L"NPF");
    UNICODE_STRING other = RTL_CONSTANT_STRING(L"npg");

    CHECK(RtlSuffixUnicodeString(&tail, &name, TRUE));
    CHECK(!RtlSuffixUnicodeString(&tail, &name, FALSE));
    CHECK(!RtlSuffixUnicodeString(&other, &name, TRUE));
    CHECK(!RtlSuffixUnicodeString(&name, &tail, TRUE));
}

static VOID
Hash(VOID)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"Miniport");
    UNICODE_STRING b = RTL_CONSTANT_STRING(L"mINIPORT");
    ULONG one = 0, two = 1;

    CHECK(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &one) == STATUS_SUCCESS);
    CHECK(RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_X65599, &two) == STATUS_SUCCESS);
    CHECK(one == two);
    CHECK(RtlHashUnicodeString(&b, FALSE, HASH_STRING_ALGORITHM_X65599, &two) == STATUS_SUCCESS);
    CHECK(one != two);
    CHECK(RtlHashUnicodeString(&a, TRUE, 77, &one) == STATUS_INVALID_PARAMETER);
    CHECK(RtlHashUnicodeString(NULL, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &one) == STATUS_INVALID_PARAMETER);
    CHECK(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_DEFAULT, NULL) == STATUS_INVALID_PARAMETER);
}

static VOID
ChangesCase(VOID)
{
    UNICODE_STRING from = RTL_CONSTANT_STRING(L"Npf-1");
    UNICODE_STRING upper = RTL_CONSTANT_STRING(L"NPF-1");
    UNICODE_STRING lower = RTL_CONSTANT_STRING(L"npf-1");
    WCHAR buffer[4];
    UNICODE_STRING small = { 0, sizeof(buffer), buffer };
    UNICODE_STRING to;

    REQUIRE(RtlUpcaseUnicodeString(&to, &from, TRUE) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&to, &upper, FALSE));
    CHECK(RtlDowncaseUnicodeString(&to, &from, FALSE) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&to, &lower, FALSE));
    RtlFreeUnicodeString(&to);
    CHECK(RtlUpcaseUnicodeString(&small, &from, FALSE) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlDowncaseUnicodeString(&small, &from, FALSE) == STATUS_BUFFER_OVERFLOW);
}

static VOID
ChangesCaseOfOne(VOID)
{
    CHAR buffer[4];
    STRING to = { 0, sizeof(buffer), buffer };
    STRING from = RTL_CONSTANT_STRING("mini");

    CHECK(RtlUpcaseUnicodeChar(L'n') == L'N' && RtlUpcaseUnicodeChar(L'7') == L'7');
    CHECK(RtlUpcaseUnicodeChar(0xe9) == 0xc9); /* e with an acute accent */
    CHECK(RtlDowncaseUnicodeChar(L'N') == L'n' && RtlDowncaseUnicodeChar(L'n') == L'n');
    CHECK(RtlUpperChar('x') == 'X' && RtlUpperChar('-') == '-');
    RtlUpperString(&to, &from);
    CHECK(to.Length == 4 && RtlCompareMemory(buffer, "MINI", 4) == 4);
}

static VOID
Sizes(VOID)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"ndis");
    ANSI_STRING narrow = RTL_CONSTANT_STRING("ndis");

    CHECK(RtlxUnicodeStringToAnsiSize(&wide) == 5);
    CHECK(RtlUnicodeStringToAnsiSize(&wide) == 5);
    CHECK(RtlxAnsiStringToUnicodeSize(&narrow) == 10);
}

static VOID
StringsTooSmall(VOID)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"adapter");
    ANSI_STRING narrow = RTL_CONSTANT_STRING("adapter");
    WCHAR wide_buffer[4];
    CHAR narrow_buffer[4];
    UNICODE_STRING to_wide = { 0, sizeof(wide_buffer), wide_buffer };
    ANSI_STRING to_narrow = { 0, sizeof(narrow_buffer), narrow_buffer };

    CHECK(RtlAnsiStringToUnicodeString(&to_wide, &narrow, FALSE) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlUnicodeStringToAnsiString(&to_narrow, &wide, FALSE) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlAppendUnicodeStringToString(&to_wide, &wide) == STATUS_BUFFER_TOO_SMALL);
    CHECK(to_wide.Length == 0);
}

static VOID
MultiByte(VOID)
{
    CHAR narrow[8];
    WCHAR wide[8];
    ULONG bytes = 0;

    CHECK(RtlUnicodeToMultiByteN(narrow, sizeof(narrow), &bytes, L"npf", 6) == STATUS_SUCCESS);
    CHECK(bytes == 3 && RtlCompareMemory(narrow, "npf", 3) == 3);
    /* documented: what does not fit is cut off, which is a success, too */
    CHECK(RtlUnicodeToMultiByteN(narrow, 2, &bytes, L"npf", 6) == STATUS_SUCCESS);
    CHECK(bytes == 2);
    CHECK(RtlMultiByteToUnicodeN(wide, sizeof(wide), &bytes, "npf", 3) == STATUS_SUCCESS);
    CHECK(bytes == 6 && wide[2] == L'f');
    CHECK(RtlMultiByteToUnicodeN(wide, 4, &bytes, "npf", 3) == STATUS_SUCCESS);
    CHECK(bytes == 4);
}

static VOID
Utf8ToUnicode(VOID)
{
    static const CHAR euro[] = { '1', (CHAR)0xe2, (CHAR)0x82, (CHAR)0xac };
    static const CHAR bad[] = { 'a', (CHAR)0xff, 'b' };
    WCHAR wide[4];
    ULONG bytes = 0;

    CHECK(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, euro, sizeof(euro)) == STATUS_SUCCESS);
    CHECK(bytes == 4 && wide[0] == L'1' && wide[1] == 0x20ac);
    CHECK(RtlUTF8ToUnicodeN(NULL, 0, &bytes, euro, sizeof(euro)) == STATUS_SUCCESS); /* asks for the room */
    CHECK(bytes == 4);
    CHECK(RtlUTF8ToUnicodeN(wide, 2, &bytes, euro, sizeof(euro)) == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, NULL, 3) == STATUS_INVALID_PARAMETER_4);
    CHECK(RtlUTF8ToUnicodeN(NULL, 0, NULL, euro, sizeof(euro)) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, bad, sizeof(bad)) == STATUS_SOME_NOT_MAPPED);
    CHECK(wide[1] == 0xfffd && wide[2] == L'b');
}

static VOID
UnicodeToUtf8(VOID)
{
    static const WCHAR euro[] = { L'1', 0x20ac };
    static const WCHAR lone[] = { 0xd800, L'x' };
    CHAR narrow[8];
    ULONG bytes = 0;

    CHECK(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, euro, sizeof(euro)) == STATUS_SUCCESS);
    CHECK(bytes == 4 && (UCHAR)narrow[1] == 0xe2 && (UCHAR)narrow[3] == 0xac);
    CHECK(RtlUnicodeToUTF8N(narrow, 2, &bytes, euro, sizeof(euro)) == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, NULL, 2) == STATUS_INVALID_PARAMETER_4);
    CHECK(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, euro, 3) == STATUS_INVALID_PARAMETER_5);
    CHECK(RtlUnicodeToUTF8N(NULL, 0, NULL, euro, sizeof(euro)) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, lone, sizeof(lone)) == STATUS_SOME_NOT_MAPPED);
}

static VOID
Int64ToString(VOID)
{
    WCHAR buffer[20];
    UNICODE_STRING s = { 0, sizeof(buffer), buffer };
    UNICODE_STRING want = RTL_CONSTANT_STRING(L"123456789ABCDEF0");
    UNICODE_STRING tiny = { 0, 4, buffer };

    CHECK(RtlInt64ToUnicodeString(0x123456789abcdef0ULL, 16, &s) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&s, &want, FALSE));
    CHECK(RtlInt64ToUnicodeString(1ULL << 40, 10, &tiny) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlInt64ToUnicodeString(1, 3, &s) == STATUS_INVALID_PARAMETER);
}

static VOID
TextToInteger(VOID)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"17");
    ULONG value = 0;

    CHECK(RtlCharToInteger("0x1f", 0, &value) == STATUS_SUCCESS && value == 31);
    CHECK(RtlCharToInteger("-12", 10, &value) == STATUS_SUCCESS && value == (ULONG)-12);
    CHECK(RtlCharToInteger("0o17", 0, &value) == STATUS_SUCCESS && value == 15);
    CHECK(RtlCharToInteger("101", 2, &value) == STATUS_SUCCESS && value == 5);
    CHECK(RtlCharToInteger("1", 7, &value) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeStringToInteger(&text, 8, &value) == STATUS_SUCCESS && value == 15);
    CHECK(RtlUnicodeStringToInteger(&text, 5, &value) == STATUS_INVALID_PARAMETER);
}

DDI_TESTS(string, { "init_narrow", InitNarrow }, { "init_ex_too_long", InitExTooLong },
          { "copy_narrow_truncates", CopyNarrowTruncates }, { "equal_narrow", EqualNarrow }, { "suffix", Suffix },
          { "hash", Hash }, { "changes_case", ChangesCase }, { "changes_case_of_one", ChangesCaseOfOne },
          { "sizes", Sizes }, { "strings_too_small", StringsTooSmall }, { "multi_byte", MultiByte },
          { "utf8_to_unicode", Utf8ToUnicode }, { "unicode_to_utf8", UnicodeToUtf8 },
          { "int64_to_string", Int64ToString }, { "text_to_integer", TextToInteger });
