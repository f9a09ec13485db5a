/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/rtl.h - run-time library: strings, formatting, DbgPrint, and the C library names the kernel exports.
 *
 * Model: nearly everything is a pure function over the caller's memory. What is kept: the DbgPrint log, in monitor
 * memory. Names of the C library that Linux's has too are implemented as crt_<name>; nt.c maps them.
 *
 * assumed: the ANSI code page is 1252.
 */
#ifndef NT_RTL_RTL_H
#define NT_RTL_RTL_H

#include "ddk/ntifs.h"
#include "nt/nt.h"

/* ------------------------------------------------------------------ formatting (format.c) */

/*
 * The kernel's printf. out: room units of char, or of WCHAR if wide; NULL if room is 0. Never terminates. Returns the
 * length of the whole result in units. va: 8-byte argument slots of the Windows x64 ABI.
 */
struct rtl_output {
    void *out;
    size_t room;
    bool wide; /* out and format are WCHAR; %s is a WCHAR string, %S a char string */
    bool utf8; /* narrow output: 16-bit text becomes UTF-8, not code page 1252 */
};
size_t rtl_format(const struct rtl_output *to, const void *format, const uint64_t *va);

/* Code page 1252. What has no byte becomes '?'. */
uint8_t rtl_ansi_from_unicode(uint16_t unit);
uint16_t rtl_unicode_from_ansi(uint8_t byte);
uint16_t rtl_upcase(uint16_t unit);
uint16_t rtl_downcase(uint16_t unit);

/* ------------------------------------------------------------------ DbgPrint (dbgprint.c) */

/* One print, in order. text is terminated; it keeps its newline. */
struct dbgprint {
    uint64_t step;
    uint64_t caller; /* driver address */
    uint32_t component;
    uint32_t level;
    uint32_t fiber;
    uint16_t length;
    uint8_t vp, irql;
    const char *text; /* UTF-8 */
};

/* Walk the prints of this run, oldest first. When a run printed very much the oldest are gone. */
void dbgprint_each(void (*fn)(const struct dbgprint *p, void *arg), void *arg);
/* How many prints were dropped. */
uint64_t dbgprint_dropped(void);

/* ------------------------------------------------------------------ strings for host code */

/* text (UTF-8) as a UNICODE_STRING over heap memory; Buffer NULL if there was none. */
UNICODE_STRING rtl_unicode(const char *text, uint32_t tag);
/* s as UTF-8, cut to room, terminated. Returns out. */
const char *rtl_utf8(PCUNICODE_STRING s, char *out, size_t room);
bool rtl_unicode_ieq(PCUNICODE_STRING s, const char *text);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

void *NTAPI crt_memcpy(void *dst, const void *src, size_t n);
void *NTAPI crt_memmove(void *dst, const void *src, size_t n);
void *NTAPI crt_memset(void *dst, int c, size_t n);
int NTAPI crt_memcmp(const void *a, const void *b, size_t n);
void *NTAPI crt_memchr(const void *p, int c, size_t n);
int NTAPI crt_memcpy_s(void *dst, size_t room, const void *src, size_t n);
int NTAPI crt_memmove_s(void *dst, size_t room, const void *src, size_t n);
size_t NTAPI crt_strlen(const char *s);
size_t NTAPI crt_strnlen(const char *s, size_t max);
int NTAPI crt_strcmp(const char *a, const char *b);
int NTAPI crt_strncmp(const char *a, const char *b, size_t n);
int NTAPI crt__stricmp(const char *a, const char *b);
int NTAPI crt__strnicmp(const char *a, const char *b, size_t n);
char *NTAPI crt_strcpy(char *dst, const char *src);
char *NTAPI crt_strncpy(char *dst, const char *src, size_t n);
char *NTAPI crt_strcat(char *dst, const char *src);
char *NTAPI crt_strncat(char *dst, const char *src, size_t n);
char *NTAPI crt_strchr(const char *s, int c);
char *NTAPI crt_strrchr(const char *s, int c);
char *NTAPI crt_strstr(const char *s, const char *sub);
char *NTAPI crt__strupr(char *s);
char *NTAPI crt__strlwr(char *s);
int NTAPI crt_strcpy_s(char *dst, size_t room, const char *src);
int NTAPI crt_strncpy_s(char *dst, size_t room, const char *src, size_t n);
int NTAPI crt_strcat_s(char *dst, size_t room, const char *src);
size_t NTAPI crt_wcslen(const WCHAR *s);
size_t NTAPI crt_wcsnlen(const WCHAR *s, size_t max);
int NTAPI crt_wcscmp(const WCHAR *a, const WCHAR *b);
int NTAPI crt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n);
int NTAPI crt__wcsicmp(const WCHAR *a, const WCHAR *b);
int NTAPI crt__wcsnicmp(const WCHAR *a, const WCHAR *b, size_t n);
WCHAR *NTAPI crt_wcscpy(WCHAR *dst, const WCHAR *src);
WCHAR *NTAPI crt_wcsncpy(WCHAR *dst, const WCHAR *src, size_t n);
WCHAR *NTAPI crt_wcscat(WCHAR *dst, const WCHAR *src);
WCHAR *NTAPI crt_wcsncat(WCHAR *dst, const WCHAR *src, size_t n);
WCHAR *NTAPI crt_wcschr(const WCHAR *s, WCHAR c);
WCHAR *NTAPI crt_wcsrchr(const WCHAR *s, WCHAR c);
WCHAR *NTAPI crt_wcsstr(const WCHAR *s, const WCHAR *sub);
int NTAPI crt_wcscpy_s(WCHAR *dst, size_t room, const WCHAR *src);
int NTAPI crt_wcsncpy_s(WCHAR *dst, size_t room, const WCHAR *src, size_t n);
int NTAPI crt_wcscat_s(WCHAR *dst, size_t room, const WCHAR *src);
int NTAPI crt_toupper(int c);
int NTAPI crt_tolower(int c);
WCHAR NTAPI crt_towupper(WCHAR c);
WCHAR NTAPI crt_towlower(WCHAR c);
int NTAPI crt_isdigit(int c);
int NTAPI crt_isxdigit(int c);
int NTAPI crt_isspace(int c);
int NTAPI crt_isalpha(int c);
int NTAPI crt_isalnum(int c);
int NTAPI crt_isprint(int c);
int NTAPI crt_isupper(int c);
int NTAPI crt_islower(int c);
int NTAPI crt_atoi(const char *s);
LONG NTAPI crt_atol(const char *s);
LONG NTAPI crt_strtol(const char *s, char **end, int base);
ULONG NTAPI crt_strtoul(const char *s, char **end, int base);
int NTAPI crt_rand(void);
void NTAPI crt_srand(unsigned seed);
void NTAPI crt_qsort(void *base, size_t count, size_t size, void *compare);

int NTAPI sprintf_va(char *dst, const char *format, const uint64_t *va);
int NTAPI swprintf_va(WCHAR *dst, const WCHAR *format, const uint64_t *va);
int NTAPI _snprintf_va(char *dst, size_t n, const char *format, const uint64_t *va);
int NTAPI _snwprintf_va(WCHAR *dst, size_t n, const WCHAR *format, const uint64_t *va);
int NTAPI sprintf_s_va(char *dst, size_t room, const char *format, const uint64_t *va);
int NTAPI swprintf_s_va(WCHAR *dst, size_t room, const WCHAR *format, const uint64_t *va);
int NTAPI _snprintf_s_va(char *dst, size_t room, size_t n, const char *format, const uint64_t *va);
int NTAPI _snwprintf_s_va(WCHAR *dst, size_t room, size_t n, const WCHAR *format, const uint64_t *va);
int NTAPI crt__vsnprintf(char *dst, size_t n, const char *format, const uint64_t *va);
int NTAPI crt__vsnwprintf(WCHAR *dst, size_t n, const WCHAR *format, const uint64_t *va);
int NTAPI crt_vsprintf(char *dst, const char *format, const uint64_t *va);
int NTAPI crt_vsprintf_s(char *dst, size_t room, const char *format, const uint64_t *va);
int NTAPI crt_vswprintf_s(WCHAR *dst, size_t room, const WCHAR *format, const uint64_t *va);
int NTAPI crt__vsnprintf_s(char *dst, size_t room, size_t n, const char *format, const uint64_t *va);
int NTAPI crt__vsnwprintf_s(WCHAR *dst, size_t room, size_t n, const WCHAR *format, const uint64_t *va);

ULONG NTAPI DbgPrint_va(PCSTR Format, const uint64_t *va);
ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status);
ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS Status);
ULONG NTAPI DbgPrintEx_va(ULONG ComponentId, ULONG Level, PCSTR Format, const uint64_t *va);

/* ntoskrnl exports these beside the kit's macros of the same name. */
void *NTAPI rtl_RtlCopyMemory(void *dst, const void *src, size_t n);
void NTAPI rtl_RtlMoveMemory(void *dst, const void *src, size_t n);
void NTAPI rtl_RtlFillMemory(void *dst, size_t n, UCHAR fill);
void NTAPI rtl_RtlZeroMemory(void *dst, size_t n);

#endif
