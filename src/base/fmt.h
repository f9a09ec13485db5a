/* SPDX-License-Identifier: MIT */
/*
 * base/fmt.h - formatting without stdio, allocation or locale: safe on any fiber stack.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%, with the flags - 0 + space #, width and precision (numbers or *),
 * and the lengths h hh l ll z j t I64 I32 I. Beyond C's:
 *
 *     %ls %ws %S   16-bit string, terminated or by precision (in units)
 *     %wZ          const struct fmt_ustring * (the layout of UNICODE_STRING)
 *     %Z           const struct fmt_astring * (the layout of ANSI_STRING)
 *     %lc %wc %C   one 16-bit unit
 *
 * 16-bit text comes out as UTF-8. %p is 16 hexadecimal digits, as debuggers print it. l is 32 bits when the
 * FMT_WINDOWS flag says the format is a driver's, 64 bits otherwise. A conversion that is not known is copied
 * as it stands. NULL strings print as (null).
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct fmt_ustring {
    uint16_t length; /* bytes */
    uint16_t maximum_length;
    const uint16_t *buffer;
};

struct fmt_astring {
    uint16_t length;
    uint16_t maximum_length;
    const char *buffer;
};

/* Format into out, cut to room, always terminated if room is not 0. Returns the length of the whole result. */
size_t fmt(char *out, size_t room, const char *format, ...);
size_t fmt_v(char *out, size_t room, const char *format, va_list args);

/* As fmt, appending to the string already in out. Returns the new length (as if there had been room). */
size_t fmt_append(char *out, size_t room, const char *format, ...);

#define FMT_WINDOWS 1u /* l is 32 bits; S and C are 16-bit text, as in the kernel's printf family */

/*
 * The same, reading arguments from an array of 8-byte slots, as the Windows x64 ABI passes them after the named
 * ones. The slots and what they point at are the caller's: strings are read where they lie.
 */
size_t fmt_slots(char *out, size_t room, unsigned flags, const char *format, const uint64_t *slots);

#endif
