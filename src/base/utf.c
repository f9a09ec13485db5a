/* SPDX-License-Identifier: MIT */
/*
 * base/utf.c - see utf.h.
 */
#include "base/utf.h"

#include <stdbool.h>
#include <string.h>

static bool
is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

uint32_t
utf8_decode(const char *text, size_t len, size_t *used)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = (unsigned char)text[0];
    size_t n = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : 2;
    uint32_t c;

    *used = 1;
    if (n == 1)
        return lead;
    if (lead < 0xc2 || lead >= 0xf5 || n > len)
        return UTF_REPLACEMENT;
    c = lead & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char next = (unsigned char)text[i];

        if ((next & 0xc0) != 0x80)
            return UTF_REPLACEMENT;
        c = c << 6 | (next & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || is_surrogate(c))
        return UTF_REPLACEMENT;
    *used = n;
    return c;
}

size_t
utf8_encode(uint32_t c, char *out)
{
    if (c > 0x10ffff || is_surrogate(c))
        c = UTF_REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static uint16_t
unit_at(const void *units, size_t i)
{
    uint16_t unit;

    memcpy(&unit, (const char *)units + 2 * i, 2);
    return unit;
}

uint32_t
utf16_decode(const void *units, size_t len, size_t *used)
{
    uint32_t high = unit_at(units, 0);
    uint32_t low;

    *used = 1;
    if (!is_surrogate(high))
        return high;
    if (high >= 0xdc00 || len < 2)
        return UTF_REPLACEMENT;
    low = unit_at(units, 1);
    if (low < 0xdc00 || low > 0xdfff)
        return UTF_REPLACEMENT;
    *used = 2;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t
utf16_to_utf8(const void *units, size_t len, char *out, size_t room)
{
    size_t total = 0;
    size_t kept = 0;

    for (size_t at = 0, used; at < len; at += used) {
        char bytes[4];
        size_t n = utf8_encode(utf16_decode((const char *)units + 2 * at, len - at, &used), bytes);

        if (kept == total && total + n < room) {
            memcpy(out + kept, bytes, n);
            kept += n;
        }
        total += n;
    }
    if (room > 0)
        out[kept] = 0;
    return total;
}

size_t
utf8_to_utf16(const char *text, size_t len, uint16_t *out, size_t room)
{
    size_t total = 0;
    size_t kept = 0;

    for (size_t at = 0, used; at < len; at += used) {
        uint32_t c = utf8_decode(text + at, len - at, &used);
        size_t n = c >= 0x10000 ? 2 : 1;

        if (kept == total && total + n < room) {
            if (n == 2) {
                out[kept++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
                out[kept++] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
            } else {
                out[kept++] = (uint16_t)c;
            }
        }
        total += n;
    }
    if (room > 0)
        out[kept] = 0;
    return total;
}

uint16_t
utf16_upper(uint16_t unit)
{
    if (unit < 0x80)
        return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 0x20) : unit;
    if ((unit >= 0xe0 && unit <= 0xfe && unit != 0xf7) || (unit >= 0x3b1 && unit <= 0x3c9 && unit != 0x3c2) ||
        (unit >= 0x430 && unit <= 0x44f))
        return (uint16_t)(unit - 0x20);
    if (unit == 0xff)
        return 0x178;
    if (unit >= 0x450 && unit <= 0x45f)
        return (uint16_t)(unit - 0x50);
    if (unit >= 0x100 && unit <= 0x137 && unit != 0x131)
        return unit & 0xfffe;
    return unit;
}
