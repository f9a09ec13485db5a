/* SPDX-License-Identifier: MIT */
/* explore/same.c - see same.h. */
#include "explore/same.h"

#include <string.h>

#include "base/hash.h"
#include "machine/strategy.h"

#define SLOTS    1024u
#define FIRST    64u   /* so many orders are kept */
#define FIRST_IN 4u    /* of the first of a bound, one in so many, */
#define ONE_IN   1024u /* and later one in so many */
#define COMPARED 4u    /* times each is compared */

static struct slot {
    uint64_t lo, hi; /* 0, 0: free */
    struct hash128 memory;
    unsigned left;
} slots[SLOTS];
static unsigned used;

void
same_forget(void)
{
    if (used != 0)
        memset(slots, 0, sizeof(slots));
    used = 0;
}

enum same_result
same_compare(uint64_t lo, uint64_t hi)
{
    struct slot *s = &slots[(uint32_t)hash_mix64(hi) & (SLOTS - 1)];

    if (s->lo == lo && s->hi == hi) {
        if (s->left == 0)
            return SAME_NOT_COMPARED;
        s->left--;
        return hash128_equal(s->memory, machine_digest_on_the_way()) ? SAME_EQUAL : SAME_DIFFERENT;
    }
    if (hash_mix64(lo) % (used < FIRST ? FIRST_IN : ONE_IN) == 0) {
        *s = (struct slot){ lo, hi, machine_digest_on_the_way(), COMPARED };
        used++;
    }
    return SAME_NOT_COMPARED;
}
