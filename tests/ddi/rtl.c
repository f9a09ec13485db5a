/* SPDX-License-Identifier: MIT */
/* rtl.c - counted strings, conversions, formatting, bitmaps. */
#include "ddi.h"

static VOID
InitCountsBytes(VOID)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, L"npf");
    CHECK(s.Length == 6);
    CHECK(s.MaximumLength == 8);
    RtlInitUnicodeString(&s, NULL);
    CHECK(s.Length == 0 && s.MaximumLength == 0 && s.Buffer == NULL);
}

static VOID
CopyTruncates(VOID)
{
    WCHAR buffer[3];
    UNICODE_STRING to = { 0, sizeof(buffer), buffer };
    UNICODE_STRING from = RTL_CONSTANT_STRING(L"adapter");

    RtlCopyUnicodeString(&to, &from);
    CHECK(to.Length == 6);
    CHECK(buffer[0] == L'a' && buffer[2] == L'a');
    RtlCopyUnicodeString(&to, NULL);
    CHECK(to.Length == 0);
}

static VOID
AppendFits(VOID)
{
    WCHAR buffer[8];
    UNICODE_STRING to = { 0, sizeof(buffer), buffer };
    UNICODE_STRING tail = RTL_CONSTANT_STRING(L"pf0");

    CHECK(RtlAppendUnicodeToString(&to, L"n") == STATUS_SUCCESS);
    CHECK(RtlAppendUnicodeStringToString(&to, &tail) == STATUS_SUCCESS);
    CHECK(to.Length == 8);
    CHECK(RtlCompareMemory(buffer, L"npf0", 8) == 8);
}

static VOID
AppendTooLong(VOID)
{
    WCHAR buffer[2] = { L'x', L'y' };
    UNICODE_STRING to = { 2, sizeof(buffer), buffer };

    CHECK(RtlAppendUnicodeToString(&to, L"long") == STATUS_BUFFER_TOO_SMALL);
    CHECK(to.Length == 2);
    CHECK(buffer[1] == L'y');
}

static VOID
CompareFoldsCase(VOID)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"Ethernet");
    UNICODE_STRING b = RTL_CONSTANT_STRING(L"eTHERNET");
    UNICODE_STRING c = RTL_CONSTANT_STRING(L"Ether");

    CHECK(RtlEqualUnicodeString(&a, &b, TRUE));
    CHECK(!RtlEqualUnicodeString(&a, &b, FALSE));
    CHECK(RtlCompareUnicodeString(&a, &c, TRUE) > 0);
    CHECK(RtlCompareUnicodeString(&c, &a, TRUE) < 0);
    CHECK(RtlPrefixUnicodeString(&c, &a, FALSE));
    CHECK(!RtlPrefixUnicodeString(&a, &c, FALSE));
}

static VOID
IntegerToString(VOID)
{
    WCHAR buffer[16];
    UNICODE_STRING s = { 0, sizeof(buffer), buffer };
    UNICODE_STRING tiny = { 0, 4, buffer };
    ULONG value = 0;

    CHECK(RtlIntegerToUnicodeString(48879, 16, &s) == STATUS_SUCCESS);
    CHECK(s.Length == 8);
    CHECK(RtlUnicodeStringToInteger(&s, 16, &value) == STATUS_SUCCESS);
    CHECK(value == 48879);
    CHECK(RtlIntegerToUnicodeString(4294967295u, 10, &tiny) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlIntegerToUnicodeString(1, 7, &s) == STATUS_INVALID_PARAMETER);
}

static VOID
StringToInteger(VOID)
{
    UNICODE_STRING hex = RTL_CONSTANT_STRING(L"0x1F");
    UNICODE_STRING negative = RTL_CONSTANT_STRING(L"-12");
    ULONG value = 0;

    CHECK(RtlUnicodeStringToInteger(&hex, 0, &value) == STATUS_SUCCESS);
    CHECK(value == 31);
    CHECK(RtlUnicodeStringToInteger(&negative, 0, &value) == STATUS_SUCCESS);
    CHECK(value == (ULONG)-12);
}

static VOID
AnsiToUnicode(VOID)
{
    ANSI_STRING narrow;
    UNICODE_STRING wide;
    ANSI_STRING again;

    RtlInitAnsiString(&narrow, "NPF_{guid}");
    REQUIRE(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE) == STATUS_SUCCESS);
    CHECK(wide.Length == 20);
    CHECK(wide.Buffer[9] == L'}');
    if (RtlUnicodeStringToAnsiString(&again, &wide, TRUE) == STATUS_SUCCESS) {
        CHECK(RtlCompareString(&again, &narrow, FALSE) == 0);
        RtlFreeAnsiString(&again);
    } else {
        CHECK(!"RtlUnicodeStringToAnsiString");
    }
    RtlFreeUnicodeString(&wide);
    CHECK(wide.Buffer == NULL);
}

static VOID
GuidRoundTrip(VOID)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7c01}");
    UNICODE_STRING bad = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b}");
    UNICODE_STRING back;
    GUID guid;

    REQUIRE(RtlGUIDFromString(&text, &guid) == STATUS_SUCCESS);
    CHECK(guid.Data1 == 0x6f0a8c52 && guid.Data2 == 0x1d1b && guid.Data3 == 0x4c55 && guid.Data4[7] == 1);
    CHECK(RtlGUIDFromString(&bad, &guid) == STATUS_INVALID_PARAMETER);
    REQUIRE(RtlGUIDFromString(&text, &guid) == STATUS_SUCCESS);
    REQUIRE(RtlStringFromGUID(&guid, &back) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&back, &text, TRUE));
    RtlFreeUnicodeString(&back);
}

static VOID
FormatNarrow(VOID)
{
    CHAR text[48];

    CHECK(RtlStringCbPrintfA(text, sizeof(text), "%s %u %08X %p %c", "nbl", 7u, 0xC0000005u, NULL, 'x') ==
          STATUS_SUCCESS);
    CHECK(RtlCompareMemory(text, "nbl 7 C0000005 0000000000000000 x", 34) == 34);
    CHECK(RtlStringCbPrintfA(text, 4, "%s", "pending") == STATUS_BUFFER_OVERFLOW);
    CHECK(text[3] == 0 && text[2] == 'n');
}

/* The Ex forms: the end, the room left, and what the flags do with the rest or on failure. */
static VOID
FormatEx(VOID)
{
    WCHAR wide[8], *wide_end = NULL;
    CHAR text[8], *end = NULL;
    SIZE_T left = 0;

    NdisFillMemory(text, sizeof(text), '#');
    CHECK(RtlStringCchPrintfExA(text, 8, &end, &left, STRSAFE_FILL_BEHIND_NULL | 'x', "%d", 42) == STATUS_SUCCESS);
    CHECK(end == text + 2 && left == 6 && RtlCompareMemory(text, "42\0xxxxx", 8) == 8);
    CHECK(RtlStringCchPrintfExA(text, 8, &end, &left, STRSAFE_NO_TRUNCATION, "%s", "too long") ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(end == text + 2 && RtlCompareMemory(text, "42\0xxxxx", 8) == 8); /* left alone */
    CHECK(RtlStringCchPrintfExA(text, 8, NULL, NULL, 0, "%s", "too long") == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlCompareMemory(text, "too lon", 8) == 8);
    CHECK(RtlStringCchPrintfExA(text, 8, NULL, NULL, STRSAFE_NULL_ON_FAILURE, "%s", "too long") ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(text[0] == 0 && text[1] == 'o');
    CHECK(RtlStringCchCopyExA(text, 8, "too long", &end, &left, STRSAFE_FILL_ON_FAILURE | 'y') ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(RtlCompareMemory(text, "yyyyyyy", 8) == 8);
    CHECK(RtlStringCchPrintfExA(NULL, 0, NULL, NULL, 0, "") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchPrintfExA(NULL, 0, &end, &left, STRSAFE_IGNORE_NULLS, NULL) == STATUS_SUCCESS);
    CHECK(end == NULL && left == 0);
    CHECK(RtlStringCchCopyExA(text, 8, "a", NULL, NULL, 0x2000) == STATUS_INVALID_PARAMETER); /* no such flag */
    CHECK(RtlStringCbCopyExW(wide, sizeof(wide), L"abc", &wide_end, &left, 0) == STATUS_SUCCESS);
    CHECK(wide_end == wide + 3 && left == sizeof(wide) - 6);
    CHECK(RtlStringCbCatExW(wide, sizeof(wide), L"defg", &wide_end, &left, 0) == STATUS_SUCCESS);
    CHECK(wide_end == wide + 7 && left == sizeof(WCHAR));
    CHECK(RtlStringCchCatExW(wide, 8, L"h", NULL, NULL, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlCompareMemory(wide, L"abcdefg", sizeof(wide)) == sizeof(wide));
}

static VOID
FormatWide(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"npf");
    WCHAR text[32];

    CHECK(RtlStringCchPrintfW(text, RTL_NUMBER_OF(text), L"%wZ-%ws-%hs-%I64d", &name, L"w", "a", -5LL) ==
          STATUS_SUCCESS);
    CHECK(RtlCompareMemory(text, L"npf-w-a--5", 22) == 22);
}

static VOID
Bitmap(VOID)
{
    ULONG buffer[2];
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, buffer, 40);
    RtlClearAllBits(&map);
    RtlSetBits(&map, 0, 5);
    CHECK(RtlFindClearBitsAndSet(&map, 3, 0) == 5);
    CHECK(RtlNumberOfSetBits(&map) == 8);
    CHECK(RtlTestBit(&map, 7) && !RtlTestBit(&map, 8));
    CHECK(RtlFindClearBits(&map, 40, 0) == 0xffffffff);
}

static VOID
CompareMemoryCounts(VOID)
{
    CHECK(RtlCompareMemory("abcdef", "abcXef", 6) == 3);
    CHECK(RtlCompareMemory("abc", "abc", 3) == 3);
}

static VOID
MoveOverlaps(VOID)
{
    CHAR text[] = "0123456789";

    RtlMoveMemory(text + 2, text, 6);
    CHECK(RtlCompareMemory(text, "0101234589", 10) == 10);
}

static VOID
TimeFields(VOID)
{
    TIME_FIELDS fields;
    LARGE_INTEGER time;

    time.QuadPart = 132223104000000000LL; /* 2020-01-01 00:00:00, a Wednesday */
    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 2020 && fields.Month == 1 && fields.Day == 1 && fields.Hour == 0);
    CHECK(fields.Weekday == 3);
}

DDI_TESTS(rtl, { "init_counts_bytes", InitCountsBytes }, { "copy_truncates", CopyTruncates },
          { "append_fits", AppendFits }, { "append_too_long", AppendTooLong },
          { "compare_folds_case", CompareFoldsCase }, { "integer_to_string", IntegerToString },
          { "string_to_integer", StringToInteger }, { "ansi_to_unicode", AnsiToUnicode },
          { "guid_round_trip", GuidRoundTrip }, { "format_narrow", FormatNarrow }, { "format_wide", FormatWide },
          { "format_ex", FormatEx }, { "bitmap", Bitmap }, { "compare_memory_counts", CompareMemoryCounts },
          { "move_overlaps", MoveOverlaps }, { "time_fields", TimeFields });
