/* SPDX-License-Identifier: MIT */
/*
 * machine/hb.c - the happens-before order of a run as a hash, and which objects are private.
 *
 * Model (Musuvathi & Qadeer, MSR-TR-2007-12): touching an object is an event that
 * depends on the fiber's previous event and on the object's previous event. The
 * hash of an event mixes those two; the hash of the order is the sum of its
 * events, so equivalent prefixes have equal hashes whatever order they ran in.
 *
 * Memory that is given back is an event on every object that was in it: who used one before did so before, and who uses
 * one later uses what is no longer there.
 *
 * An object only one fiber has ever touched needs no scheduling point. Who
 * touched what outlives runs (addresses are the same in each); when a second
 * fiber appears after points were skipped, hb_filter_changed is set and the
 * explorer starts its bound again.
 */
#include "machine/internal.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "host/host.h"

#define TABLE   8192u
#define SEVERAL 0xffffu /* who touched an object: not one alone */
#define CLOCK   0xfffeu

struct object {
    uint64_t address;
    uint64_t last;    /* hash of the last event on it, this run */
    uint32_t run;     /* which run `last` belongs to */
    uint16_t fiber;   /* the only one that touched it; CLOCK, SEVERAL */
    uint16_t skipped; /* a point was left out because it was private */
};

struct hb_state hb;
bool hb_filter_changed;
static bool filter_on = true;
static struct object table[TABLE];
static uint32_t table_used;
/* Objects by where they lie: of the same 256 bytes (others by chance, too) the slot + 1 of the first, of the next. */
#define NEARBY_SHIFT 8u
#define NEARBY       4096u
static uint16_t nearby[NEARBY], nearby_next[TABLE];
static uint16_t met[TABLE]; /* objects of this run, in the order in which they were touched first */
static uint32_t met_count;
static uint32_t run_number;
static uint64_t clock_hb; /* the clock's history, this run: it acts like a fiber when a timer expires */
static uint64_t arrived[FIBER_MAX + 1]; /* hash of the point each fiber stands at, or passed last; 0: none yet */

bool
hb_filter_enabled(bool on)
{
    bool old = filter_on;

    filter_on = on;
    return old;
}

void
hb_begin_run(void)
{
    run_number++;
    met_count = 0;
    hb.lo = hb.hi = hb.pending = clock_hb = 0;
    memset(arrived, 0, sizeof(arrived));
}

int
hb_save(struct hb_kept *k)
{
    if (k->room < met_count) {
        host_free(k->met);
        k->room = met_count * 2;
        k->met = host_alloc(k->room * sizeof(k->met[0]));
        if (!k->met)
            k->room = 0;
    }
    if (k->room < met_count)
        return -ENOMEM;
    k->state = hb;
    k->clock = clock_hb;
    memcpy(k->arrived, arrived, sizeof(arrived));
    k->count = met_count;
    for (uint32_t i = 0; i < met_count; i++)
        k->met[i] = (struct hb_met){ table[met[i]].last, met[i] };
    return 0;
}

void
hb_restore(const struct hb_kept *k)
{
    hb_begin_run();
    hb = k->state;
    clock_hb = k->clock;
    memcpy(arrived, k->arrived, sizeof(arrived));
    met_count = k->count;
    for (uint32_t i = 0; i < met_count; i++) {
        met[i] = (uint16_t)k->met[i].object;
        table[met[i]].run = run_number;
        table[met[i]].last = k->met[i].last;
    }
}

/*
 * The histories that meet in an event are random words already, often the same one twice; they only must not be taken
 * for each other. One thorough mix of them together is then as good as one for each.
 */
static inline uint64_t
event_hash(uint64_t history, uint64_t met, uint64_t what)
{
    return hash_mix64(history * 3 + (met ^ met >> 32) * HASH_GOLDEN + what * 0xd1b54a32d192ed03ull);
}

/* An event is part of the order now. The second sum adds what the first does not determine. */
static inline void
add_to_order(uint64_t h)
{
    hb.lo += h;
    hb.hi += (h ^ h >> 29) * 0xff51afd7ed558ccdull;
}

static uint16_t *
nearby_of(uint64_t address)
{
    return &nearby[((address >> NEARBY_SHIFT) * HASH_GOLDEN >> 32) & (NEARBY - 1)];
}

static struct object *
find(uint64_t address)
{
    static struct object *last = &table[0]; /* a point asks for its object three times in a row */
    uint32_t i;

    if (last->address == address && address)
        return last;
    i = (uint32_t)(address * HASH_GOLDEN >> 32) & (TABLE - 1);

    while (table[i].address != address) {
        if (table[i].address == 0) {
            if (table_used >= TABLE * 3 / 4)
                return &table[i]; /* full: this slot stands for all newcomers, shared: sound, prunes less */
            table_used++;
            table[i].address = address;
            nearby_next[i] = *nearby_of(address);
            *nearby_of(address) = (uint16_t)(i + 1);
            break;
        }
        i = (i + 1) & (TABLE - 1);
    }
    return last = &table[i];
}

bool
hb_private(struct fiber *f, uint64_t address)
{
    struct object *o;

    if (!filter_on || address <= OBJECT_WORLD)
        return false;
    o = find(address);
    if (o->fiber == 0 && o->address)
        o->fiber = (uint16_t)f->id;
    if (o->fiber != f->id)
        return false;
    o->skipped = 1;
    return true;
}

void
hb_arrive(struct fiber *f, enum op_kind op, uint64_t object, uint64_t ip)
{
    uint64_t h = event_hash(f->hb + f->solid, object + ((uint64_t)op << 56), ip);

    hb.pending += h - arrived[f->id];
    arrived[f->id] = h;
}

/* The object at address; nothing has happened to it if this run meets it for the first time. */
static inline struct object *
meet(uint64_t address)
{
    struct object *o = find(address);

    if (o->run != run_number) {
        o->run = run_number;
        o->last = 0;
        met[met_count++] = (uint16_t)(o - table);
    }
    return o;
}

/* An event of who, whose history is *history, on address. */
static inline void
touch(uint64_t *history, uint16_t who, uint64_t address)
{
    struct object *o = meet(address);
    uint64_t h;

    if (o->fiber == 0)
        o->fiber = who;
    else if (o->fiber != who && o->fiber != SEVERAL) {
        o->fiber = SEVERAL;
        if (o->skipped)
            hb_filter_changed = true;
    }
    h = event_hash(*history, o->last, address);
    *history = h;
    o->last = h;
    add_to_order(h);
}

void
hb_touch(struct fiber *f, uint64_t address)
{
    touch(&f->hb, (uint16_t)f->id, address);
    if (race_active)
        race_touch(f, address);
}

void
hb_freed(struct fiber *f, uint64_t address, uint64_t size)
{
    uint64_t end = address + size;

    for (uint64_t at = address & ~((1ull << NEARBY_SHIFT) - 1); at < end; at += 1ull << NEARBY_SHIFT)
        for (uint32_t i = *nearby_of(at); i != 0; i = nearby_next[i - 1]) {
            const struct object *o = &table[i - 1];

            if (o->run == run_number && o->address >> NEARBY_SHIFT == at >> NEARBY_SHIFT && o->address >= address &&
                o->address < end)
                touch(f ? &f->hb : &clock_hb, f ? (uint16_t)f->id : CLOCK, o->address);
        }
}

void
hb_join(struct fiber *woken, struct fiber *waker)
{
    if (race_active)
        race_join(woken, waker);
    woken->hb = hash_mix64(woken->hb ^ (waker->hb * 5));
    add_to_order(woken->hb);
}

void
hb_choice(struct fiber *f, enum choice_kind kind, uint64_t key, unsigned value)
{
    f->hb = hash_mix64(f->hb ^ hash_mix64_b(key + ((uint64_t)kind << 56) + value));
    add_to_order(f->hb);
}

void
hb_device(uint64_t generation)
{
    struct object *o;
    uint64_t h;

    if (machine->setup)
        return;
    o = meet(OBJECT_DEVICES);
    o->fiber = SEVERAL;
    h = hash_mix64(hash_mix64_b(o->last + 0x51) ^ generation);
    o->last = h;
    add_to_order(h);
}

/* An event of a fiber that follows from `with` and from what the fiber did before. */
static void
add_event(struct fiber *f, uint64_t with)
{
    f->hb = hash_mix64((f->hb * 7) ^ hash_mix64_b(with + 0x77));
    add_to_order(f->hb);
}

void
hb_time(uint64_t due)
{
    clock_hb = hash_mix64(clock_hb * 3 + due + HASH_GOLDEN);
    add_to_order(clock_hb);
}

void
hb_clock_touch(uint64_t address)
{
    touch(&clock_hb, CLOCK, address);
}

void
hb_after_clock(struct fiber *f)
{
    add_event(f, clock_hb);
}

void
hb_value(struct fiber *f, uint64_t value)
{
    add_event(f, hash_mix64(value + HASH_GOLDEN));
}

uint64_t
hb_clock(void)
{
    return clock_hb;
}

void
hb_after_all(struct fiber *f)
{
    add_event(f, hb.lo);
}
