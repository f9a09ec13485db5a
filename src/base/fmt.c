/* SPDX-License-Identifier: MIT */
/*
 * base/fmt.c - see fmt.h.
 *
 * Model: one pass over the format; each conversion is parsed into a struct spec and printed by kind. Arguments
 * come from a va_list or from an array of slots; only next_arg() knows which.
 * Start reading at: fmt_run().
 */
#include "base/fmt.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf.h"

struct sink {
    char *out;
    size_t room;
    size_t len; /* of the whole result */
};

struct source {
    va_list *args; /* NULL: slots */
    const uint64_t *slots;
    unsigned flags;
};

struct spec {
    bool left, zero, plus, space, alternate, upper, wide;
    int width;
    int precision;  /* -1: none given */
    unsigned bytes; /* size of an integer argument */
    char kind;
};

static void
put(struct sink *sink, char c)
{
    if (sink->len + 1 < sink->room)
        sink->out[sink->len] = c;
    sink->len++;
}

static void
put_all(struct sink *sink, const char *bytes, size_t len)
{
    if (sink->len + 1 < sink->room) {
        size_t room = sink->room - 1 - sink->len;

        memcpy(sink->out + sink->len, bytes, len < room ? len : room);
    }
    sink->len += len;
}

static void
put_many(struct sink *sink, char c, int count)
{
    for (; count > 0; count--)
        put(sink, c);
}

static uint64_t
next_arg(struct source *source, unsigned bytes)
{
    if (source->args == NULL)
        return *source->slots++;
    return bytes > 4 ? va_arg(*source->args, uint64_t) : va_arg(*source->args, unsigned);
}

static const char *
parse_number(const char *at, struct source *source, int *out)
{
    int value = 0;

    if (*at == '*') {
        *out = (int)next_arg(source, 4);
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++)
        value = value > 99999 ? value : value * 10 + (*at - '0');
    *out = value;
    return at;
}

static const char *
parse_length(const char *at, const struct source *source, struct spec *spec)
{
    bool windows = source->flags & FMT_WINDOWS;

    for (;; at++) {
        switch (*at) {
        case 'h':
            spec->bytes = spec->bytes == 2 ? 1 : 2;
            break;
        case 'l':
            spec->bytes = at[1] == 'l' || !windows ? 8 : spec->bytes;
            spec->wide = true;
            break;
        case 'w':
            spec->wide = true;
            break;
        case 'z':
        case 'j':
        case 't':
            spec->bytes = 8;
            break;
        case 'I':
            spec->bytes = 8;
            if (at[1] == '6' && at[2] == '4') {
                at += 2;
            } else if (at[1] == '3' && at[2] == '2') {
                spec->bytes = 4;
                at += 2;
            }
            break;
        default:
            return at;
        }
    }
}

/* at: after the '%'. Returns the place of the conversion character. */
static const char *
parse_spec(const char *at, struct source *source, struct spec *spec)
{
    *spec = (struct spec){ .precision = -1, .bytes = 4 };
    for (;; at++) {
        if (*at == '-')
            spec->left = true;
        else if (*at == '0')
            spec->zero = true;
        else if (*at == '+')
            spec->plus = true;
        else if (*at == ' ')
            spec->space = true;
        else if (*at == '#')
            spec->alternate = true;
        else
            break;
    }
    at = parse_number(at, source, &spec->width);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = spec->width == INT32_MIN ? 0 : -spec->width;
    }
    if (*at == '.')
        at = parse_number(at + 1, source, &spec->precision);
    at = parse_length(at, source, spec);
    spec->kind = *at;
    return at;
}

static void
print_number(struct sink *sink, const struct spec *spec, uint64_t value, unsigned base, bool negative)
{
    const char *digits = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    char prefix[3];
    int len = 0;
    int prefix_len = 0;
    int zeros;
    int pad;

    if (negative || spec->plus || spec->space)
        prefix[prefix_len++] = negative ? '-' : spec->plus ? '+' : ' ';
    if (spec->alternate && base == 16 && value != 0) {
        prefix[prefix_len++] = '0';
        prefix[prefix_len++] = spec->upper ? 'X' : 'x';
    }
    for (; value != 0 || (len == 0 && spec->precision != 0); value /= base)
        text[len++] = digits[value % base];
    zeros = spec->precision > len ? spec->precision - len : 0;
    pad = spec->width - prefix_len - zeros - len;
    if (spec->zero && !spec->left && spec->precision < 0 && pad > 0) {
        zeros += pad;
        pad = 0;
    }
    if (!spec->left)
        put_many(sink, ' ', pad);
    for (int i = 0; i < prefix_len; i++)
        put(sink, prefix[i]);
    put_many(sink, '0', zeros);
    while (len > 0)
        put(sink, text[--len]);
    if (spec->left)
        put_many(sink, ' ', pad);
}

static void
print_integer(struct sink *sink, struct spec *spec, uint64_t value)
{
    unsigned shift = 64 - 8 * spec->bytes;
    bool negative = false;

    if (spec->kind == 'd' || spec->kind == 'i') {
        int64_t with_sign = (int64_t)(value << shift) >> shift;

        negative = with_sign < 0;
        print_number(sink, spec, negative ? 0 - (uint64_t)with_sign : (uint64_t)with_sign, 10, negative);
        return;
    }
    spec->plus = spec->space = false;
    spec->upper = spec->kind == 'X';
    print_number(sink, spec, value << shift >> shift, spec->kind == 'u' ? 10 : spec->kind == 'o' ? 8 : 16, false);
}

static void
print_bytes(struct sink *sink, const struct spec *spec, const char *text, size_t len)
{
    int pad = len < (size_t)spec->width ? spec->width - (int)len : 0;

    if (!spec->left)
        put_many(sink, ' ', pad);
    put_all(sink, text, len);
    if (spec->left)
        put_many(sink, ' ', pad);
}

/* len: 16-bit units. The width counts characters of the result's UTF-16 form, as Windows does. */
static void
print_units(struct sink *sink, const struct spec *spec, const void *units, size_t len)
{
    int pad = len < (size_t)spec->width ? spec->width - (int)len : 0;

    if (!spec->left)
        put_many(sink, ' ', pad);
    for (size_t at = 0, used; at < len; at += used) {
        const char *here = (const char *)units + 2 * at;
        char bytes[4];

        used = 1;
        if ((uint8_t)here[0] < 0x80 && here[1] == 0)
            put(sink, here[0]);
        else
            put_all(sink, bytes, utf8_encode(utf16_decode(here, len - at, &used), bytes));
    }
    if (spec->left)
        put_many(sink, ' ', pad);
}

static void
print_string(struct sink *sink, const struct spec *spec, const void *text, bool wide)
{
    size_t max = spec->precision >= 0 ? (size_t)spec->precision : (size_t)-1;
    size_t len = 0;

    if (text == NULL) {
        print_bytes(sink, spec, "(null)", max < 6 ? max : 6);
    } else if (wide) {
        uint16_t unit;

        for (; len < max; len++) {
            memcpy(&unit, (const char *)text + 2 * len, 2);
            if (unit == 0)
                break;
        }
        print_units(sink, spec, text, len);
    } else {
        const char *bytes = text;

        while (len < max && bytes[len] != 0)
            len++;
        print_bytes(sink, spec, bytes, len);
    }
}

/* A counted string; both kinds have the same shape. */
static void
print_counted(struct sink *sink, const struct spec *spec, const struct fmt_ustring *string)
{
    size_t max = spec->precision >= 0 ? (size_t)spec->precision : (size_t)-1;
    size_t len;

    if (string == NULL || (string->buffer == NULL && string->length != 0)) {
        print_bytes(sink, spec, "(null)", max < 6 ? max : 6);
        return;
    }
    len = spec->wide ? string->length / 2u : string->length;
    len = len < max ? len : max;
    if (spec->wide)
        print_units(sink, spec, string->buffer, len);
    else
        print_bytes(sink, spec, (const char *)string->buffer, len);
}

/* Returns false if the conversion is none we know. */
static bool
convert(struct sink *sink, struct source *source, struct spec *spec)
{
    bool short_text = spec->bytes < 4; /* %hs, %hS: 8-bit whatever else is said */
    uint64_t value;

    switch (spec->kind) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        print_integer(sink, spec, next_arg(source, spec->bytes));
        return true;
    case 'p':
        value = next_arg(source, 8);
        spec->precision = 16;
        spec->upper = source->flags & FMT_WINDOWS;
        print_number(sink, spec, value, 16, false);
        return true;
    case 'c':
    case 'C': {
        uint16_t unit = (uint16_t)next_arg(source, 4);
        char byte = (char)unit;

        if (!short_text && (spec->wide || spec->kind == 'C'))
            print_units(sink, spec, &unit, 1);
        else
            print_bytes(sink, spec, &byte, 1);
        return true;
    }
    case 's':
    case 'S':
        value = next_arg(source, 8);
        print_string(sink, spec, (const void *)(uintptr_t)value, !short_text && (spec->wide || spec->kind == 'S'));
        return true;
    case 'Z':
        value = next_arg(source, 8);
        print_counted(sink, spec, (const struct fmt_ustring *)(uintptr_t)value);
        return true;
    default:
        return false;
    }
}

static size_t
fmt_run(char *out, size_t room, const char *format, struct source *source)
{
    struct sink sink = { out, room, 0 };

    for (const char *at = format; *at; at++) {
        struct spec spec;
        const char *end;

        if (*at != '%') {
            size_t plain = 1;

            while (at[plain] != 0 && at[plain] != '%')
                plain++;
            put_all(&sink, at, plain);
            at += plain - 1;
            continue;
        }
        end = parse_spec(at + 1, source, &spec);
        if (spec.kind == '%') {
            put(&sink, '%');
            at = end;
        } else if (spec.kind != 0 && convert(&sink, source, &spec)) {
            at = end;
        } else {
            put(&sink, '%');
        }
    }
    if (room > 0)
        out[sink.len < room ? sink.len : room - 1] = 0;
    return sink.len;
}

size_t
fmt_v(char *out, size_t room, const char *format, va_list args)
{
    struct source source = { NULL, NULL, 0 };
    va_list copy;
    size_t len;

    va_copy(copy, args);
    source.args = &copy;
    len = fmt_run(out, room, format, &source);
    va_end(copy);
    return len;
}

size_t
fmt(char *out, size_t room, const char *format, ...)
{
    va_list args;
    size_t len;

    va_start(args, format);
    len = fmt_v(out, room, format, args);
    va_end(args);
    return len;
}

size_t
fmt_append(char *out, size_t room, const char *format, ...)
{
    size_t have = strnlen(out, room);
    va_list args;
    size_t len;

    va_start(args, format);
    len = fmt_v(out + have, room - have, format, args);
    va_end(args);
    return have + len;
}

size_t
fmt_slots(char *out, size_t room, unsigned flags, const char *format, const uint64_t *slots)
{
    struct source source = { NULL, slots, flags };

    return fmt_run(out, room, format, &source);
}
