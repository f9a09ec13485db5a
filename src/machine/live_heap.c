/* SPDX-License-Identifier: MIT */
/*
 * machine/live_heap.c - machine memory of a live machine.
 *
 * Model. The lanes' addresses are cut into spans of 64 KB. A span holds slots of one size class, or belongs to a large
 * block. Each VP keeps a stack of free slots per class, so what was freed last is used first and is still in its
 * cache; only when such a stack is empty or full is the central one, under a lock of its own, asked. What is known of a
 * block (struct heap_block) lies outside, at an index that follows from its address. Blocks have the guard bytes that
 * lanes have; freed ones begin with the non-canonical pattern (the first 64 bytes: the rest costs too much here).
 *
 * Spans of slots come from the lower half, large blocks from the upper one, so that slots never take the place of a
 * freed large block: who frees and makes the same large blocks again gets the same memory, lowest first. What lies
 * freed there keeps its pages up to DIRTY_MAX spans; beyond, all but the pages with the pattern go back to Linux.
 */
#include "machine/live_internal.h"

#include <string.h>

#include "host/host.h"
#include "host/thread.h"

#define GUARD       16u
#define GUARD_BYTE  0xfd
#define SPAN        0x10000u
#define SPANS       ((uint32_t)(LAYOUT_LANE_MAX * LAYOUT_LANE_SIZE / SPAN))
#define SLOT_MIN    128u
#define BLOCKS_BASE 0x7e9540000000ull
#define CLASSES     18u
#define CACHE       64u /* slots of a class that a VP keeps, at most */
#define LARGE       0xffu
#define POISON      64u
#define LARGE_FIRST (SPANS / 2) /* spans from there on are of large blocks, unless the lower half is full */
#define DIRTY_MAX   32u

/* Sizes of slots, guards included. */
static const uint32_t class_size[CLASSES] = { 128,  192,  256,  384,  512,  768,  1024,  1536,  2048,
                                              3072, 4096, 5376, 6528, 8192, 9344, 13056, 16384, 32768 };

/* How many of a class a VP keeps: at most 64 KB, but four. */
static const uint8_t cache_max[CLASSES] = { 64, 64, 64, 64, 64, 64, 64, 42, 32, 21, 16, 12, 10, 8, 7, 5, 4, 4 };

struct span {
    uint8_t kind;   /* class + 1; LARGE: first of a large block; LARGE - 1: a further one; 0: free */
    bool dirty;     /* free, and has pages */
    bool first;     /* a freed large block began here: its first 8 KB have guard and pattern */
    uint32_t spans; /* of a large block */
};

/* A free slot holds the next one's address at offset GUARD + 8: the pattern before it stays whole. */
struct cache {
    uint32_t count;
    uint64_t slot[CACHE];
};

static struct {
    struct span span[SPANS];
    struct {
        uint32_t begin, end, used; /* spans; used: the first that never was */
    } half[2];                     /* of slots, of large blocks */
    uint32_t dirty;                /* spans that are */
    uint64_t free[CLASSES]; /* central lists */
    uint32_t lock;
    struct cache cache[VP_MAX + 1][CLASSES];
} H;

static void
lock(void)
{
    while (__atomic_exchange_n(&H.lock, 1, __ATOMIC_ACQUIRE))
        host_yield();
}

static void
unlock(void)
{
    __atomic_store_n(&H.lock, 0, __ATOMIC_RELEASE);
}

static uint64_t
span_base(uint32_t span)
{
    return LAYOUT_HOT_BASE + (uint64_t)span * SPAN;
}

static struct heap_block *
block_of(uint32_t span, uint32_t slot)
{
    return (struct heap_block *)BLOCKS_BASE + (uint64_t)span * (SPAN / SLOT_MIN) + slot;
}

static uint64_t *
next_free(uint64_t slot)
{
    return (uint64_t *)(slot + SLOT_MIN - 8);
}

void
live_heap_init(void)
{
    MACHINE_ASSERT(host_map_fixed(BLOCKS_BASE, (uint64_t)SPANS * (SPAN / SLOT_MIN) * sizeof(struct heap_block), HOST_RW,
                                  -1, 0, false) == 0);
    for (unsigned i = 0; i < 2; i++) {
        H.half[i].begin = H.half[i].used = i * LARGE_FIRST;
        H.half[i].end = i ? SPANS : LARGE_FIRST;
    }
}

static unsigned
class_of(uint64_t bytes)
{
    unsigned c = 0;

    while (c < CLASSES && class_size[c] < bytes)
        c++;
    return c;
}

/* n spans in a row of a half: a freed run of that length or longer, else new ones. UINT32_MAX: none. */
static uint32_t
run_of(unsigned half, uint32_t n)
{
    uint32_t used = H.half[half].used;

    for (uint32_t i = H.half[half].begin; i < used;) {
        uint32_t run = 0;

        if (H.span[i].kind != 0) {
            i += H.span[i].kind == LARGE ? H.span[i].spans : 1;
            continue;
        }
        while (i + run < used && H.span[i + run].kind == 0 && run < n)
            run++;
        if (run == n)
            return i;
        i += run;
    }
    if (used + n > H.half[half].end)
        return UINT32_MAX;
    H.half[half].used += n;
    return used;
}

/* The same from this half or, when it is full, the other. Under the lock. */
static uint32_t
spans_get(unsigned half, uint32_t n)
{
    uint32_t at = run_of(half, n);

    if (at == UINT32_MAX)
        at = run_of(!half, n);
    for (uint32_t i = 0; at != UINT32_MAX && i < n; i++) {
        H.dirty -= H.span[at + i].dirty;
        H.span[at + i].dirty = H.span[at + i].first = false;
    }
    return at;
}

/* Pages of freed large blocks, but for the two with guard and pattern. Under the lock. */
static void
give_back(void)
{
    for (unsigned half = 0; half < 2; half++)
        for (uint32_t i = H.half[half].begin; i < H.half[half].used; i++) {
            uint32_t keep = H.span[i].first ? 0x2000 : 0;

            if (!H.span[i].dirty)
                continue;
            host_give_back(span_base(i) + keep, SPAN - keep);
            H.span[i].dirty = false;
        }
    H.dirty = 0;
}

/* Half a cache of slots; false: machine memory is used up. */
static bool
refill(struct cache *cache, unsigned c)
{
    uint32_t size = class_size[c];

    lock();
    if (!H.free[c]) {
        uint32_t span = spans_get(0, 1);

        if (span != UINT32_MAX) {
            H.span[span].kind = (uint8_t)(c + 1);
            for (uint32_t i = SPAN / size; i-- > 0;) {
                uint64_t at = span_base(span) + (uint64_t)i * size;

                *next_free(at) = H.free[c];
                H.free[c] = at;
                block_of(span, i)->freed = true;
            }
        }
    }
    while (H.free[c] && cache->count < cache_max[c] / 2) {
        cache->slot[cache->count++] = H.free[c];
        H.free[c] = *next_free(H.free[c]);
    }
    unlock();
    for (uint32_t i = 0; i < cache->count / 2; i++) { /* ascending addresses come out first */
        uint64_t swap = cache->slot[i];

        cache->slot[i] = cache->slot[cache->count - 1 - i];
        cache->slot[cache->count - 1 - i] = swap;
    }
    return cache->count > 0;
}

static void
flush(struct cache *cache, unsigned c)
{
    uint32_t half = cache->count / 2;

    lock();
    for (uint32_t i = 0; i < half; i++) { /* the coldest */
        *next_free(cache->slot[i]) = H.free[c];
        H.free[c] = cache->slot[i];
    }
    unlock();
    cache->count -= half;
    memmove(cache->slot, cache->slot + half, sizeof(cache->slot[0]) * cache->count);
}

static void *
prepare(struct heap_block *b, uint64_t at, size_t size, uint32_t tag)
{
    uint64_t rounded = (size + 15) & ~15ull;

    memset((void *)(at - GUARD), GUARD_BYTE, GUARD);
    memset((void *)(at + size), GUARD_BYTE, rounded - size + GUARD);
    *b = (struct heap_block){ .address = at, .size = size, .tag = tag, .site = guest_caller() };
    b->fiber = sched_current ? sched_current->id : 0;
    return (void *)at;
}

static void *
large_alloc(size_t size, uint32_t tag)
{
    uint32_t n = (uint32_t)((size + 0x1000 + 2 * GUARD + SPAN - 1) / SPAN), span;

    lock();
    span = spans_get(1, n);
    if (span != UINT32_MAX) {
        for (uint32_t i = 0; i < n; i++)
            H.span[span + i].kind = LARGE - 1;
        H.span[span].kind = LARGE;
        H.span[span].spans = n;
    }
    unlock();
    return span == UINT32_MAX ? NULL : prepare(block_of(span, 0), span_base(span) + 0x1000, size, tag);
}

void *
live_heap_alloc(size_t size, size_t align, uint32_t tag)
{
    uint64_t rounded = (size + 15) & ~15ull, need = rounded + 2 * GUARD + (align > 16 ? align : 0), at, slot;
    uint32_t span;
    unsigned c;
    struct cache *cache;

    if (size > LAYOUT_LANE_SIZE || align > 4096)
        return NULL;
    c = class_of(need);
    if (c == CLASSES)
        return large_alloc(size, tag);
    cache = &H.cache[vp_local()->number][c];
    if (cache->count == 0 && !refill(cache, c))
        return NULL;
    slot = cache->slot[--cache->count];
    at = (slot + GUARD + align - 1) & ~(uint64_t)(align - 1);
    span = (uint32_t)((slot - LAYOUT_HOT_BASE) / SPAN);
    return prepare(block_of(span, (uint32_t)((slot - span_base(span)) / class_size[c])), at, size, tag);
}

struct heap_block *
live_heap_find(uint64_t address)
{
    uint64_t span = (address - LAYOUT_HOT_BASE) / SPAN;
    struct heap_block *b;

    if (address < LAYOUT_HOT_BASE || span >= SPANS || H.span[span].kind == 0)
        return NULL;
    if (H.span[span].kind >= LARGE - 1) {
        while (H.span[span].kind == LARGE - 1)
            span--;
        b = block_of((uint32_t)span, 0);
    } else {
        b = block_of((uint32_t)span,
                     (uint32_t)((address - span_base((uint32_t)span)) / class_size[H.span[span].kind - 1]));
    }
    return b->address && address >= b->address && address < b->address + (b->size ? b->size : 1) ? b : NULL;
}

static bool
guard_ok(uint64_t at, size_t len)
{
    const uint8_t *p = (const uint8_t *)at;

    for (size_t i = 0; i < len; i++)
        if (p[i] != GUARD_BYTE)
            return false;
    return true;
}

static bool
whole_after(const struct heap_block *b)
{
    return guard_ok(b->address + b->size, ((b->size + 15) & ~15ull) - b->size + GUARD);
}

enum heap_free_result
live_heap_free(void *p)
{
    struct heap_block *b = live_heap_find((uint64_t)p);
    enum heap_free_result result = HEAP_FREED;
    uint32_t span;

    if (!b || b->address != (uint64_t)p)
        return HEAP_BAD_POINTER;
    if (b->freed)
        return HEAP_DOUBLE_FREE;
    if (!guard_ok(b->address - GUARD, GUARD))
        result = HEAP_UNDERRUN;
    else if (!whole_after(b))
        result = HEAP_OVERRUN;
    b->freed = true;
    b->free_site = guest_caller();
    b->free_fiber = sched_current ? sched_current->id : 0;
    for (uint64_t i = 0, *word = p; i < POISON / 8 && i < (b->size + 7) / 8; i++)
        word[i] = HEAP_POISON_FREE;
    span = (uint32_t)((b->address - LAYOUT_HOT_BASE) / SPAN);
    if (H.span[span].kind == LARGE) {
        uint32_t n = H.span[span].spans;

        lock();
        for (uint32_t i = 0; i < n; i++) {
            H.span[span + i].kind = 0;
            H.span[span + i].dirty = true;
        }
        H.span[span].first = true;
        H.dirty += n;
        if (H.dirty > DIRTY_MAX)
            give_back();
        unlock();
    } else {
        unsigned c = H.span[span].kind - 1u;
        struct cache *cache = &H.cache[vp_local()->number][c];

        if (cache->count == cache_max[c])
            flush(cache, c);
        cache->slot[cache->count++] = span_base(span) + (b->address - span_base(span)) / class_size[c] * class_size[c];
    }
    return result;
}

/* The first block in use for which fn says true. */
static struct heap_block *
search(bool (*fn)(struct heap_block *, void *), void *arg)
{
    for (uint32_t span = 0; span < H.half[1].used; span++) {
        unsigned kind = H.span[span].kind;
        uint32_t slots = kind == LARGE ? 1 : kind == 0 || kind == LARGE - 1 ? 0 : SPAN / class_size[kind - 1];

        for (uint32_t i = 0; i < slots; i++) {
            struct heap_block *b = block_of(span, i);

            if (b->address && !b->freed && fn(b, arg))
                return b;
        }
    }
    return NULL;
}

struct each {
    void (*fn)(struct heap_block *, void *);
    void *arg;
};

static bool
each(struct heap_block *b, void *arg)
{
    const struct each *e = arg;

    e->fn(b, e->arg);
    return false;
}

void
live_heap_each(void (*fn)(struct heap_block *, void *), void *arg)
{
    struct each e = { fn, arg };

    search(each, &e);
}

static bool
damaged(struct heap_block *b, void *arg)
{
    (void)arg;
    return !guard_ok(b->address - GUARD, GUARD) || !whole_after(b);
}

struct heap_block *
live_heap_check(void)
{
    return search(damaged, NULL);
}

unsigned
live_heap_ranges(struct machine_range *out, unsigned max)
{
    unsigned n = 0;

    for (unsigned half = 0; half < 2 && n < max; half++) {
        uint64_t base = span_base(H.half[half].begin);

        if (H.half[half].used > H.half[half].begin)
            out[n++] = (struct machine_range){ base, span_base(H.half[half].used) - base, (void *)base };
    }
    return n;
}
