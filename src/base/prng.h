/* SPDX-License-Identifier: MIT */
/*
 * base/prng.h - numbers that look random and are a function of a seed.
 *
 * Model: two generators. prng_at() is counter based: the n-th number of a seed, without state, so what one
 * fiber draws does not depend on how often another drew. struct prng is a sequence (xoshiro256**), for loops.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

#include "base/hash.h"

/* Number n of stream `seed`: splitmix64 entered at its n-th step. */
static inline uint64_t
prng_at(uint64_t seed, uint64_t n)
{
    return hash_mix64(hash_mix64_b(seed) + (n + 1) * HASH_GOLDEN);
}

/* Reduce a 64-bit number to 0..bound-1 (0 if bound is 0). Bias is below bound / 2^64. */
static inline uint64_t
prng_reduce(uint64_t random, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)random * bound) >> 64);
}

struct prng {
    uint64_t s[4];
};

static inline void
prng_init(struct prng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rng->s[i] = prng_at(seed, i);
}

static inline uint64_t
prng_rotl(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static inline uint64_t
prng_next(struct prng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = prng_rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = prng_rotl(s[3], 45);
    return result;
}

/* 0..bound-1; 0 if bound is 0. */
static inline uint64_t
prng_below(struct prng *rng, uint64_t bound)
{
    return prng_reduce(prng_next(rng), bound);
}

#endif
