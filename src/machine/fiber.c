/* SPDX-License-Identifier: MIT */
/*
 * machine/fiber.c - fibers: their stacks, creation, switching, and their part of a snapshot.
 *
 * Model: slot n owns guest stack n, host stack n and heap lane n for good. A
 * fiber's registers while it does not run are on its host stack (fiber_switch).
 * A snapshot keeps the live part of both stacks of every parked fiber; restore
 * puts those back and zeroes the rest of the guest stacks that the run used, so
 * an uninitialised variable of a driver reads the same in every run. Under
 * exploration a page of a guest stack can be touched only from the first time on
 * that it is: what no run ever used need not be cleared.
 */
#include "machine/internal.h"

#include <string.h>

#include "base/asan.h"
#include "base/tsan.h"
#include "host/host.h"
#include "machine/live_internal.h"
#include "trace/event.h"

static bool ran[FIBER_SLOTS + 1]; /* host side: used its guest stack since the last restore */
static uint32_t mapped;         /* stacks that have memory behind them */
static uint64_t touched[FIBER_SLOTS + 1]; /* lowest address of the guest stack that was: below nothing is but zeros */

#define PAGE        0x1000u
#define HSTACKS_END (LAYOUT_HSTACK_BASE + (uint64_t)LAYOUT_HSTACK_SLOT * (FIBER_SLOTS + 1))

_Static_assert(FIBER_SLOTS < LAYOUT_STACK_MAX, "each has a stack");
_Static_assert(offsetof(struct vp_local, current) == 0 && LAYOUT_KPCR_OURS == 0x3000, "crossing.S");
_Static_assert(offsetof(struct fiber, host_sp) == 0x00, "crossing.S");
_Static_assert(offsetof(struct fiber, guest_sp) == 0x08, "crossing.S");
_Static_assert(offsetof(struct fiber, crossing) == 0x10, "crossing.S");
_Static_assert(offsetof(struct fiber, outer) == 0x18, "crossing.S");
_Static_assert(offsetof(struct crossing, xmm) == 0x50, "crossing.S");
_Static_assert(offsetof(struct crossing, index) == 0xf0, "crossing.S");
_Static_assert(sizeof(struct crossing) == 0x110, "crossing.S");
_Static_assert(offsetof(struct trap, rip) == 0x80 && offsetof(struct trap, xmm) == 0x90, "crossing.S");

/* Lowest usable address of the guest stack that fiber number id has. */
static uint64_t
stack_of(uint32_t id)
{
    return LAYOUT_STACK_BASE + (uint64_t)id * LAYOUT_STACK_SLOT + 0x1000;
}

void
fiber_init(void)
{
    machine->fiber_count = 0;
}

static void
map_stacks(uint32_t id)
{
    uint64_t base = stack_of(id);
    uint64_t hbase = LAYOUT_HSTACK_BASE + (uint64_t)id * LAYOUT_HSTACK_SLOT + 0x1000;

    touched[id] = machine_live ? base : base + LAYOUT_STACK_SIZE - PAGE;
    MACHINE_ASSERT(host_protect(touched[id], base + LAYOUT_STACK_SIZE - touched[id], HOST_RW) == 0);
    MACHINE_ASSERT(host_protect(hbase, LAYOUT_HSTACK_SIZE, HOST_RW) == 0);
}

bool
fiber_touch_stack(uint64_t address)
{
    uint64_t id = (address - LAYOUT_STACK_BASE) / LAYOUT_STACK_SLOT, page = address & ~(uint64_t)(PAGE - 1);

    if (id == 0 || id > mapped || address >= touched[id] ||
        address - LAYOUT_STACK_BASE < id * LAYOUT_STACK_SLOT + PAGE)
        return false;
    if (host_protect(page, touched[id] - page, HOST_RW) != 0)
        return false;
    touched[id] = page;
    return true;
}

static void
fiber_start(void)
{
    struct fiber *f = sched_current;

    asan_arrive(LAYOUT_HSTACK_BASE, HSTACKS_END, &vp_local()->engine);
    f->locked = machine_live;
    sched_enter_fiber(f);
    f->entry(f->entry_arg);
    fiber_exit();
}

/* Under exploration in order; a live machine uses those of fibers that ended again. 0: none left. */
static uint32_t
new_slot(void)
{
    uint32_t id = machine->fiber_count + 1;

    for (uint32_t i = 1; machine_live && i <= machine->fiber_count; i++)
        if (machine->fiber[i].state == FIBER_FREE)
            return i;
    if (id >= fiber_limit())
        return 0;
    while (mapped < id)
        map_stacks(++mapped);
    machine->fiber_count = id;
    return id;
}

void
fiber_free(struct fiber *f)
{
    tsan_destroy(f->tsan);
    f->state = FIBER_FREE;
}

struct fiber *
fiber_create(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg, bool daemon)
{
    uint32_t id = new_slot();
    struct fiber *f;
    uint64_t *sp;

    if (id == 0)
        return NULL;
    f = &machine->fiber[id];
    memset(f, 0, sizeof(*f));
    f->id = id;
    f->kind = (uint8_t)kind;
    f->state = FIBER_READY;
    if (!machine_live)
        machine->ready |= 1ull << id;
    f->daemon = daemon;
    f->entry = entry;
    f->entry_arg = arg;
    f->stack_limit = stack_of(id);
    f->stack_base = f->stack_limit + LAYOUT_STACK_SIZE;
    f->hstack_limit = LAYOUT_HSTACK_BASE + (uint64_t)id * LAYOUT_HSTACK_SLOT + 0x1000;
    f->hstack_base = f->hstack_limit + LAYOUT_HSTACK_SIZE;
    asan_forget(f->hstack_limit, f->hstack_base);
    f->guest_sp = f->stack_base - 0x20;
    f->hb = machine_live ? ++live.born : id * 0x9e3779b97f4a7c15ull;
    list_node_init(&f->link);
    for (size_t i = 0; i < sizeof(f->name) - 1 && (f->name[i] = name[i]); i++)
        ;
    sp = (uint64_t *)(f->hstack_base - 64);
    *--sp = 0;                     /* keeps rsp 8 mod 16 at fiber_start's entry */
    *--sp = (uint64_t)fiber_start; /* popped into rcx by fiber_switch */
    for (int i = 0; i < 6; i++)
        *--sp = 0;
    f->host_sp = (uint64_t)sp;
    if (machine_live)
        f->tsan = tsan_create(f->name);
    if (machine_live)
        live_created(f);
    else if (sched_current)
        hb_join(f, sched_current);
    trace_emit(EV_FIBER_CREATE, id, id, kind);
    return f;
}

/* To the host stack of `to`, NULL: to the engine's. */
static void
change_stack(uint64_t *save_rsp, const struct fiber *to)
{
    asan_leave(to ? to->hstack_limit : vp_local()->engine.from, to ? to->hstack_base : vp_local()->engine.to);
    if (machine_live)
        tsan_switch(to ? to->tsan : live.vp[vp_local()->number].tsan);
    fiber_switch(save_rsp, to ? to->host_sp : vp_local()->engine_sp);
    asan_arrive(LAYOUT_HSTACK_BASE, HSTACKS_END, &vp_local()->engine); /* of the thread that we go on in */
}

void
fiber_go(struct fiber *to)
{
    struct fiber *from = sched_current;

    ran[to->id] = true;
    sched_set_current(to);
    kpcr_load(to);
    change_stack(from ? &from->host_sp : &vp_local()->engine_sp, to);
}

void
fiber_park_to_engine(void)
{
    struct fiber *from = sched_current;

    sched_set_current(NULL);
    change_stack(&from->host_sp, NULL);
}

void
fiber_to_engine(void)
{
    uint64_t dead;

    sched_set_current(NULL);
    change_stack(&dead, NULL);
    __builtin_unreachable();
}

/* The part of the guest stack that any run ever used; what a parked fiber left behind on it, a driver can read. */
static int
save_stacks(struct copy *c, const struct fiber *f, const struct fiber *asker)
{
    bool ended = f->state == FIBER_DONE && f != asker;
    uint64_t host = ended ? f->hstack_base : f->host_sp;
    int err = kept_save(&c->guest[f->id], touched[f->id], stack_of(f->id) + LAYOUT_STACK_SIZE - touched[f->id]);

    asan_forget(f->hstack_limit, f->hstack_base);
    return err ? err : kept_save(&c->host[f->id], host, f->hstack_base - host);
}

/* Below what set-up left in use there is nothing. */
static void
clear_unused(const struct fiber *f)
{
    uint64_t from = f->state == FIBER_DONE ? f->stack_base : f->guest_sp & ~7ull;

    memset((void *)touched[f->id], 0, from - touched[f->id]);
}

int
fiber_save(struct copy *c, const struct copy *base, const struct fiber *asker)
{
    int err = 0;

    for (uint32_t i = 1; !err && i <= machine->fiber_count; i++) {
        if (c == base) {
            clear_unused(&machine->fiber[i]);
            ran[i] = false;
        }
        c->own_stacks[i] = ran[i] || c == base || i > base->fiber_count;
        if (c->own_stacks[i])
            err = save_stacks(c, &machine->fiber[i], asker);
    }
    return err;
}

/* A run may end while a program's code runs, on a stack of its own: the fiber's is told by its number. */
void
fiber_restore(const struct copy *c, const struct copy *base)
{
    uint32_t count = machine->fiber_count > c->fiber_count ? machine->fiber_count : c->fiber_count;

    for (uint32_t i = 1; i <= count; i++) {
        bool own = c != base && i <= c->fiber_count && c->own_stacks[i];
        const struct copy *from = own ? c : base;
        uint64_t hstack = LAYOUT_HSTACK_BASE + (uint64_t)i * LAYOUT_HSTACK_SLOT + 0x1000;

        if (!ran[i] && !own)
            continue;
        ran[i] = own;
        asan_forget(hstack, hstack + LAYOUT_HSTACK_SIZE);
        if (i > from->fiber_count) {
            memset((void *)touched[i], 0, stack_of(i) + LAYOUT_STACK_SIZE - touched[i]);
            continue;
        }
        memset((void *)touched[i], 0, from->guest[i].at - touched[i]);
        kept_restore(&from->guest[i], 0);
        kept_restore(&from->host[i], 0);
    }
}

unsigned
fiber_ranges(struct machine_range *out, unsigned max)
{
    unsigned n = 0;

    for (uint32_t i = 1; i <= machine->fiber_count && n < max; i++) {
        struct fiber *f = &machine->fiber[i];
        uint64_t from = f->guest_sp & ~7ull;

        if (f->state == FIBER_DONE || from < f->stack_limit || from >= f->stack_base || f->stack_limit != stack_of(i))
            continue; /* a program's stack is user memory, which is listed as a whole */
        if (from < touched[i])
            fiber_touch_stack(from); /* the kernel may be asked to write it to a file */
        out[n++] = (struct machine_range){ from, f->stack_base - from, (void *)from };
    }
    return n;
}
