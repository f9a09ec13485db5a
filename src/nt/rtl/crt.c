/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/crt.c - the C library names ntoskrnl exports: memory and strings.
 *
 * Model: Microsoft's semantics under our names; the wide ones are for 16-bit units. Overlapping memcpy moves, as the
 * kernel's does, and is told as an event (Driver Verifier objects to it).
 */
#include "nt/rtl/rtl.h"

#include "trace/event.h"

#define EINVAL_S  22 /* documented: errno values of the secure functions */
#define ERANGE_S  34
#define TRUNCATED 80
#define TRUNCATE  ((size_t)-1)

/* ------------------------------------------------------------------ memory */

void *NTAPI
crt_memcpy(void *dst, const void *src, size_t n)
{
    uint64_t apart = dst > src ? (uint64_t)dst - (uint64_t)src : (uint64_t)src - (uint64_t)dst;

    if (apart < n && dst != src)
        trace_emit(EV_MEMORY_OVERLAP, dst, (uint64_t)dst, (uint64_t)src, n);
    return __builtin_memmove(dst, src, n);
}

void *NTAPI
crt_memmove(void *dst, const void *src, size_t n)
{
    return __builtin_memmove(dst, src, n);
}

void *NTAPI
crt_memset(void *dst, int c, size_t n)
{
    return __builtin_memset(dst, c, n);
}

int NTAPI
crt_memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

void *NTAPI
crt_memchr(const void *p, int c, size_t n)
{
    const uint8_t *at = p;

    for (size_t i = 0; i < n; i++)
        if (at[i] == (uint8_t)c)
            return (void *)(at + i);
    return NULL;
}

int NTAPI
crt_memcpy_s(void *dst, size_t room, const void *src, size_t n)
{
    if (n == 0)
        return 0;
    if (dst == NULL)
        return EINVAL_S;
    if (src == NULL || room < n) {
        __builtin_memset(dst, 0, room);
        return src == NULL ? EINVAL_S : ERANGE_S;
    }
    crt_memcpy(dst, src, n);
    return 0;
}

int NTAPI
crt_memmove_s(void *dst, size_t room, const void *src, size_t n)
{
    if (n == 0)
        return 0;
    if (dst == NULL || src == NULL)
        return EINVAL_S;
    if (room < n)
        return ERANGE_S;
    __builtin_memmove(dst, src, n);
    return 0;
}

void *NTAPI
rtl_RtlCopyMemory(void *dst, const void *src, size_t n)
{
    return crt_memcpy(dst, src, n);
}

void NTAPI
rtl_RtlMoveMemory(void *dst, const void *src, size_t n)
{
    __builtin_memmove(dst, src, n);
}

void NTAPI
rtl_RtlFillMemory(void *dst, size_t n, UCHAR fill)
{
    __builtin_memset(dst, fill, n);
}

void NTAPI
rtl_RtlZeroMemory(void *dst, size_t n)
{
    __builtin_memset(dst, 0, n);
}

/* documented: how many bytes are equal before the first difference. */
SIZE_T NTAPI
RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const uint8_t *x = Source1, *y = Source2;
    SIZE_T n = 0;

    while (n < Length && x[n] == y[n])
        n++;
    return n;
}

/* ------------------------------------------------------------------ both widths from one text */

#define STRING_FUNCTIONS(T, U, len_, nlen_, cmp_, ncmp_, icmp_, nicmp_, cpy_, ncpy_, cat_, ncat_, chr_, rchr_, str_, \
                         cpy_s_, ncpy_s_, cat_s_, CHR, lower_)                                                       \
    size_t NTAPI len_(const T *s)                                                                                    \
    {                                                                                                                \
        size_t n = 0;                                                                                                \
        while (s[n] != 0)                                                                                            \
            n++;                                                                                                     \
        return n;                                                                                                    \
    }                                                                                                                \
    size_t NTAPI nlen_(const T *s, size_t max)                                                                       \
    {                                                                                                                \
        size_t n = 0;                                                                                                \
        while (n < max && s[n] != 0)                                                                                 \
            n++;                                                                                                     \
        return n;                                                                                                    \
    }                                                                                                                \
    int NTAPI ncmp_(const T *a, const T *b, size_t n)                                                                \
    {                                                                                                                \
        for (size_t i = 0; i < n; i++) {                                                                             \
            if ((U)a[i] != (U)b[i])                                                                                  \
                return (U)a[i] < (U)b[i] ? -1 : 1;                                                                   \
            if (a[i] == 0)                                                                                           \
                break;                                                                                               \
        }                                                                                                            \
        return 0;                                                                                                    \
    }                                                                                                                \
    int NTAPI cmp_(const T *a, const T *b)                                                                           \
    {                                                                                                                \
        return ncmp_(a, b, TRUNCATE);                                                                                \
    }                                                                                                                \
    int NTAPI nicmp_(const T *a, const T *b, size_t n)                                                               \
    {                                                                                                                \
        for (size_t i = 0; i < n; i++) {                                                                             \
            int d = lower_((U)a[i]) - lower_((U)b[i]);                                                               \
            if (d != 0)                                                                                              \
                return d;                                                                                            \
            if (a[i] == 0)                                                                                           \
                break;                                                                                               \
        }                                                                                                            \
        return 0;                                                                                                    \
    }                                                                                                                \
    int NTAPI icmp_(const T *a, const T *b)                                                                          \
    {                                                                                                                \
        return nicmp_(a, b, TRUNCATE);                                                                               \
    }                                                                                                                \
    T *NTAPI cpy_(T *dst, const T *src)                                                                              \
    {                                                                                                                \
        size_t i = 0;                                                                                                \
        do                                                                                                           \
            dst[i] = src[i];                                                                                         \
        while (src[i++] != 0);                                                                                       \
        return dst;                                                                                                  \
    }                                                                                                                \
    T *NTAPI ncpy_(T *dst, const T *src, size_t n)                                                                   \
    {                                                                                                                \
        size_t i = 0;                                                                                                \
        for (; i < n && src[i] != 0; i++)                                                                            \
            dst[i] = src[i];                                                                                         \
        for (; i < n; i++)                                                                                           \
            dst[i] = 0;                                                                                              \
        return dst;                                                                                                  \
    }                                                                                                                \
    T *NTAPI cat_(T *dst, const T *src)                                                                              \
    {                                                                                                                \
        cpy_(dst + len_(dst), src);                                                                                  \
        return dst;                                                                                                  \
    }                                                                                                                \
    T *NTAPI ncat_(T *dst, const T *src, size_t n)                                                                   \
    {                                                                                                                \
        T *at = dst + len_(dst);                                                                                     \
        size_t take = nlen_(src, n);                                                                                 \
        for (size_t i = 0; i < take; i++)                                                                            \
            at[i] = src[i];                                                                                          \
        at[take] = 0;                                                                                                \
        return dst;                                                                                                  \
    }                                                                                                                \
    T *NTAPI chr_(const T *s, CHR c)                                                                                 \
    {                                                                                                                \
        for (;; s++) {                                                                                               \
            if (*s == (T)c)                                                                                          \
                return (T *)s;                                                                                       \
            if (*s == 0)                                                                                             \
                return NULL;                                                                                         \
        }                                                                                                            \
    }                                                                                                                \
    T *NTAPI rchr_(const T *s, CHR c)                                                                                \
    {                                                                                                                \
        const T *found = NULL;                                                                                       \
        for (;; s++) {                                                                                               \
            if (*s == (T)c)                                                                                          \
                found = s;                                                                                           \
            if (*s == 0)                                                                                             \
                return (T *)found;                                                                                   \
        }                                                                                                            \
    }                                                                                                                \
    T *NTAPI str_(const T *s, const T *sub)                                                                          \
    {                                                                                                                \
        size_t n = len_(sub);                                                                                        \
        for (; n == 0 || *s != 0; s++)                                                                               \
            if (ncmp_(s, sub, n) == 0)                                                                               \
                return (T *)s;                                                                                       \
        return NULL;                                                                                                 \
    }                                                                                                                \
    int NTAPI ncpy_s_(T *dst, size_t room, const T *src, size_t n)                                                   \
    {                                                                                                                \
        size_t len;                                                                                                  \
        if (dst == NULL || room == 0)                                                                                \
            return EINVAL_S;                                                                                         \
        dst[0] = 0;                                                                                                  \
        if (src == NULL)                                                                                             \
            return n == 0 ? 0 : EINVAL_S;                                                                            \
        len = nlen_(src, n == TRUNCATE ? room : n);                                                                  \
        if (len >= room) {                                                                                           \
            if (n != TRUNCATE)                                                                                       \
                return ERANGE_S;                                                                                     \
            len = room - 1;                                                                                          \
        }                                                                                                            \
        for (size_t i = 0; i < len; i++)                                                                             \
            dst[i] = src[i];                                                                                         \
        dst[len] = 0;                                                                                                \
        return n == TRUNCATE && src[len] != 0 ? TRUNCATED : 0;                                                       \
    }                                                                                                                \
    int NTAPI cpy_s_(T *dst, size_t room, const T *src)                                                              \
    {                                                                                                                \
        return ncpy_s_(dst, room, src, TRUNCATE - 1);                                                                \
    }                                                                                                                \
    int NTAPI cat_s_(T *dst, size_t room, const T *src)                                                              \
    {                                                                                                                \
        size_t at;                                                                                                   \
        int error;                                                                                                   \
        if (dst == NULL || room == 0)                                                                                \
            return EINVAL_S;                                                                                         \
        at = nlen_(dst, room);                                                                                       \
        error = at == room ? EINVAL_S : cpy_s_(dst + at, room - at, src);                                            \
        if (error != 0)                                                                                              \
            dst[0] = 0;                                                                                              \
        return error;                                                                                                \
    }

static int
lower_ascii(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
}

static int
lower_wide(int c)
{
    return rtl_downcase((uint16_t)c);
}

/* clang-format off */
STRING_FUNCTIONS(char, unsigned char, crt_strlen, crt_strnlen, crt_strcmp, crt_strncmp, crt__stricmp, crt__strnicmp,
                 crt_strcpy, crt_strncpy, crt_strcat, crt_strncat, crt_strchr, crt_strrchr, crt_strstr, crt_strcpy_s,
                 crt_strncpy_s, crt_strcat_s, int, lower_ascii)
STRING_FUNCTIONS(WCHAR, WCHAR, crt_wcslen, crt_wcsnlen, crt_wcscmp, crt_wcsncmp, crt__wcsicmp, crt__wcsnicmp,
                 crt_wcscpy, crt_wcsncpy, crt_wcscat, crt_wcsncat, crt_wcschr, crt_wcsrchr, crt_wcsstr, crt_wcscpy_s,
                 crt_wcsncpy_s, crt_wcscat_s, WCHAR, lower_wide)
/* clang-format on */

char *NTAPI
crt__strupr(char *s)
{
    for (char *at = s; *at != 0; at++)
        *at = (char)crt_toupper((unsigned char)*at);
    return s;
}

char *NTAPI
crt__strlwr(char *s)
{
    for (char *at = s; *at != 0; at++)
        *at = (char)crt_tolower((unsigned char)*at);
    return s;
}

/* ------------------------------------------------------------------ characters: the C locale */

int NTAPI
crt_toupper(int c)
{
    return c >= 'a' && c <= 'z' ? c - 0x20 : c;
}

int NTAPI
crt_tolower(int c)
{
    return lower_ascii(c);
}

WCHAR NTAPI
crt_towupper(WCHAR c)
{
    return rtl_upcase(c);
}

WCHAR NTAPI
crt_towlower(WCHAR c)
{
    return rtl_downcase(c);
}

int NTAPI
crt_isdigit(int c)
{
    return c >= '0' && c <= '9';
}

int NTAPI
crt_isxdigit(int c)
{
    return crt_isdigit(c) || (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'f');
}

int NTAPI
crt_isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int NTAPI
crt_isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}

int NTAPI
crt_islower(int c)
{
    return c >= 'a' && c <= 'z';
}

int NTAPI
crt_isalpha(int c)
{
    return crt_isupper(c) || crt_islower(c);
}

int NTAPI
crt_isalnum(int c)
{
    return crt_isalpha(c) || crt_isdigit(c);
}

int NTAPI
crt_isprint(int c)
{
    return c >= 0x20 && c < 0x7f;
}
