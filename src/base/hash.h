/* SPDX-License-Identifier: MIT */
/*
 * base/hash.h - mixing and hashing, 64 and 128 bits.
 *
 * Model: a hash here is a function of its input alone, the same in every process and build. Two kinds:
 * mix functions spread one word (bijective: no two inputs collide), and streams absorb words in order.
 * The 128-bit stream identifies states and schedules: at 2^40 states a collision has odds of about 2^-49.
 * Nothing here withstands an adversary; file digests are SHA-256.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_GOLDEN 0x9e3779b97f4a7c15ull

/* The finalizer of splitmix64 (Stafford's variant 13): bijective. */
static inline uint64_t
hash_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/* The finalizer of murmur3: bijective, independent of hash_mix64. */
static inline uint64_t
hash_mix64_b(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdull;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ull;
    return x ^ (x >> 33);
}

/* Absorb a word: order matters, hash64_add(hash64_add(0, a), b) is not that of b, a. */
static inline uint64_t
hash64_add(uint64_t hash, uint64_t word)
{
    return hash_mix64(hash + HASH_GOLDEN + hash_mix64_b(word));
}

/* Hash len bytes onto a seed. The length is part of it. */
static inline uint64_t
hash64_bytes(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t hash = hash64_add(seed, len);
    uint64_t word;

    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        hash = hash64_add(hash, word);
    }
    if (len > 0) {
        word = 0;
        memcpy(&word, at, len);
        hash = hash64_add(hash, word);
    }
    return hash;
}

static inline uint64_t
hash64_string(uint64_t seed, const char *text)
{
    return hash64_bytes(seed, text, strlen(text));
}

struct hash128 {
    uint64_t lo, hi;
};

/* Absorb a word into both halves; each half sees the other's state, so they do not collide together. */
static inline struct hash128
hash128_add(struct hash128 hash, uint64_t word)
{
    struct hash128 next;

    next.lo = hash_mix64(hash.lo + HASH_GOLDEN + hash_mix64_b(word));
    next.hi = hash_mix64_b((hash.hi ^ next.lo) + hash_mix64(word + 0xd1b54a32d192ed03ull));
    return next;
}

static inline struct hash128
hash128_bytes(struct hash128 hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t word;

    hash = hash128_add(hash, len);
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        hash = hash128_add(hash, word);
    }
    if (len > 0) {
        word = 0;
        memcpy(&word, at, len);
        hash = hash128_add(hash, word);
    }
    return hash;
}

static inline uint64_t
hash_lane(uint64_t lane, const unsigned char *at)
{
    uint64_t word;

    memcpy(&word, at, 8);
    lane ^= word;
    return (lane ^ (lane >> 32)) * 0xd1b54a32d192ed03ull;
}

/*
 * Much memory at once: four words side by side, each mixed just enough that two changes cannot undo each other unless
 * one was computed from the other. Not equal to hash128_bytes() of the same.
 */
static inline struct hash128
hash128_memory(struct hash128 hash, const void *bytes, size_t len)
{
    uint64_t a = hash.lo, b = hash.hi, c = hash.lo + HASH_GOLDEN, d = hash.hi + HASH_GOLDEN;
    const unsigned char *at = bytes;
    size_t left = len;

    for (; left >= 32; at += 32, left -= 32) {
        a = hash_lane(a, at);
        b = hash_lane(b, at + 8);
        c = hash_lane(c, at + 16);
        d = hash_lane(d, at + 24);
    }
    hash = hash128_add(hash128_add(hash128_add(hash128_add(hash, a), b), c), d);
    return hash128_add(hash128_bytes(hash, at, left), len);
}

/* Sum of element hashes: the hash of a set or multiset, whatever the order it was met in. */
static inline struct hash128
hash128_join(struct hash128 a, struct hash128 b)
{
    struct hash128 sum = { a.lo + b.lo, a.hi + b.hi };

    return sum;
}

static inline int
hash128_equal(struct hash128 a, struct hash128 b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

#endif
