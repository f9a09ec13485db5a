/* SPDX-License-Identifier: MIT */
/*
 * machine/snapshot.c - the state of a machine, kept and put back: the snapshot, and marks on the way of a run.
 *
 * Model: a copy holds what runs change: heap lanes and what is known of their blocks, the images' data, programs'
 * memory, monitor memory, the stacks of fibers, the order of events so far. The snapshot is the copy that runs begin
 * with. A mark is one made in the middle of a run, with a fiber inside its strategy's question; a run that would begin
 * with the same answers can begin there instead. What no run has changed since the snapshot a mark leaves to that.
 * Putting back is a few long memcpy(), and clearing what was added behind them.
 */
#include "machine/internal.h"

#include <errno.h>
#include <string.h>

#include "host/host.h"

static struct copy snapshot;

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
            *k = (struct kept){ 0 };
            return -ENOMEM;
        }
    }
    k->at = at;
    k->size = size;
    if (size)
        memcpy(k->bytes, (const void *)at, size);
    return 0;
}

void
kept_restore(const struct kept *k, uint64_t end)
{
    if (k->size)
        memcpy((void *)k->at, k->bytes, k->size);
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

int
machine_snapshot(void)
{
    machine->setup = false;
    return copy_save(&snapshot, &snapshot, NULL);
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
    if (!marks[number] && (marks[number] = host_alloc(sizeof(*marks[number]))))
        memset(marks[number], 0, sizeof(*marks[number]));
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
