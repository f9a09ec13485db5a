/* SPDX-License-Identifier: MIT */
/* machine/fiber_set.h - a set of fibers by number, for whoever keeps one in monitor memory. Zeroed: empty. */
#ifndef MACHINE_FIBER_SET_H
#define MACHINE_FIBER_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"

#define FIBER_SET_WORDS (FIBER_SLOTS / 64u + 1)

struct fiber_set {
    uint64_t word[FIBER_SET_WORDS];
};

static inline void
fiber_set_add(struct fiber_set *s, uint32_t id)
{
    s->word[id / 64] |= 1ull << (id % 64);
}

static inline void
fiber_set_del(struct fiber_set *s, uint32_t id)
{
    s->word[id / 64] &= ~(1ull << (id % 64));
}

static inline bool
fiber_set_has(const struct fiber_set *s, uint32_t id)
{
    return s->word[id / 64] >> (id % 64) & 1;
}

/* The one with the lowest number; 0: the set is empty. */
static inline uint32_t
fiber_set_first(const struct fiber_set *s)
{
    for (uint32_t i = 0; i < FIBER_SET_WORDS; i++)
        if (s->word[i] != 0)
            return i * 64 + (uint32_t)__builtin_ctzll(s->word[i]);
    return 0;
}

#endif
