/* SPDX-License-Identifier: MIT */
/*
 * machine/snapshot.c - the state of a machine, kept and put back: the snapshot, and marks on the way of a run.
 *
 * Model: a copy holds what runs change: heap lanes and what is known of their blocks, the images' data, programs'
 * memory, monitor memory, the stacks of fibers, the order of events so far. The snapshot is the copy that runs begin
 * with. A mark is one made in the middle of a run, with a fiber inside its strategy's question; a run that would begin
 * with the same answers can begin there instead. What no run has changed since the snapshot a mark leaves to that.
 * Putting back is some long memcpy(), and clearing what was added behind them. Most of a machine's memory is never
 * written to again, so machine_guard() makes what the snapshot holds read-only; a page is put back only from the first
 * write to it on, which costs one fault per page and search.
 */
#include "machine/internal.h"

#include <errno.h>
#include <string.h>

#include "host/host.h"

#define PAGE 0x1000ull

/* Pages that were made read-only, and which of them were written to since. */
struct guard {
    uint64_t from, pages;
    uint8_t *written;
};

static struct copy snapshot;
static struct guard guards[FIBER_MAX + 2];
static unsigned guard_count;

static struct mark {
    struct copy copy;
    struct fiber *asker;
    uint32_t mxcsr;
    struct run_result result;
} * marks[RUN_MARKS];

int
kept_save(struct kept *k, uint64_t at, uint64_t size)
{
    if (k->room < size) {
        host_free(k->bytes);
        k->room = size + size / 4;
        k->bytes = host_alloc(k->room);
        if (!k->bytes) {
            k->room = k->size = 0;
            return -ENOMEM;
        }
    }
    k->at = at;
    k->size = size;
    if (size)
        memcpy(k->bytes, (const void *)at, size);
    return 0;
}

/* Where the pages from at on end that were (not) written to; to at the latest. */
static uint64_t
stretch(const struct guard *g, uint64_t at, uint64_t to, bool written)
{
    while (at < to) {
        uint64_t page = (at - g->from) / PAGE;

        if ((page >= g->pages || g->written[page]) != written)
            return at;
        at = g->from + (page + 1) * PAGE;
    }
    return to;
}

void
kept_restore(const struct kept *k, uint64_t end)
{
    uint64_t to = k->at + k->size;

    for (uint64_t at = k->at, stop; at < to; at = stop) {
        if (k->guard)
            at = stretch(k->guard, at, to, false);
        stop = k->guard ? stretch(k->guard, at, to, true) : to;
        memcpy((void *)at, k->bytes + (at - k->at), stop - at);
    }
    if (end > k->at + k->size)
        memset((void *)(k->at + k->size), 0, end - k->at - k->size);
}

int
copy_save(struct copy *c, const struct copy *base, const struct fiber *asker)
{
    int err = heap_save(c, base);

    if (!err)
        err = fiber_save(c, base, asker);
    if (!err)
        err = hb_save(&c->hb);
    return err ? err : arena_save(c); /* last: it holds the machine itself */
}

void
copy_restore(const struct copy *c, const struct copy *base)
{
    fiber_restore(c, base); /* it and heap_restore() read the machine of the run that ended */
    heap_restore(c, base);
    arena_restore(c);
}

static int
guard(struct kept *k)
{
    struct guard *g = &guards[guard_count];
    int err;

    k->guard = NULL;
    if (k->size == 0)
        return 0;
    g->from = k->at & ~(PAGE - 1);
    g->pages = (k->at + k->size - g->from + PAGE - 1) / PAGE;
    g->written = host_alloc_zeroed(g->pages);
    if (!g->written)
        return -ENOMEM;
    err = host_protect(g->from, g->pages * PAGE, HOST_R);
    if (err) {
        host_free(g->written);
        return err;
    }
    k->guard = g;
    guard_count++;
    return 0;
}

int
machine_guard(void)
{
    int err = guard(&snapshot.user);

    if (!err)
        err = guard(&snapshot.monitor_own);
    for (unsigned i = 0; !err && i < FIBER_MAX; i++)
        err = guard(&snapshot.heap[i]);
    return err;
}

static int
unguard_all(void)
{
    int err = 0;

    for (; !err && guard_count > 0; guard_count--) {
        struct guard *g = &guards[guard_count - 1];

        err = host_protect(g->from, g->pages * PAGE, HOST_RW);
        host_free(g->written);
    }
    return err;
}

bool
snapshot_touch(uint64_t address)
{
    for (unsigned i = 0; i < guard_count; i++) {
        struct guard *g = &guards[i];
        uint64_t page = (address - g->from) / PAGE;

        if (address < g->from || page >= g->pages || g->written[page])
            continue;
        if (host_protect(g->from + page * PAGE, PAGE, HOST_RW) != 0)
            return false;
        g->written[page] = 1;
        return true;
    }
    return false;
}

int
machine_snapshot(void)
{
    int err = unguard_all();

    machine->setup = false;
    return err ? err : copy_save(&snapshot, &snapshot, NULL);
}

void
machine_restore(void)
{
    copy_restore(&snapshot, &snapshot);
}

static struct mark *
mark_of(unsigned number)
{
    MACHINE_ASSERT(number < RUN_MARKS);
    if (!marks[number])
        marks[number] = host_alloc_zeroed(sizeof(*marks[number]));
    return marks[number];
}

int
mark_save(unsigned number, struct fiber *asker)
{
    struct mark *m = mark_of(number);

    if (!m)
        return -ENOMEM;
    m->asker = asker;
    m->mxcsr = __builtin_ia32_stmxcsr();
    m->result = *sched_result;
    m->copy.user.guard = snapshot.user.guard;
    m->copy.monitor_own.guard = snapshot.monitor_own.guard;
    for (unsigned i = 0; i < FIBER_MAX; i++)
        m->copy.heap[i].guard = snapshot.heap[i].guard;
    return copy_save(&m->copy, &snapshot, asker);
}

struct fiber *
mark_restore(unsigned number, struct run_result *out)
{
    const struct mark *m = marks[number];

    copy_restore(&m->copy, &snapshot);
    hb_restore(&m->copy.hb);
    __builtin_ia32_ldmxcsr(m->mxcsr);
    *out = m->result;
    return m->asker;
}
