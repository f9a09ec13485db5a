/* SPDX-License-Identifier: MIT */
/*
 * machine/heap.c - machine memory, one lane per fiber.
 *
 * Model: lane f is a bump region that only fiber f allocates from, so an address
 * depends on nothing but that fiber's own history. A block is
 *
 *     [16 bytes guard][size bytes, rounded up to 16][16 bytes guard]
 *
 * Freed blocks are filled with a non-canonical pattern and not used again within
 * a run, unless somebody asks for one (heap_reuse). What is known of a block
 * (owner, tag, label) lies in a table per lane in monitor memory, in address
 * order, so finding the block around an address is a binary search; where a block
 * starts a second table says which one it was when last allocated there.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include <string.h>

#include "host/host.h"

#define GUARD       16u
#define GUARD_BYTE  0xfd
#define GUARD_WORD  0xfdfdfdfdfdfdfdfdull
#define LANES       (FIBER_MAX)
#define BLOCKS_BASE 0x7e9510000000ull
#define BLOCKS_LANE 0x400000ull /* 4 MB of address per lane */
#define STARTS_BASE 0x7e9520000000ull
#define STARTS_LANE (LAYOUT_LANE_SIZE / 16 * sizeof(uint32_t))

struct lane {
    uint64_t used;  /* bytes */
    uint32_t count; /* blocks */
    uint32_t dirty; /* an old block changed since the snapshot */
};

/* Lives in monitor memory. */
static struct lane *lanes;

static uint64_t
lane_base(unsigned lane)
{
    return LAYOUT_HOT_BASE + lane * LAYOUT_LANE_SIZE;
}

static struct heap_block *
lane_blocks(unsigned lane)
{
    return (struct heap_block *)(BLOCKS_BASE + lane * BLOCKS_LANE);
}

/* For each 16 bytes: number + 1 of the block that starts there, if it still does. Not put back: it is checked. */
static uint32_t *
lane_start(unsigned lane, uint64_t address)
{
    return (uint32_t *)(STARTS_BASE + lane * STARTS_LANE) + (address - lane_base(lane)) / 16;
}

void
heap_init(void)
{
    _Static_assert(LANES <= LAYOUT_LANE_MAX, "a lane per fiber");
    _Static_assert(BLOCKS_BASE + LANES * BLOCKS_LANE <= STARTS_BASE, "one behind the other");
    _Static_assert(STARTS_BASE + LANES * STARTS_LANE <= LAYOUT_HSTACK_BASE, "and before the stacks");
    MACHINE_ASSERT(host_map_fixed(STARTS_BASE, LANES * STARTS_LANE, HOST_RW, -1, 0, false) == 0);
    MACHINE_ASSERT(host_map_fixed(BLOCKS_BASE, LANES * BLOCKS_LANE, HOST_RW, -1, 0, false) == 0);
    lanes = mon_alloc(sizeof(*lanes) * LANES);
}

static void
fill(uint64_t at, uint64_t size, uint64_t pattern)
{
    uint64_t *p = (uint64_t *)at, words = size / 8;

    if (words > 64) /* large blocks: microcode is faster than a loop */
        __asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(pattern) : "memory");
    else
        for (uint64_t i = 0; i < words; i++)
            p[i] = pattern;
}

void *
heap_alloc_aligned(size_t size, size_t align, uint32_t tag)
{
    struct fiber *f = sched_current;
    unsigned lane = machine_allocator();
    struct lane *l = &lanes[lane];
    uint64_t rounded = (size + 15) & ~15ull;
    uint64_t at = (lane_base(lane) + l->used + GUARD + align - 1) & ~(uint64_t)(align - 1);
    struct heap_block *b;

    if (machine_live)
        return live_heap_alloc(size, align, tag);
    if (size > LAYOUT_LANE_SIZE || at + rounded + GUARD > lane_base(lane) + LAYOUT_LANE_SIZE ||
        (l->count + 1) * sizeof(*b) > BLOCKS_LANE)
        return NULL;
    memset((void *)(at - GUARD), GUARD_BYTE, GUARD);
    fill(at, rounded, HEAP_POISON_FRESH);
    memset((void *)(at + size), GUARD_BYTE, rounded - size + GUARD);
    b = lane_blocks(lane) + l->count++;
    *lane_start(lane, at) = l->count;
    memset(b, 0, sizeof(*b));
    b->address = at;
    b->size = size;
    b->tag = tag;
    b->fiber = lane;
    b->site = guest_caller();
    l->used = at + rounded + GUARD - lane_base(lane);
    if (f)
        f->allocs++;
    return (void *)at;
}

void *
heap_alloc(size_t size, uint32_t tag)
{
    return heap_alloc_aligned(size, size >= 4096 ? 4096 : 16, tag);
}

struct heap_block *
heap_find(uint64_t address)
{
    uint64_t lane = (address - LAYOUT_HOT_BASE) / LAYOUT_LANE_SIZE;
    struct heap_block *b;
    uint32_t lo = 0, hi, start;

    if (machine_live)
        return live_heap_find(address);
    if (address < LAYOUT_HOT_BASE || lane >= LANES)
        return NULL;
    b = lane_blocks(lane);
    hi = lanes[lane].count;
    start = *lane_start((unsigned)lane, address);
    if (start - 1 < hi && b[start - 1].address == address)
        return &b[start - 1];
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (b[mid].address <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return NULL;
    b += lo - 1;
    return address < b->address + (b->size ? b->size : 1) ? b : NULL;
}

/* len bytes from p on; at least GUARD of them, and never more than twice that. */
static bool
guard_ok(const uint8_t *p, size_t len)
{
    uint64_t first[2], last[2]; /* they overlap */

    memcpy(first, p, GUARD);
    memcpy(last, p + len - GUARD, GUARD);
    return first[0] == GUARD_WORD && first[1] == GUARD_WORD && last[0] == GUARD_WORD && last[1] == GUARD_WORD;
}

enum heap_free_result
heap_free(void *p)
{
    struct heap_block *b;
    uint64_t rounded;
    enum heap_free_result result = HEAP_FREED;

    if (machine_live)
        return live_heap_free(p);
    b = heap_find((uint64_t)p);
    if (!b || b->address != (uint64_t)p)
        return HEAP_BAD_POINTER;
    if (b->freed)
        return HEAP_DOUBLE_FREE;
    rounded = (b->size + 15) & ~15ull;
    if (!guard_ok((uint8_t *)b->address - GUARD, GUARD))
        result = HEAP_UNDERRUN;
    else if (!guard_ok((uint8_t *)b->address + b->size, rounded - b->size + GUARD))
        result = HEAP_OVERRUN;
    if (!machine->setup && sched_current)
        hb_freed(machine->in_timer ? NULL : sched_current, b->address, rounded);
    b->freed = true;
    b->free_site = guest_caller();
    b->free_fiber = sched_current ? sched_current->id : 0;
    lanes[b->fiber].dirty = 1;
    fill(b->address, rounded, HEAP_POISON_FREE);
    return result;
}

void
heap_reuse(void *p)
{
    struct heap_block *b = heap_find((uint64_t)p);

    MACHINE_ASSERT(b && b->freed && b->address == (uint64_t)p);
    b->freed = false;
    b->site = guest_caller();
    lanes[b->fiber].dirty = 1;
    fill(b->address, (b->size + 15) & ~15ull, HEAP_POISON_FRESH);
    memset((uint8_t *)b->address + b->size, GUARD_BYTE, ((16 - b->size % 16) & 15) + GUARD);
}

void
heap_label(void *p, const char *what)
{
    struct heap_block *b = heap_find((uint64_t)p);

    if (!b)
        return;
    if (!machine_live)
        lanes[b->fiber].dirty = 1;
    for (size_t i = 0; i < sizeof(b->what) - 1 && (b->what[i] = what[i]); i++)
        ;
    b->what[sizeof(b->what) - 1] = '\0';
}

void
heap_each(void (*fn)(struct heap_block *b, void *arg), void *arg)
{
    if (machine_live) {
        live_heap_each(fn, arg);
        return;
    }
    for (unsigned lane = 0; lane < LANES; lane++)
        for (uint32_t i = 0; i < lanes[lane].count; i++)
            if (!lane_blocks(lane)[i].freed)
                fn(&lane_blocks(lane)[i], arg);
}

/* First damaged live block, or NULL: who wrote past its memory without freeing it yet. */
struct heap_block *
heap_check(void)
{
    if (machine_live)
        return live_heap_check();
    for (unsigned lane = 0; lane < LANES; lane++)
        for (uint32_t i = 0; i < lanes[lane].count; i++) {
            struct heap_block *b = &lane_blocks(lane)[i];

            if (!b->freed && (!guard_ok((uint8_t *)b->address - GUARD, GUARD) ||
                              !guard_ok((uint8_t *)b->address + b->size, GUARD + ((16 - b->size % 16) & 15))))
                return b;
        }
    return NULL;
}

struct hash128
heap_digest(struct hash128 hash)
{
    for (unsigned lane = 0; lane < LANES; lane++) {
        uint64_t from = lane_base(lane), end = from + lanes[lane].used;

        for (uint32_t i = 0; i < lanes[lane].count; i++) {
            const struct heap_block *b = &lane_blocks(lane)[i];

            if (!b->freed)
                continue;
            hash = hash128_add(hash128_memory(hash, (const void *)from, b->address - from), b->address);
            from = b->address + b->size;
        }
        hash = hash128_add(hash128_memory(hash, (const void *)from, end - from), end);
    }
    return hash;
}

/* What is known of blocks changes only at its end, unless the lane is dirty. */
int
heap_save(struct copy *c, const struct copy *base)
{
    int err = 0;

    for (unsigned i = 0; !err && i < LANES; i++) {
        struct lane *l = &lanes[i];
        uint64_t known = l->count * sizeof(struct heap_block);

        if (c == base)
            l->dirty = 0;
        c->own_blocks[i] = l->dirty || c == base || known != base->blocks[i].size;
        err = kept_save(&c->heap[i], lane_base(i), l->used);
        if (!err && c->own_blocks[i])
            err = kept_save(&c->blocks[i], (uint64_t)lane_blocks(i), known);
    }
    return err;
}

/* Runs before monitor memory is put back: lanes[] still tells what this run used. */
void
heap_restore(const struct copy *c, const struct copy *base)
{
    for (unsigned i = 0; i < LANES; i++) {
        const struct lane *l = &lanes[i];

        if (l->used == 0 && c->heap[i].size == 0)
            continue;
        kept_restore(&c->heap[i], lane_base(i) + l->used);
        if (l->dirty || (c != base && c->own_blocks[i]))
            kept_restore(c->own_blocks[i] ? &c->blocks[i] : &base->blocks[i], 0);
    }
}

unsigned
heap_ranges(struct machine_range *out, unsigned max)
{
    unsigned n = 0;

    if (machine_live)
        return live_heap_ranges(out, max);
    for (unsigned i = 0; i < LANES && n < max; i++)
        if (lanes[i].used)
            out[n++] = (struct machine_range){ lane_base(i), lanes[i].used, (void *)lane_base(i) };
    return n;
}
