/* SPDX-License-Identifier: MIT */
/* rtl_misc.c - bits, AVL tables, time, versions, addresses as text, run-once, random numbers. */
#include "ddi.h"

static VOID
Bits(VOID)
{
    ULONG buffer[2] = { 0, 0xffffffff }; /* bits past 40 are none of the map's */
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, buffer, 40);
    RtlClearAllBits(&map);
    CHECK(RtlNumberOfClearBits(&map) == 40);
    RtlSetBit(&map, 3);
    RtlSetBit(&map, 33);
    CHECK(RtlTestBit(&map, 3) && RtlTestBit(&map, 33) && RtlNumberOfSetBits(&map) == 2);
    RtlClearBit(&map, 3);
    CHECK(!RtlTestBit(&map, 3));
    RtlSetAllBits(&map);
    CHECK(RtlNumberOfSetBits(&map) == 40 && RtlNumberOfClearBits(&map) == 0);
    RtlClearBits(&map, 10, 8);
    CHECK(RtlNumberOfClearBits(&map) == 8);
    CHECK(RtlFindSetBits(&map, 12, 0) == 18);
    CHECK(RtlFindSetBits(&map, 30, 0) == 0xffffffff);
    CHECK(RtlFindSetBitsAndClear(&map, 12, 0) == 18);
    CHECK(RtlNumberOfClearBits(&map) == 20 && !RtlTestBit(&map, 29) && RtlTestBit(&map, 30));
}

static VOID
BitsOfWords(VOID)
{
    CHECK(RtlNumberOfSetBitsUlongPtr(0) == 0 && RtlNumberOfSetBitsUlongPtr(0xf000000000000001ULL) == 5);
    CHECK(RtlFindLeastSignificantBit(0x80) == 7 && RtlFindLeastSignificantBit(0) == -1);
    CHECK(RtlFindMostSignificantBit(0x80f0) == 15 && RtlFindMostSignificantBit(0) == -1);
}

static ULONG AvlHeld;  /* allocations that the table has */
static BOOLEAN AvlOut; /* no memory is left */

static RTL_GENERIC_COMPARE_RESULTS NTAPI
AvlCompare(PRTL_AVL_TABLE Table, PVOID First, PVOID Second)
{
    ULONG a = *(PULONG)First, b = *(PULONG)Second;

    UNREFERENCED_PARAMETER(Table);
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI
AvlAllocate(PRTL_AVL_TABLE Table, CLONG ByteSize)
{
    UNREFERENCED_PARAMETER(Table);
    if (AvlOut)
        return NULL;
    AvlHeld++;
    return ExAllocatePoolWithTag(NonPagedPoolNx, ByteSize, DDI_TAG);
}

static VOID NTAPI
AvlFree(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Table);
    AvlHeld--;
    ExFreePoolWithTag(Buffer, DDI_TAG);
}

static VOID
AvlTable(VOID)
{
    static RTL_AVL_TABLE table;
    ULONG key, *element, last = 0, count = 0;
    BOOLEAN added = FALSE;

    RtlInitializeGenericTableAvl(&table, AvlCompare, AvlAllocate, AvlFree, NULL);
    CHECK(RtlIsGenericTableEmptyAvl(&table));
    for (key = 1; key <= 50; key++) {
        ULONG value = key * 37 % 101;

        element = RtlInsertElementGenericTableAvl(&table, &value, sizeof(value), &added);
        CHECK(element != NULL && *element == value && added);
    }
    CHECK(RtlNumberGenericTableElementsAvl(&table) == 50 && AvlHeld == 50);
    key = 37;
    element = RtlLookupElementGenericTableAvl(&table, &key);
    CHECK(element != NULL && *element == 37);
    CHECK(RtlInsertElementGenericTableAvl(&table, &key, sizeof(key), &added) == element && !added);
    for (element = RtlEnumerateGenericTableAvl(&table, TRUE); element != NULL;
         element = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        CHECK(*element > last);
        CHECK(RtlGetElementGenericTableAvl(&table, count) == element);
        last = *element;
        count++;
    }
    CHECK(count == 50 && RtlGetElementGenericTableAvl(&table, 50) == NULL);
    key = 200;
    CHECK(!RtlDeleteElementGenericTableAvl(&table, &key) && RtlLookupElementGenericTableAvl(&table, &key) == NULL);
    AvlOut = TRUE;
    CHECK(RtlInsertElementGenericTableAvl(&table, &key, sizeof(key), &added) == NULL);
    AvlOut = FALSE;
    while ((element = RtlGetElementGenericTableAvl(&table, 0)) != NULL) {
        key = *element;
        CHECK(RtlDeleteElementGenericTableAvl(&table, &key));
    }
    CHECK(RtlIsGenericTableEmptyAvl(&table) && AvlHeld == 0);
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI
SplayCompare(PRTL_GENERIC_TABLE Table, PVOID First, PVOID Second)
{
    ULONG a = *(const ULONG *)First, b = *(const ULONG *)Second;

    UNREFERENCED_PARAMETER(Table);
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI
SplayAllocate(PRTL_GENERIC_TABLE Table, CLONG ByteSize)
{
    UNREFERENCED_PARAMETER(Table);
    CHECK(ByteSize > sizeof(ULONG)); /* documented: room for the links is asked for, too */
    if (AvlOut)
        return NULL;
    AvlHeld++;
    return ExAllocatePoolWithTag(NonPagedPoolNx, ByteSize, DDI_TAG);
}

static VOID NTAPI
SplayFree(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    UNREFERENCED_PARAMETER(Table);
    AvlHeld--;
    ExFreePoolWithTag(Buffer, DDI_TAG);
}

static VOID
SplayTable(VOID)
{
    static RTL_GENERIC_TABLE table;
    ULONG key, *element, last = 0, count = 0;
    BOOLEAN added = FALSE;
    PVOID restart = NULL;

    RtlInitializeGenericTable(&table, SplayCompare, SplayAllocate, SplayFree, NULL);
    CHECK(RtlIsGenericTableEmpty(&table) && RtlEnumerateGenericTable(&table, TRUE) == NULL);
    for (key = 1; key <= 50; key++) {
        ULONG value = key * 37 % 101;

        element = RtlInsertElementGenericTable(&table, &value, sizeof(value), &added);
        CHECK(element != NULL && *element == value && added);
    }
    CHECK(RtlNumberGenericTableElements(&table) == 50 && AvlHeld == 50);
    key = 37;
    element = RtlLookupElementGenericTable(&table, &key);
    CHECK(element != NULL && *element == 37);
    CHECK(RtlInsertElementGenericTable(&table, &key, sizeof(key), &added) == element && !added);
    /* documented: by index in order of insertion, by enumeration in order of comparison */
    CHECK(RtlGetElementGenericTable(&table, 0) == element && RtlGetElementGenericTable(&table, 50) == NULL);
    for (element = RtlEnumerateGenericTableWithoutSplaying(&table, &restart); element != NULL;
         element = RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) {
        CHECK(*element > last);
        last = *element;
        count++;
    }
    CHECK(count == 50);
    for (last = 0, element = RtlEnumerateGenericTable(&table, TRUE); element != NULL;
         element = RtlEnumerateGenericTable(&table, FALSE)) {
        CHECK(*element > last);
        last = *element;
        count--;
    }
    CHECK(count == 0);
    key = 200;
    CHECK(!RtlDeleteElementGenericTable(&table, &key) && RtlLookupElementGenericTable(&table, &key) == NULL);
    AvlOut = TRUE;
    CHECK(RtlInsertElementGenericTable(&table, &key, sizeof(key), &added) == NULL && !added);
    AvlOut = FALSE;
    while ((element = RtlGetElementGenericTable(&table, 0)) != NULL) {
        key = *element;
        CHECK(RtlDeleteElementGenericTable(&table, &key));
    }
    CHECK(RtlIsGenericTableEmpty(&table) && AvlHeld == 0);
}

static VOID
DebugFilter(VOID)
{
    CHECK(DbgQueryDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL) == TRUE);
    CHECK(DbgSetDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, FALSE) == STATUS_SUCCESS);
    CHECK(DbgQueryDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL) == FALSE);
    CHECK(DbgQueryDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL) == TRUE);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, "FAIL misc debug_filter: this line is hidden\n");
    CHECK(DbgSetDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, TRUE) == STATUS_SUCCESS);
    CHECK(DbgQueryDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL) == TRUE);
    CHECK(DbgSetDebugFilterState(5000, 0, TRUE) == STATUS_INVALID_PARAMETER_1);
}

static VOID
TimeConversions(VOID)
{
    TIME_FIELDS fields = { 2020, 2, 29, 12, 30, 15, 250, 0 };
    TIME_FIELDS back;
    LARGE_INTEGER time;
    ULONG seconds = 0;

    REQUIRE(RtlTimeFieldsToTime(&fields, &time));
    RtlTimeToTimeFields(&time, &back);
    CHECK(back.Year == 2020 && back.Month == 2 && back.Day == 29 && back.Hour == 12 && back.Milliseconds == 250);
    CHECK(back.Weekday == 6);
    fields.Day = 30;
    CHECK(!RtlTimeFieldsToTime(&fields, &time));
    RtlSecondsSince1970ToTime(1577836800, &time); /* 2020-01-01 */
    CHECK(time.QuadPart == 132223104000000000LL);
    CHECK(RtlTimeToSecondsSince1970(&time, &seconds) && seconds == 1577836800);
    time.QuadPart = 1; /* 1601 */
    CHECK(!RtlTimeToSecondsSince1970(&time, &seconds));
}

static VOID
Versions(VOID)
{
    DDI_EXPORT(BOOLEAN, PsGetVersion, (PULONG, PULONG, PULONG, PUNICODE_STRING));
    RTL_OSVERSIONINFOW info = { .dwOSVersionInfoSize = sizeof(info) };
    RTL_OSVERSIONINFOEXW asked = { .dwOSVersionInfoSize = sizeof(asked) };
    ULONG major = 0, minor = 99, build = 0;
    ULONGLONG mask = 0;

    CHECK(RtlGetVersion(&info) == STATUS_SUCCESS);
    CHECK(!pPsGetVersion(&major, &minor, &build, NULL)); /* not a checked build */
    CHECK(major == info.dwMajorVersion && minor == info.dwMinorVersion && build == info.dwBuildNumber);
    CHECK(info.dwPlatformId == 2); /* VER_PLATFORM_WIN32_NT */

    VER_SET_CONDITION(mask, VER_MAJORVERSION, VER_GREATER_EQUAL);
    asked.dwMajorVersion = major;
    CHECK(RtlVerifyVersionInfo(&asked, VER_MAJORVERSION, mask) == STATUS_SUCCESS);
    asked.dwMajorVersion = major + 1;
    CHECK(RtlVerifyVersionInfo(&asked, VER_MAJORVERSION, mask) == STATUS_REVISION_MISMATCH);
    CHECK(RtlVerifyVersionInfo(&asked, 0, mask) == STATUS_INVALID_PARAMETER);
    CHECK(IoIsWdmVersionAvailable(1, 0x30) && IoIsWdmVersionAvailable(6, 0) && !IoIsWdmVersionAvailable(7, 0));
    CHECK(RtlIsNtDdiVersionAvailable(0x06000000) && !RtlIsNtDdiVersionAvailable(0x7f000000));
}

static VOID
Addresses(VOID)
{
    static const UCHAR v4[4] = { 192, 0, 2, 33 };
    static const UCHAR v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    CHAR text[66];
    UCHAR parsed[16];
    PCSTR end = NULL;
    PCWSTR wend = NULL;
    PSTR tail = RtlIpv4AddressToStringA((const struct in_addr *)v4, text);
    ULONG length = sizeof(text);

    CHECK(strcmp(text, "192.0.2.33") == 0 && tail == text + 10);
    tail = RtlIpv6AddressToStringA((const struct in6_addr *)v6, text);
    CHECK(strcmp(text, "2001:db8::1") == 0 && tail == text + 11);
    CHECK(RtlIpv4AddressToStringExA((const struct in_addr *)v4, RtlUshortByteSwap(80), text, &length) ==
          STATUS_SUCCESS);
    CHECK(strcmp(text, "192.0.2.33:80") == 0 && length == 14);
    length = 5;
    CHECK(RtlIpv4AddressToStringExA((const struct in_addr *)v4, 0, text, &length) == STATUS_INVALID_PARAMETER);
    CHECK(length == 11); /* documented: what it needs */
    length = sizeof(text);
    CHECK(RtlIpv6AddressToStringExA((const struct in6_addr *)v6, 3, RtlUshortByteSwap(443), text, &length) ==
          STATUS_SUCCESS);
    CHECK(strcmp(text, "[2001:db8::1%3]:443") == 0 && length == 20);
    length = 4;
    CHECK(RtlIpv6AddressToStringExA((const struct in6_addr *)v6, 0, 0, text, &length) == STATUS_INVALID_PARAMETER);

    CHECK(RtlIpv4StringToAddressA("192.0.2.33/24", TRUE, &end, (struct in_addr *)parsed) == STATUS_SUCCESS);
    CHECK(memcmp(parsed, v4, 4) == 0 && *end == '/');
    CHECK(RtlIpv4StringToAddressA("192.33", FALSE, &end, (struct in_addr *)parsed) == STATUS_SUCCESS);
    CHECK(parsed[0] == 192 && parsed[1] == 0 && parsed[3] == 33);
    CHECK(RtlIpv4StringToAddressA("192.33", TRUE, &end, (struct in_addr *)parsed) == STATUS_INVALID_PARAMETER);
    CHECK(RtlIpv6StringToAddressA("2001:db8::1]", &end, (struct in6_addr *)parsed) == STATUS_SUCCESS);
    CHECK(memcmp(parsed, v6, 16) == 0 && *end == ']');
    CHECK(RtlIpv6StringToAddressA("2001:db8", &end, (struct in6_addr *)parsed) == STATUS_INVALID_PARAMETER);
    CHECK(RtlIpv4StringToAddressW(L"192.0.2.33/24", TRUE, &wend, (struct in_addr *)parsed) == STATUS_SUCCESS);
    CHECK(memcmp(parsed, v4, 4) == 0 && *wend == L'/');
    CHECK(RtlIpv4StringToAddressW(L"192.33", TRUE, &wend, (struct in_addr *)parsed) == STATUS_INVALID_PARAMETER);
    CHECK(RtlIpv6StringToAddressW(L"2001:db8::1\u2603", &wend, (struct in6_addr *)parsed) == STATUS_SUCCESS);
    CHECK(memcmp(parsed, v6, 16) == 0 && *wend == 0x2603);
    CHECK(RtlIpv6StringToAddressW(L"2001:db8", &wend, (struct in6_addr *)parsed) == STATUS_INVALID_PARAMETER);
}

static ULONG OnceCalls;

static ULONG NTAPI
Once(PRTL_RUN_ONCE RunOnce, PVOID Parameter, PVOID *Context)
{
    UNREFERENCED_PARAMETER(RunOnce);
    OnceCalls++;
    *Context = (PVOID)0x40; /* documented: the low two bits are not the caller's */
    return *(PULONG)Parameter;
}

static VOID
RunsOnce(VOID)
{
    static RTL_RUN_ONCE once;
    ULONG succeed = FALSE;
    PVOID context = NULL;

    RtlRunOnceInitialize(&once);
    CHECK(!NT_SUCCESS(RtlRunOnceExecuteOnce(&once, Once, &succeed, &context)) && OnceCalls == 1);
    succeed = TRUE;
    CHECK(RtlRunOnceExecuteOnce(&once, Once, &succeed, &context) == STATUS_SUCCESS && OnceCalls == 2);
    CHECK(RtlRunOnceExecuteOnce(&once, Once, &succeed, &context) == STATUS_SUCCESS && OnceCalls == 2);
    CHECK(context == (PVOID)0x40);
}

static VOID
Randoms(VOID)
{
    ULONG seed = 17, again = 17, ex = 17;
    ULONG first = RtlRandom(&seed);

    CHECK(first <= 0x7fffffff && seed != 17); /* documented: 0 to MAXLONG-1, and the seed moves on */
    (VOID) RtlRandom(&again);
    CHECK(seed == again);
    CHECK(RtlRandomEx(&ex) <= 0x7fffffff && ex != 17);
}

static VOID
DosErrors(VOID)
{
    DDI_EXPORT(ULONG, RtlNtStatusToDosError, (NTSTATUS));
    DDI_EXPORT(ULONG, RtlNtStatusToDosErrorNoTeb, (NTSTATUS));

    CHECK(pRtlNtStatusToDosError(STATUS_SUCCESS) == 0 && pRtlNtStatusToDosErrorNoTeb(STATUS_SUCCESS) == 0);
    CHECK(pRtlNtStatusToDosError(STATUS_ACCESS_DENIED) == 5);
    CHECK(pRtlNtStatusToDosErrorNoTeb(STATUS_CANCELLED) == 995);
    CHECK(pRtlNtStatusToDosError((NTSTATUS)0xC0FFEE01) == 317); /* documented: ERROR_MR_MID_NOT_FOUND */
}

DDI_TESTS(misc, { "bits", Bits }, { "bits_of_words", BitsOfWords }, { "avl_table", AvlTable },
          { "splay_table", SplayTable }, { "debug_filter", DebugFilter }, { "time_conversions", TimeConversions },
          { "versions", Versions }, { "addresses", Addresses }, { "runs_once", RunsOnce }, { "randoms", Randoms },
          { "dos_errors", DosErrors });
