/* SPDX-License-Identifier: MIT */
/* rtl_crt.c - the part of the C library that the kernel exports. */
#include "ddi.h"

#define CRT_EINVAL   22
#define CRT_ERANGE   34
#define CRT_TRUNCATE ((size_t)-1)

static VOID
Memory(VOID)
{
    DDI_EXPORT(VOID, RtlCopyMemory, (PVOID, const VOID *, SIZE_T));
    DDI_EXPORT(VOID, RtlMoveMemory, (PVOID, const VOID *, SIZE_T));
    DDI_EXPORT(VOID, RtlFillMemory, (PVOID, SIZE_T, UCHAR));
    DDI_EXPORT(VOID, RtlZeroMemory, (PVOID, SIZE_T));
    DDI_EXPORT(void *, memchr, (const void *, int, size_t));
    CHAR text[] = "0123456789";

    memcpy(text, "ab", 2);
    CHECK(memcmp(text, "ab23", 4) == 0);
    CHECK(memcmp("a", "b", 1) < 0 && memcmp("b", "a", 1) > 0);
    memmove(text + 1, text, 3);
    CHECK(memcmp(text, "aab2", 4) == 0);
    memset(text, 'z', 3);
    CHECK(memcmp(text, "zzz2", 4) == 0);
    pRtlCopyMemory(text, "cd", 2);
    CHECK(memcmp(text, "cdz2", 4) == 0);
    pRtlMoveMemory(text + 1, text, 2);
    CHECK(memcmp(text, "ccd2", 4) == 0);
    pRtlFillMemory(text, 2, 'f');
    pRtlZeroMemory(text + 2, 1);
    CHECK(memcmp(text,
                 "ff\0"
                 "2",
                 4) == 0);
    CHECK(pmemchr("abc", 'c', 3) != NULL && pmemchr("abc", 'c', 2) == NULL);
}

static VOID
SafeMemory(VOID)
{
    DDI_EXPORT(int, memcpy_s, (void *, size_t, const void *, size_t));
    DDI_EXPORT(int, memmove_s, (void *, size_t, const void *, size_t));
    CHAR text[4] = "abc";

    CHECK(pmemcpy_s(text, sizeof(text), "xyz", 3) == 0 && text[0] == 'x');
    CHECK(pmemcpy_s(text, sizeof(text), "12345", 5) == CRT_ERANGE && text[0] == 0); /* documented: cleared */
    CHECK(pmemcpy_s(NULL, 4, "1", 1) == CRT_EINVAL);
    CHECK(pmemmove_s(text, sizeof(text), "abc", 4) == 0 && text[2] == 'c');
    CHECK(pmemmove_s(text + 1, 2, text, 2) == 0 && text[1] == 'a' && text[2] == 'b');
    CHECK(pmemmove_s(text, 2, "abc", 3) == CRT_ERANGE && text[1] == 'a');
}

static VOID
NarrowStrings(VOID)
{
    DDI_EXPORT(size_t, strnlen, (const char *, size_t));
    DDI_EXPORT(char *, strncat, (char *, const char *, size_t));
    DDI_EXPORT(char *, _strlwr, (char *));
    CHAR text[16];

    CHECK(strlen("ndis") == 4 && pstrnlen("ndis", 2) == 2 && pstrnlen("ndis", 9) == 4);
    CHECK(strcmp("a", "a") == 0 && strcmp("a", "b") < 0 && strncmp("abc", "abd", 2) == 0);
    CHECK(_stricmp("NDIS", "ndis") == 0 && _stricmp("ndis", "ndit") < 0);
    CHECK(_strnicmp("NDISx", "ndisy", 4) == 0 && _strnicmp("NDISx", "ndisy", 5) < 0);
    CHECK(strcpy(text, "ab") == text && strcat(text, "cd") == text && strcmp(text, "abcd") == 0);
    CHECK(pstrncat(text, "efgh", 2) == text && strcmp(text, "abcdef") == 0);
    CHECK(strncpy(text, "xy", 4) == text && text[2] == 0 && text[3] == 0 && text[4] == 'e');
    strcpy(text, "abcabc");
    CHECK(strchr(text, 'b') == text + 1 && strrchr(text, 'b') == text + 4 && strchr(text, 'z') == NULL);
    CHECK(strstr(text, "ca") == text + 2 && strstr(text, "cc") == NULL);
    CHECK(_strupr(text) == text && strcmp(text, "ABCABC") == 0);
    CHECK(p_strlwr(text) == text && strcmp(text, "abcabc") == 0);
}

static VOID
WideStrings(VOID)
{
    DDI_EXPORT(size_t, wcsnlen, (const WCHAR *, size_t));
    DDI_EXPORT(WCHAR *, wcsncat, (WCHAR *, const WCHAR *, size_t));
    WCHAR text[16];

    CHECK(wcslen(L"ndis") == 4 && pwcsnlen(L"ndis", 2) == 2);
    CHECK(wcscmp(L"a", L"a") == 0 && wcscmp(L"b", L"a") > 0 && wcsncmp(L"abc", L"abd", 2) == 0);
    CHECK(_wcsicmp(L"NDIS", L"ndis") == 0 && _wcsnicmp(L"NDISx", L"ndisy", 4) == 0);
    CHECK(wcscpy(text, L"ab") == text && wcscat(text, L"cd") == text && wcscmp(text, L"abcd") == 0);
    CHECK(pwcsncat(text, L"efgh", 2) == text && wcscmp(text, L"abcdef") == 0);
    CHECK(wcsncpy(text, L"xy", 4) == text && text[2] == 0 && text[4] == L'e');
    wcscpy(text, L"abcabc");
    CHECK(wcschr(text, L'b') == text + 1 && wcsrchr(text, L'b') == text + 4);
    CHECK(wcsstr(text, L"ca") == text + 2 && wcsstr(text, L"cc") == NULL);
}

static VOID
SafeNarrow(VOID)
{
    DDI_EXPORT(int, strcpy_s, (char *, size_t, const char *));
    DDI_EXPORT(int, strncpy_s, (char *, size_t, const char *, size_t));
    DDI_EXPORT(int, strcat_s, (char *, size_t, const char *));
    CHAR text[4] = "zz";

    CHECK(pstrcpy_s(text, sizeof(text), "abc") == 0 && strcmp(text, "abc") == 0);
    CHECK(pstrcpy_s(text, sizeof(text), "abcd") == CRT_ERANGE && text[0] == 0);
    CHECK(pstrcpy_s(text, 0, "a") == CRT_EINVAL && pstrcpy_s(NULL, 1, "a") == CRT_EINVAL);
    CHECK(pstrncpy_s(text, sizeof(text), "abcdef", 2) == 0 && strcmp(text, "ab") == 0);
    CHECK(pstrncpy_s(text, sizeof(text), "abcdef", 5) == CRT_ERANGE && text[0] == 0);
    CHECK(pstrcpy_s(text, sizeof(text), "a") == 0 && pstrcat_s(text, sizeof(text), "bc") == 0);
    CHECK(strcmp(text, "abc") == 0);
    CHECK(pstrcat_s(text, sizeof(text), "d") == CRT_ERANGE && text[0] == 0);
}

static VOID
SafeWide(VOID)
{
    DDI_EXPORT(int, wcscpy_s, (WCHAR *, size_t, const WCHAR *));
    DDI_EXPORT(int, wcsncpy_s, (WCHAR *, size_t, const WCHAR *, size_t));
    DDI_EXPORT(int, wcscat_s, (WCHAR *, size_t, const WCHAR *));
    WCHAR text[4] = L"zz";

    CHECK(pwcscpy_s(text, 4, L"abc") == 0 && wcscmp(text, L"abc") == 0);
    CHECK(pwcscpy_s(text, 4, L"abcd") == CRT_ERANGE && text[0] == 0);
    CHECK(pwcsncpy_s(text, 4, L"abcdef", 2) == 0 && wcscmp(text, L"ab") == 0);
    CHECK(pwcsncpy_s(text, 4, L"abcdef", 5) == CRT_ERANGE && text[0] == 0);
    CHECK(pwcscpy_s(text, 4, L"a") == 0 && pwcscat_s(text, 4, L"bc") == 0 && wcscmp(text, L"abc") == 0);
    CHECK(pwcscat_s(text, 4, L"d") == CRT_ERANGE && text[0] == 0);
}

static VOID
Characters(VOID)
{
    DDI_EXPORT(int, towupper, (int));
    DDI_EXPORT(int, towlower, (int));
    DDI_EXPORT(int, isdigit, (int));
    DDI_EXPORT(int, isxdigit, (int));
    DDI_EXPORT(int, isspace, (int));
    DDI_EXPORT(int, isalpha, (int));
    DDI_EXPORT(int, isalnum, (int));
    DDI_EXPORT(int, isprint, (int));
    DDI_EXPORT(int, isupper, (int));
    DDI_EXPORT(int, islower, (int));

    CHECK(toupper('a') == 'A' && toupper('1') == '1' && tolower('A') == 'a');
    CHECK(ptowupper(L'a') == L'A' && ptowlower(L'A') == L'a');
    CHECK(pisdigit('7') && !pisdigit('a') && pisxdigit('F') && !pisxdigit('g'));
    CHECK(pisspace('\t') && !pisspace('x') && pisalpha('q') && !pisalpha('1'));
    CHECK(pisalnum('1') && !pisalnum('-') && pisprint(' ') && !pisprint(7));
    CHECK(pisupper('A') && !pisupper('a') && pislower('a') && !pislower('A'));
}

static int
ByValue(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static VOID
Numbers(VOID)
{
    DDI_EXPORT(int, atoi, (const char *));
    DDI_EXPORT(LONG, atol, (const char *));
    DDI_EXPORT(LONG, strtol, (const char *, char **, int));
    DDI_EXPORT(ULONG, strtoul, (const char *, char **, int));
    DDI_EXPORT(void, qsort, (void *, size_t, size_t, int (*)(const void *, const void *)));
    DDI_EXPORT(void, srand, (unsigned));
    DDI_EXPORT(int, rand, (void));
    int sorted[] = { 4, -1, 9, 0, 4 };
    char *end = NULL;
    int first, second;

    CHECK(patoi(" 42x") == 42 && patol("-7") == -7);
    CHECK(pstrtol("0x1F.", &end, 0) == 31 && *end == '.');
    CHECK(pstrtol("99999999999", NULL, 10) == 0x7fffffff && pstrtol("-99999999999", NULL, 10) == (LONG)0x80000000);
    CHECK(pstrtoul("777", &end, 8) == 511 && *end == 0);
    CHECK(pstrtoul("99999999999", NULL, 10) == 0xffffffff);
    pqsort(sorted, 5, sizeof(int), ByValue);
    CHECK(sorted[0] == -1 && sorted[1] == 0 && sorted[2] == 4 && sorted[3] == 4 && sorted[4] == 9);
    psrand(7);
    first = prand();
    second = prand();
    psrand(7);
    CHECK(prand() == first && prand() == second);
    CHECK(first >= 0 && first <= 32767);
}

static VOID
Formats(VOID)
{
    DDI_EXPORT(int, swprintf, (WCHAR *, const WCHAR *, ...));
    DDI_EXPORT(int, sprintf_s, (char *, size_t, const char *, ...));
    DDI_EXPORT(int, swprintf_s, (WCHAR *, size_t, const WCHAR *, ...));
    DDI_EXPORT(int, _snprintf_s, (char *, size_t, size_t, const char *, ...));
    DDI_EXPORT(int, _snwprintf_s, (WCHAR *, size_t, size_t, const WCHAR *, ...));
    CHAR text[16];
    WCHAR wide[16];

    CHECK(sprintf(text, "%d-%s", 5, "x") == 3 && strcmp(text, "5-x") == 0);
    CHECK(pswprintf(wide, L"%d-%s", 5, L"x") == 3 && wcscmp(wide, L"5-x") == 0);
    CHECK(_snprintf(text, 3, "%s", "abcd") == -1 && memcmp(text, "abc", 3) == 0);
    CHECK(_snprintf(text, 4, "%s", "abcd") == 4); /* documented: no zero when it fits exactly */
    CHECK(_snwprintf(wide, 3, L"%s", L"abcd") == -1 && wide[2] == L'c');
    CHECK(psprintf_s(text, sizeof(text), "%03u", 7) == 3 && strcmp(text, "007") == 0);
    CHECK(psprintf_s(text, 3, "%s", "abcd") == -1 && text[0] == 0);
    CHECK(pswprintf_s(wide, 16, L"%x", 255) == 2 && wcscmp(wide, L"ff") == 0);
    CHECK(p_snprintf_s(text, sizeof(text), 2, "%s", "abcd") == -1 && strcmp(text, "ab") == 0);
    CHECK(p_snprintf_s(text, 3, CRT_TRUNCATE, "%s", "abcd") == -1 && strcmp(text, "ab") == 0);
    CHECK(p_snwprintf_s(wide, 16, 2, L"%s", L"abcd") == -1 && wcscmp(wide, L"ab") == 0);
}

static VOID
Lists(int Unused, ...)
{
    DDI_EXPORT(int, vsprintf, (char *, const char *, va_list));
    DDI_EXPORT(int, vsprintf_s, (char *, size_t, const char *, va_list));
    DDI_EXPORT(int, vswprintf_s, (WCHAR *, size_t, const WCHAR *, va_list));
    DDI_EXPORT(int, _vsnprintf_s, (char *, size_t, size_t, const char *, va_list));
    DDI_EXPORT(int, _vsnwprintf_s, (WCHAR *, size_t, size_t, const WCHAR *, va_list));
    va_list list, again;
    CHAR text[16];
    WCHAR wide[16];

    va_start(list, Unused);
#define AGAIN(call)           \
    do {                      \
        va_copy(again, list); \
        CHECK(call);          \
        va_end(again);        \
    } while (0)
    AGAIN(pvsprintf(text, "%d,%d", again) == 4 && strcmp(text, "1,22") == 0);
    AGAIN(pvsprintf_s(text, sizeof(text), "%d;%d", again) == 4 && strcmp(text, "1;22") == 0);
    AGAIN(pvsprintf_s(text, 4, "%d;%d", again) == -1 && text[0] == 0);
    AGAIN(pvswprintf_s(wide, 16, L"%d;%d", again) == 4 && wcscmp(wide, L"1;22") == 0);
    AGAIN(_vsnprintf(text, 3, "%d;%d", again) == -1 && memcmp(text, "1;2", 3) == 0);
    AGAIN(_vsnwprintf(wide, 16, L"%d.%d", again) == 4 && wcscmp(wide, L"1.22") == 0);
    AGAIN(p_vsnprintf_s(text, sizeof(text), 3, "%d;%d", again) == -1 && strcmp(text, "1;2") == 0);
    AGAIN(p_vsnwprintf_s(wide, 16, 3, L"%d;%d", again) == -1 && wcscmp(wide, L"1;2") == 0);
#undef AGAIN
    va_end(list);
}

static VOID
FormatsOfLists(VOID)
{
    Lists(0, 1, 22);
}

static ULONG
PrintList(PCSTR Prefix, PCSTR Format, ...)
{
    va_list list;
    ULONG status;

    va_start(list, Format);
    status = Prefix == NULL ? vDbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, Format, list)
                            : vDbgPrintExWithPrefix(Prefix, DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, Format, list);
    va_end(list);
    return status;
}

static VOID
Prints(VOID)
{
    CHECK(DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "printed %d\n", 1) == STATUS_SUCCESS);
    CHECK(PrintList(NULL, "printed %d\n", 2) == STATUS_SUCCESS);
    CHECK(PrintList("ddi: ", "printed %d\n", 3) == STATUS_SUCCESS);
    CHECK(DbgQueryDebugFilterState(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL) == TRUE);
}

DDI_TESTS(crt, { "memory", Memory }, { "safe_memory", SafeMemory }, { "narrow_strings", NarrowStrings },
          { "wide_strings", WideStrings }, { "safe_narrow", SafeNarrow }, { "safe_wide", SafeWide },
          { "characters", Characters }, { "numbers", Numbers }, { "formats", Formats },
          { "formats_of_lists", FormatsOfLists }, { "prints", Prints });
