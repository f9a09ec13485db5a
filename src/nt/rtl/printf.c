/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/printf.c - the sprintf family over rtl_format().
 *
 * documented: _snprintf and its kin return -1 when the result does not fit and then leave it unterminated; a result of
 * exactly n units is not terminated either; with NULL and no room they tell how long it is. The _s forms terminate
 * always; when the result does not fit they empty the buffer and return -1, unless the count is _TRUNCATE.
 */
#include "nt/rtl/rtl.h"

#define TRUNCATE ((size_t)-1)

static void
terminate(void *dst, size_t at, bool wide)
{
    if (wide)
        ((WCHAR *)dst)[at] = 0;
    else
        ((char *)dst)[at] = 0;
}

/* At most n units, terminated if there is room for that. */
static int
bounded(void *dst, size_t n, bool wide, const void *format, const uint64_t *va)
{
    struct rtl_output to = { dst, n, wide, false };
    size_t len = rtl_format(&to, format, va);

    if (len < n)
        terminate(dst, len, wide);
    return len <= n || (dst == NULL && n == 0) ? (int)len : -1;
}

/* The secure forms: at most n units into room, always terminated. */
static int
secure(void *dst, size_t room, size_t n, bool wide, const void *format, const uint64_t *va)
{
    size_t take = n < room ? n : room - 1;
    struct rtl_output to = { dst, take, wide, false };
    size_t len;

    if (dst == NULL || room == 0 || format == NULL)
        return -1;
    len = rtl_format(&to, format, va);
    if (len <= take) {
        terminate(dst, len, wide);
        return (int)len;
    }
    terminate(dst, n == TRUNCATE || n < room ? take : 0, wide);
    return -1;
}

int NTAPI
sprintf_va(char *dst, const char *format, const uint64_t *va)
{
    return bounded(dst, 0x7fffffff, false, format, va);
}

int NTAPI
swprintf_va(WCHAR *dst, const WCHAR *format, const uint64_t *va)
{
    return bounded(dst, 0x3fffffff, true, format, va);
}

int NTAPI
_snprintf_va(char *dst, size_t n, const char *format, const uint64_t *va)
{
    return bounded(dst, n, false, format, va);
}

int NTAPI
_snwprintf_va(WCHAR *dst, size_t n, const WCHAR *format, const uint64_t *va)
{
    return bounded(dst, n, true, format, va);
}

int NTAPI
sprintf_s_va(char *dst, size_t room, const char *format, const uint64_t *va)
{
    return secure(dst, room, room, false, format, va);
}

int NTAPI
swprintf_s_va(WCHAR *dst, size_t room, const WCHAR *format, const uint64_t *va)
{
    return secure(dst, room, room, true, format, va);
}

int NTAPI
_snprintf_s_va(char *dst, size_t room, size_t n, const char *format, const uint64_t *va)
{
    return secure(dst, room, n, false, format, va);
}

int NTAPI
_snwprintf_s_va(WCHAR *dst, size_t room, size_t n, const WCHAR *format, const uint64_t *va)
{
    return secure(dst, room, n, true, format, va);
}

int NTAPI
crt__vsnprintf(char *dst, size_t n, const char *format, const uint64_t *va)
{
    return bounded(dst, n, false, format, va);
}

int NTAPI
crt__vsnwprintf(WCHAR *dst, size_t n, const WCHAR *format, const uint64_t *va)
{
    return bounded(dst, n, true, format, va);
}

int NTAPI
crt_vsprintf(char *dst, const char *format, const uint64_t *va)
{
    return sprintf_va(dst, format, va);
}

int NTAPI
crt_vsprintf_s(char *dst, size_t room, const char *format, const uint64_t *va)
{
    return secure(dst, room, room, false, format, va);
}

int NTAPI
crt_vswprintf_s(WCHAR *dst, size_t room, const WCHAR *format, const uint64_t *va)
{
    return secure(dst, room, room, true, format, va);
}

int NTAPI
crt__vsnprintf_s(char *dst, size_t room, size_t n, const char *format, const uint64_t *va)
{
    return secure(dst, room, n, false, format, va);
}

int NTAPI
crt__vsnwprintf_s(WCHAR *dst, size_t room, size_t n, const WCHAR *format, const uint64_t *va)
{
    return secure(dst, room, n, true, format, va);
}
