/* SPDX-License-Identifier: MIT */
/*
 * base/str.h - small helpers for C strings: ASCII case, numbers, copies that cannot overflow.
 *
 * None of these looks at the locale. Windows compares names of modules, registry keys, INF sections and
 * devices without case; str_ieq() is that comparison for ASCII.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"

static inline char
str_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 0x20) : c;
}

static inline bool
str_eq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static inline int
str_icmp_n(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int d = (unsigned char)str_lower(a[i]) - (unsigned char)str_lower(b[i]);

        if (d != 0 || a[i] == 0)
            return d;
    }
    return 0;
}

static inline bool
str_ieq(const char *a, const char *b)
{
    return str_icmp_n(a, b, (size_t)-1) == 0;
}

static inline bool
str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static inline bool
str_istarts(const char *text, const char *prefix)
{
    return str_icmp_n(text, prefix, strlen(prefix)) == 0;
}

static inline bool
str_iends(const char *text, const char *suffix)
{
    size_t have = strlen(text);
    size_t want = strlen(suffix);

    return have >= want && str_ieq(text + have - want, suffix);
}

/* Hash that agrees with str_ieq. */
static inline uint64_t
str_ihash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325ull;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)str_lower(*text)) * 0x100000001b3ull;
    return hash_mix64(hash);
}

/* Copy text into room bytes, cut if it must be, always terminated. Returns whether all of it fitted. */
static inline bool
str_copy(char *to, size_t room, const char *text)
{
    size_t len = strlen(text);
    size_t n = len < room ? len : room - 1;

    if (room == 0)
        return false;
    memcpy(to, text, n);
    to[n] = 0;
    return n == len;
}

/* The part of a path after the last '/' or '\'. */
static inline const char *
str_leaf(const char *path)
{
    const char *leaf = path;

    for (; *path; path++)
        if (*path == '/' || *path == '\\')
            leaf = path + 1;
    return leaf;
}

/* Decimal, or hexadecimal after 0x. All of text must be the number. false: it is none, or over 64 bits. */
static inline bool
str_to_u64(const char *text, uint64_t *out)
{
    unsigned base = 10;
    uint64_t value = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == 0)
        return false;
    for (; *text; text++) {
        char c = str_lower(*text);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 99;

        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

#endif
