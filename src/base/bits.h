/* SPDX-License-Identifier: MIT */
/* base/bits.h - sets of numbers, a bit each, that several processes may add to at once. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool
bits_have(const uint8_t *bits, uint64_t number)
{
    return bits[number / 8] >> (number & 7) & 1;
}

/* A number beyond the set is left out. What is there is not written again: the page may be another process's, too. */
static inline void
bits_add(uint8_t *bits, uint64_t bytes, uint64_t number)
{
    if (number / 8 < bytes && !bits_have(bits, number))
        __atomic_fetch_or(&bits[number / 8], (uint8_t)(1u << (number & 7)), __ATOMIC_RELAXED);
}

#endif
