/* SPDX-License-Identifier: MIT */
/*
 * base/figure.h - figures that one thread at a time grows while others read them.
 *
 * Each is a whole 64-bit number at every moment; several of them may be of different moments.
 */
#ifndef BASE_FIGURE_H
#define BASE_FIGURE_H

#include <stddef.h>
#include <stdint.h>

static inline void
figure_add(uint64_t *figure, uint64_t n)
{
    __atomic_store_n(figure, *figure + n, __ATOMIC_RELAXED);
}

/* A structure that is nothing but figures. */
static inline void
figures_read(void *out, const void *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        ((uint64_t *)out)[i] = __atomic_load_n((const uint64_t *)from + i, __ATOMIC_RELAXED);
}

#endif
