/* SPDX-License-Identifier: MIT */
/*
 * base/utf.h - UTF-8 and UTF-16, converted without locale or allocation.
 *
 * Model: text inside undis is UTF-8, Windows text is 16-bit units that need not be valid UTF-16 (a lone
 * surrogate is legal in a name). What cannot be converted becomes U+FFFD, so a conversion never fails; it
 * can only be cut short by the room there is, and then never inside a character.
 */
#ifndef BASE_UTF_H
#define BASE_UTF_H

#include <stddef.h>
#include <stdint.h>

#define UTF_REPLACEMENT 0xfffdu

/* Decode one character of UTF-8; *used gets 1..4. A bad byte gives U+FFFD and 1. len must not be 0. */
uint32_t utf8_decode(const char *text, size_t len, size_t *used);

/* Encode c in 1..4 bytes at out (room for 4); returns how many. */
size_t utf8_encode(uint32_t c, char *out);

/* Decode one character of UTF-16 (units in host order, at any alignment); *used gets 1 or 2. len: units, not 0. */
uint32_t utf16_decode(const void *units, size_t len, size_t *used);

/*
 * Convert; the result is always terminated if the room is not 0. Return the length the whole result has,
 * without terminator, so that a return >= room says it was cut.
 */
size_t utf16_to_utf8(const void *units, size_t len, char *out, size_t room);
size_t utf8_to_utf16(const char *text, size_t len, uint16_t *out, size_t room);

/* Simple upper case, as names are compared with: ASCII, Latin-1, Greek and Cyrillic letters with a 1:1 pair. */
uint16_t utf16_upper(uint16_t unit);

#endif
