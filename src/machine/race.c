/* SPDX-License-Identifier: MIT */
/*
 * machine/race.c - are two accesses ordered by anything but the schedule?
 *
 * Model (Flanagan & Freund, FastTrack, PLDI 2009): each fiber has a vector clock, each object that orders has one;
 * touching an object takes its clock over and leaves the fiber's there. A cell of shadow memory remembers the last
 * accesses to eight bytes; two accesses race if one is a write and the later fiber's clock does not cover the earlier.
 *
 * What orders, as little as is true:
 *   - objects of scheduling points: locks, events, rundown references, interlocked words, promoted plain accesses
 *   - a wake-up, from who wakes to who is woken; a wait, from the object waited for
 *   - the creation of a fiber
 *   - handing over: whatever a driver did before any call of ours comes before every routine of a driver that is
 *     called afterwards. That stands for all queues between a call and a callback (DPCs, work items, IRPs, NBLs,
 *     timers) without knowing them; in other schedules of the sample the callback comes before the call.
 *   - a VP at DISPATCH_LEVEL and above: what runs there runs one after the other
 * "Depends on everything" (OBJECT_WORLD) orders nothing here: it is a statement about our knowledge.
 *
 * All of it is host memory of a worker that watches; entries of earlier runs are told by the run's number.
 */
#include "machine/internal.h"
#include "machine/plain.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "host/host.h"

#define FIBERS  (FIBER_MAX + 1)
#define OBJECTS 8192u
#define CELLS   65536u
#define SLOTS   8u

struct clock {
    uint32_t at[FIBERS];
};

struct ordered {
    uint64_t key;
    uint32_t run;
    struct clock clock;
};

struct past {
    uint64_t ip;
    uint32_t clock;
    uint8_t fiber, mask, access; /* mask: bytes of the eight */
};

struct cell {
    uint64_t address;
    uint32_t run, next; /* next slot to give up */
    struct past past[SLOTS];
};

static struct race_state {
    uint32_t run;
    struct clock fiber[FIBERS], handed_over;
    struct ordered object[OBJECTS];
    struct cell cell[CELLS];
    uint64_t traps;
    void (*report)(const struct race *r);
} * R;

bool race_active;

#define VP_KEY 2ull /* + number: no object lies there */

int
race_watch(void (*report)(const struct race *))
{
    R = host_alloc_zeroed(sizeof(*R));
    if (!R)
        return -ENOMEM;
    R->report = report;
    return 0;
}

void
race_trapped(void)
{
    if (R != NULL)
        R->traps++;
}

uint64_t
race_traps(void)
{
    return R != NULL ? R->traps : 0;
}

void
race_begin_run(void)
{
    race_active = R && !machine->setup;
    if (!race_active)
        return;
    R->run++;
    memset(R->fiber, 0, sizeof(R->fiber));
    memset(&R->handed_over, 0, sizeof(R->handed_over));
    for (unsigned i = 0; i < FIBERS; i++)
        R->fiber[i].at[i] = 1;
}

static void
join(struct clock *to, const struct clock *from)
{
    for (unsigned i = 0; i < FIBERS; i++)
        to->at[i] = from->at[i] > to->at[i] ? from->at[i] : to->at[i];
}

/* The clock of an object; when the table is full newcomers share one: that orders too much, never too little. */
static struct clock *
clock_of(uint64_t key)
{
    uint32_t i = (uint32_t)hash_mix64(key) & (OBJECTS - 1);

    for (unsigned tries = 0; tries < 64; tries++, i = (i + 1) & (OBJECTS - 1)) {
        struct ordered *o = &R->object[i];

        if (o->run == R->run && o->key == key)
            return &o->clock;
        if (o->run != R->run) {
            memset(o, 0, sizeof(*o));
            o->run = R->run;
            o->key = key;
            return &o->clock;
        }
    }
    return &R->handed_over;
}

static void
release(struct fiber *f, struct clock *to)
{
    join(to, &R->fiber[f->id]);
    R->fiber[f->id].at[f->id]++;
}

void
race_touch(struct fiber *f, uint64_t object)
{
    struct clock *c;

    if (object <= OBJECT_WORLD)
        return;
    c = clock_of(object);
    join(&R->fiber[f->id], c);
    release(f, c);
}

void
race_join(struct fiber *to, struct fiber *from)
{
    release(from, &R->fiber[to->id]);
}

void
race_waited(struct fiber *f, uint64_t object)
{
    if (object > OBJECT_WORLD)
        join(&R->fiber[f->id], clock_of(object));
}

void
race_call(struct fiber *f)
{
    release(f, &R->handed_over);
}

void
race_callback(struct fiber *f)
{
    join(&R->fiber[f->id], &R->handed_over);
}

void
race_vp(struct fiber *f, bool enter)
{
    struct clock *c = clock_of(VP_KEY + f->vp);

    if (enter)
        join(&R->fiber[f->id], c);
    else
        release(f, c);
}

/* ------------------------------------------------------------------ accesses */

static struct cell *
cell_of(uint64_t address)
{
    uint32_t i = (uint32_t)hash_mix64(address) & (CELLS - 1);

    for (unsigned tries = 0; tries < 64; tries++, i = (i + 1) & (CELLS - 1)) {
        struct cell *c = &R->cell[i];

        if (c->run == R->run && c->address == address)
            return c;
        if (c->run != R->run) {
            c->run = R->run;
            c->address = address;
            c->next = 0;
            memset(c->past, 0, sizeof(c->past));
            return c;
        }
    }
    return NULL; /* more memory in use than fits: not watched */
}

static void
access_cell(struct fiber *f, uint64_t base, uint8_t mask, unsigned access, uint64_t ip, uint64_t address)
{
    struct cell *c = cell_of(base);
    struct past *mine = NULL;

    for (unsigned i = 0; c && i < SLOTS; i++) {
        struct past *p = &c->past[i];

        if (!p->mask)
            continue;
        if (p->fiber == f->id) {
            if (p->access == access && p->mask == mask)
                mine = p;
        } else if ((p->mask & mask) && ((p->access | access) & ACCESS_WRITE) &&
                   p->clock > R->fiber[f->id].at[p->fiber]) {
            R->report(&(struct race){ .address = address,
                                      .ip = { p->ip, ip },
                                      .fiber = { p->fiber, (uint8_t)f->id },
                                      .access = { p->access, (uint8_t)access } });
        }
    }
    if (!c)
        return;
    if (!mine)
        mine = &c->past[c->next++ % SLOTS];
    *mine = (struct past){ ip, R->fiber[f->id].at[f->id], (uint8_t)f->id, mask, (uint8_t)access };
}

void
race_access(struct fiber *f, uint64_t address, unsigned size, unsigned access, uint64_t ip)
{
    for (uint64_t at = address; at < address + size;) {
        uint64_t base = at & ~7ull, end = address + size < base + 8 ? address + size : base + 8;

        access_cell(f, base, (uint8_t)(((1u << (end - at)) - 1) << (at - base)), access, ip, at);
        at = end;
    }
}
