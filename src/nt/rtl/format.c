/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/format.c - the kernel's printf.
 *
 * Model: one engine for char and WCHAR. It reads the format unit by unit, parses a conversion into a struct spec, and
 * puts units; the sink narrows or widens. Arguments are 8-byte slots. Strings are read where they lie, so a bad
 * pointer faults in the function that was called, as in Windows.
 * Start reading at: rtl_format().
 *
 * documented: Microsoft's format specification: I32 I64 I, h l ll w, %S and %C of the other width, %Z and %wZ counted
 * strings, %p sixteen upper-case digits. assumed: a conversion that is not known prints its own letter; so do the
 * floating-point ones, which the kernel's library lacks.
 */
#include "nt/rtl/rtl.h"

#include "base/utf.h"

struct sink {
    const struct rtl_output *to;
    size_t len; /* of the whole result, in units */
};

enum text { TEXT_PLAIN, TEXT_NARROW, TEXT_WIDE };

struct spec {
    bool left, zero, plus, space, alternate;
    int width;
    int precision;  /* -1: none */
    unsigned bytes; /* of an integer argument */
    enum text text; /* h or l or w before s, c, Z */
};

/* Upper half of code page 1252: 0x80..0x9f; the rest equals Latin-1. 0: no character. */
static const uint16_t cp1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

uint16_t
rtl_unicode_from_ansi(uint8_t byte)
{
    if (byte < 0x80 || byte > 0x9f)
        return byte;
    return cp1252[byte - 0x80] != 0 ? cp1252[byte - 0x80] : byte;
}

uint8_t
rtl_ansi_from_unicode(uint16_t unit)
{
    if (unit < 0x80 || (unit >= 0xa0 && unit <= 0xff))
        return (uint8_t)unit;
    for (unsigned i = 0; i < 32; i++)
        if (cp1252[i] == unit || (cp1252[i] == 0 && unit == 0x80 + i))
            return (uint8_t)(0x80 + i);
    return '?';
}

/* ------------------------------------------------------------------ putting */

static void
put_unit(struct sink *s, uint16_t unit)
{
    if (s->len < s->to->room) {
        if (s->to->wide)
            ((uint16_t *)s->to->out)[s->len] = unit;
        else
            ((uint8_t *)s->to->out)[s->len] = (uint8_t)unit;
    }
    s->len++;
}

static void
put_narrow(struct sink *s, uint8_t byte)
{
    put_unit(s, s->to->wide ? rtl_unicode_from_ansi(byte) : byte);
}

/* Units of one character at `text`; returns how many were consumed. */
static size_t
put_wide(struct sink *s, const uint16_t *text, size_t len)
{
    char bytes[4];
    size_t used = 1;
    size_t n;

    if (s->to->wide) {
        put_unit(s, text[0]);
    } else if (s->to->utf8) {
        n = utf8_encode(utf16_decode(text, len, &used), bytes);
        for (size_t i = 0; i < n; i++)
            put_unit(s, (uint8_t)bytes[i]);
    } else {
        put_unit(s, rtl_ansi_from_unicode(text[0]));
    }
    return used;
}

static void
pad(struct sink *s, char c, long count)
{
    for (; count > 0; count--)
        put_unit(s, (uint8_t)c);
}

static void
put_text(struct sink *s, const struct spec *spec, const void *text, size_t len, bool wide)
{
    long fill = spec->width - (long)len;

    if (!spec->left)
        pad(s, spec->zero ? '0' : ' ', fill);
    for (size_t i = 0; i < len;)
        if (wide)
            i += put_wide(s, (const uint16_t *)text + i, len - i);
        else
            put_narrow(s, ((const uint8_t *)text)[i++]);
    if (spec->left)
        pad(s, ' ', fill);
}

static size_t
string_length(const void *text, bool wide, int max)
{
    size_t n = 0;

    while ((max < 0 || n < (size_t)max) && (wide ? ((const uint16_t *)text)[n] != 0 : ((const char *)text)[n] != 0))
        n++;
    return n;
}

static void
put_string(struct sink *s, const struct spec *spec, const void *text, bool wide)
{
    if (text == NULL) {
        text = "(null)";
        wide = false;
    }
    put_text(s, spec, text, string_length(text, wide, spec->precision), wide);
}

/* %Z: counted. Length is in bytes. */
static void
put_counted(struct sink *s, const struct spec *spec, const UNICODE_STRING *string, bool wide)
{
    size_t len;

    if (string == NULL || string->Buffer == NULL) {
        put_string(s, spec, NULL, false);
        return;
    }
    len = wide ? string->Length / 2u : string->Length;
    if (spec->precision >= 0 && len > (size_t)spec->precision)
        len = (size_t)spec->precision;
    put_text(s, spec, string->Buffer, len, wide);
}

static void
put_number(struct sink *s, const struct spec *spec, uint64_t value, unsigned base, bool is_signed, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    char prefix[2];
    unsigned prefix_len = 0;
    unsigned n = 0;
    bool negative = is_signed && (int64_t)value < 0;
    uint64_t rest = negative ? -value : value;
    long zeros, fill;

    for (; rest != 0; rest /= base)
        text[n++] = digits[rest % base];
    if (negative)
        prefix[prefix_len++] = '-';
    else if (is_signed && spec->plus)
        prefix[prefix_len++] = '+';
    else if (is_signed && spec->space)
        prefix[prefix_len++] = ' ';
    zeros = (spec->precision < 0 ? 1 : spec->precision) - (long)n;
    if (spec->alternate && base == 16 && value != 0) {
        prefix[prefix_len++] = '0';
        prefix[prefix_len++] = upper ? 'X' : 'x';
    } else if (spec->alternate && base == 8 && zeros <= 0) {
        zeros = 1;
    }
    if (zeros < 0)
        zeros = 0;
    fill = spec->width - (long)(prefix_len + n) - zeros;
    if (spec->zero && !spec->left && spec->precision < 0 && fill > 0) {
        zeros += fill;
        fill = 0;
    }
    if (!spec->left)
        pad(s, ' ', fill);
    for (unsigned i = 0; i < prefix_len; i++)
        put_unit(s, (uint8_t)prefix[i]);
    pad(s, '0', zeros);
    while (n > 0)
        put_unit(s, (uint8_t)text[--n]);
    if (spec->left)
        pad(s, ' ', fill);
}

/* ------------------------------------------------------------------ parsing */

struct reader {
    const void *at;
    bool wide;
};

static uint16_t
peek(const struct reader *r, unsigned ahead)
{
    return r->wide ? ((const uint16_t *)r->at)[ahead] : ((const uint8_t *)r->at)[ahead];
}

static void
skip(struct reader *r, unsigned units)
{
    r->at = (const uint8_t *)r->at + units * (r->wide ? 2 : 1);
}

static int
read_number(struct reader *r, const uint64_t **va)
{
    int value = 0;

    if (peek(r, 0) == '*') {
        skip(r, 1);
        return (int)*(*va)++;
    }
    for (; peek(r, 0) >= '0' && peek(r, 0) <= '9'; skip(r, 1))
        value = value < 100000 ? value * 10 + (peek(r, 0) - '0') : value;
    return value;
}

static void
read_flags(struct reader *r, struct spec *spec)
{
    for (;; skip(r, 1)) {
        switch (peek(r, 0)) {
        case '-':
            spec->left = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        default:
            return;
        }
    }
}

static void
read_size(struct reader *r, struct spec *spec)
{
    for (;; skip(r, 1)) {
        switch (peek(r, 0)) {
        case 'h':
            spec->bytes = spec->bytes == 2 ? 1 : 2;
            spec->text = TEXT_NARROW;
            break;
        case 'l':
            if (peek(r, 1) == 'l') {
                spec->bytes = 8;
                skip(r, 1);
            }
            spec->text = TEXT_WIDE;
            break;
        case 'w':
            spec->text = TEXT_WIDE;
            break;
        case 'z':
        case 't':
        case 'j':
            spec->bytes = 8;
            break;
        case 'L':
            break;
        case 'I':
            if (peek(r, 1) == '6' && peek(r, 2) == '4') {
                spec->bytes = 8;
                skip(r, 2);
            } else if (peek(r, 1) == '3' && peek(r, 2) == '2') {
                spec->bytes = 4;
                skip(r, 2);
            } else {
                spec->bytes = 8; /* I alone: the size of a pointer */
            }
            break;
        default:
            return;
        }
    }
}

static struct spec
read_spec(struct reader *r, const uint64_t **va)
{
    struct spec spec = { .precision = -1, .bytes = 4 };

    read_flags(r, &spec);
    spec.width = read_number(r, va);
    if (spec.width < 0) {
        spec.left = true;
        spec.width = -spec.width;
    }
    if (peek(r, 0) == '.') {
        skip(r, 1);
        spec.precision = read_number(r, va);
    }
    read_size(r, &spec);
    return spec;
}

static uint64_t
integer(const struct spec *spec, uint64_t slot, bool is_signed)
{
    switch (spec->bytes) {
    case 1:
        return is_signed ? (uint64_t)(int64_t)(int8_t)slot : (uint8_t)slot;
    case 2:
        return is_signed ? (uint64_t)(int64_t)(int16_t)slot : (uint16_t)slot;
    case 4:
        return is_signed ? (uint64_t)(int64_t)(int32_t)slot : (uint32_t)slot;
    default:
        return slot;
    }
}

static bool
is_wide(const struct spec *spec, bool by_default)
{
    return spec->text == TEXT_PLAIN ? by_default : spec->text == TEXT_WIDE;
}

static void
convert(struct sink *s, uint16_t kind, struct spec *spec, const uint64_t **va)
{
    uint64_t slot;

    switch (kind) {
    case '%':
        put_unit(s, '%');
        return;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
    case 's':
    case 'S':
    case 'c':
    case 'C':
    case 'Z':
        slot = *(*va)++;
        break;
    default: /* not known: the letter itself */
        put_unit(s, kind);
        return;
    }
    switch (kind) {
    case 'd':
    case 'i':
        put_number(s, spec, integer(spec, slot, true), 10, true, false);
        break;
    case 'u':
        put_number(s, spec, integer(spec, slot, false), 10, false, false);
        break;
    case 'x':
    case 'X':
        put_number(s, spec, integer(spec, slot, false), 16, false, kind == 'X');
        break;
    case 'o':
        put_number(s, spec, integer(spec, slot, false), 8, false, false);
        break;
    case 'p':
        spec->precision = 16;
        put_number(s, spec, slot, 16, false, true);
        break;
    case 's':
    case 'S':
        put_string(s, spec, (const void *)slot, is_wide(spec, s->to->wide == (kind == 's')));
        break;
    case 'Z':
        put_counted(s, spec, (const void *)slot, is_wide(spec, false));
        break;
    default: { /* c, C */
        bool wide = is_wide(spec, s->to->wide == (kind == 'c'));
        uint16_t unit = (uint16_t)slot;
        uint8_t byte = (uint8_t)slot;

        put_text(s, spec, wide ? (const void *)&unit : (const void *)&byte, 1, wide);
        break;
    }
    }
}

size_t
rtl_format(const struct rtl_output *to, const void *format, const uint64_t *va)
{
    struct sink s = { to, 0 };
    struct reader r = { format, to->wide };

    for (; peek(&r, 0) != 0; skip(&r, 1)) {
        struct spec spec;

        if (peek(&r, 0) != '%') {
            put_unit(&s, peek(&r, 0));
            continue;
        }
        skip(&r, 1);
        spec = read_spec(&r, &va);
        if (peek(&r, 0) == 0)
            break;
        convert(&s, peek(&r, 0), &spec, &va);
    }
    return s.len;
}
