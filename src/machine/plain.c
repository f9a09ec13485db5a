/* SPDX-License-Identifier: MIT */
/*
 * machine/plain.c - plain accesses as scheduling points, and updates that get lost there.
 *
 * Model: only accesses that were seen to race come here (race.c found them in another worker). The point's object is
 * the aligned eight bytes. One instruction that reads, changes and writes is two accesses for other processors: after
 * the read somebody else may run, though not on the same VP, where only an interrupt between two instructions could.
 * Its operand is put back to what was read before the instruction runs, so it sees the old value and overwrites.
 *
 * A lost update, as it happens: a fiber read a word; another fiber wrote something else there; and now the first,
 * having passed no point but plain ones since, writes the word. What the other wrote is gone unseen. Whether such an
 * interleaving exists is the search's business; that it is one needs no judgement about intent. Where a device changed
 * registers or memory meanwhile, that may have been what changed the word, and nothing is concluded.
 */
#include "machine/plain.h"

#include "machine/internal.h"

#include <string.h>

#include "trace/event.h"

#define READS  8u
#define WRITES 64u

bool plain_used;
bool (*machine_site_access)(uint32_t site, struct plain_site *out);

uint64_t plain_hook(struct crossing *c, uint64_t address, uint64_t *regs);
uint64_t watch_hook(struct crossing *c, uint64_t address, uint64_t *regs);

/* What a fiber read last, and since which point that is not plain. */
struct plain_read {
    uint64_t address, value, ip, generation;
    uint32_t size, solid;
};

struct plain_write {
    uint64_t address, ip, step;
    uint32_t size, fiber;
};

/* Monitor memory, machine->plain; there from the first access on that is a point, or would be one. */
struct plain_state {
    struct {
        struct plain_read at[READS];
        uint32_t next;
    } read[FIBER_MAX + 1];
    struct plain_write write[WRITES]; /* the last to each address, of those that come here */
    uint32_t writes;
};

static struct plain_state *
state(void)
{
    if (!machine->plain)
        machine->plain = mon_alloc_shared(sizeof(struct plain_state));
    return machine->plain;
}

static uint64_t
value_at(uint64_t address, unsigned size)
{
    uint64_t v = 0;

    memcpy(&v, (const void *)address, size < 8 ? size : 8);
    return v;
}

static bool
own_stack(const struct fiber *f, uint64_t address)
{
    return address >= f->stack_limit && address < f->stack_base;
}

static bool
overlaps(uint64_t a, unsigned a_size, uint64_t b, unsigned b_size)
{
    return a < b + b_size && b < a + a_size;
}

static struct plain_write *
writer_of(uint64_t address, unsigned size)
{
    struct plain_state *p = state();
    struct plain_write *last = NULL;
    uint32_t n = p->writes < WRITES ? p->writes : WRITES;

    for (uint32_t i = 0; i < n; i++)
        if (overlaps(p->write[i].address, p->write[i].size, address, size) && (!last || p->write[i].step >= last->step))
            last = &p->write[i];
    return last;
}

void
plain_wrote(struct fiber *f, uint64_t address, unsigned size, uint64_t ip)
{
    struct plain_state *p = state();
    struct plain_write *w = NULL;
    uint32_t n = p->writes < WRITES ? p->writes : WRITES;

    for (uint32_t i = 0; i < n && !w; i++)
        if (p->write[i].address == address && p->write[i].size == size)
            w = &p->write[i];
    if (!w)
        w = &p->write[p->writes++ % WRITES];
    *w = (struct plain_write){ address, ip, machine->step, size, f->id };
}

void
plain_locked(struct fiber *f, uint64_t address, uint32_t site)
{
    struct plain_site s;

    if ((!race_active && !plain_used) || !machine_site_access(site, &s))
        return;
    if (race_active)
        race_access(f, address, s.size, s.access, s.ip);
    plain_wrote(f, address, s.size, s.ip);
}

static void
remember(struct fiber *f, uint64_t address, unsigned size, uint64_t value, uint64_t ip)
{
    struct plain_state *p = state();
    struct plain_read *r = NULL;

    for (unsigned i = 0; i < READS && !r; i++)
        if (p->read[f->id].at[i].address == address && p->read[f->id].at[i].size == size)
            r = &p->read[f->id].at[i];
    if (!r)
        r = &p->read[f->id].at[p->read[f->id].next++ % READS];
    *r = (struct plain_read){ address, value, ip, mdevice_generation(), size, f->solid };
}

/* f read `was` and is about to overwrite what another fiber wrote since. */
static void
lost(struct fiber *f, uint64_t address, unsigned size, uint64_t was, uint64_t ip)
{
    const struct plain_write *w = writer_of(address, size);

    if (w && w->fiber != f->id)
        trace_emit(EV_LOST_UPDATE, address, size, ip, w->ip, w->fiber, was, value_at(address, size));
}

static void
before_write(struct fiber *f, uint64_t address, unsigned size, uint64_t ip, const uint64_t *will_be)
{
    uint64_t now = value_at(address, size);

    for (unsigned i = 0; i < READS; i++) {
        const struct plain_read *r = &state()->read[f->id].at[i];

        if (r->address != address || r->size != size || r->solid != f->solid ||
            r->generation != mdevice_generation())
            continue;
        if (r->value != now && !(will_be && *will_be == now))
            lost(f, address, size, r->value, ip);
    }
    plain_wrote(f, address, size, ip);
    trace_emit(EV_PLAIN_WRITE, address, size, ip);
}

/* Others may run between the halves of one instruction, but not on its own VP. */
static void
between_halves(struct fiber *f, uint64_t address)
{
    uint8_t irql = f->irql;

    f->irql = machine->vp[f->vp].irql = IRQL_HIGH;
    sched_point(OP_PLAIN, address & ~7ull);
    f->irql = machine->vp[f->vp].irql = irql;
    kpcr_irql(irql);
}

static void
plain_point(struct fiber *f, uint64_t address, const struct plain_site *s, const uint64_t *will_be)
{
    uint64_t read;

    sched_point(OP_PLAIN, address & ~7ull);
    if ((address & 7) + s->size > 8)
        sched_touch((address & ~7ull) + 8);
    if (!machine_readable(address, s->size) || s->size > 8)
        return; /* it faults by itself; or a value wider than a word, of which nothing is concluded */
    if (s->access == ACCESS_READ) {
        remember(f, address, s->size, value_at(address, s->size), s->ip);
    } else if (s->access == ACCESS_WRITE) {
        before_write(f, address, s->size, s->ip, will_be);
    } else {
        read = value_at(address, s->size);
        remember(f, address, s->size, read, s->ip);
        between_halves(f, address);
        before_write(f, address, s->size, s->ip, NULL);
        if (machine_writable(address, s->size))
            memcpy((void *)address, &read, s->size);
    }
}

/* A register of the driver at a patched site: regs points at rax rcx rdx r8 r9, r10 and r11 lie above the flags. */
static uint64_t
register_of(const struct crossing *c, const uint64_t *regs, unsigned number)
{
    switch (number) {
    case 0:
    case 1:
    case 2:
        return regs[number];
    case 3:
        return c->rbx;
    case 4:
        return c->guest_rsp + CROSSING_L1_FRAME;
    case 5:
        return c->rbp;
    case 6:
        return c->rsi;
    case 7:
        return c->rdi;
    case 8:
    case 9:
        return regs[number - 5];
    case 10:
    case 11:
        return regs[number - 3];
    default:
        return (&c->r12)[number - 12];
    }
}

/* A planted plain access is about to run. */
uint64_t
plain_hook(struct crossing *c, uint64_t address, uint64_t *regs)
{
    struct fiber *f = sched_current;
    struct plain_site s;
    uint64_t will_be = 0;

    if (own_stack(f, address) || !machine_site_access((uint32_t)c->index, &s))
        return 0;
    f->in_driver = false;
    if (s.source != SOURCE_UNKNOWN)
        will_be = s.source == SOURCE_CONSTANT ? s.constant : register_of(c, regs, (unsigned)s.constant);
    if (s.size < 8)
        will_be &= (1ull << s.size * 8) - 1;
    plain_point(f, address, &s, s.source != SOURCE_UNKNOWN ? &will_be : NULL);
    f->in_driver = true;
    return 0;
}

/* A watched plain access is about to run. */
uint64_t
watch_hook(struct crossing *c, uint64_t address, uint64_t *regs)
{
    struct fiber *f = sched_current;
    struct plain_site s;

    (void)regs;
    if (race_active && !own_stack(f, address) && machine_site_access((uint32_t)c->index, &s))
        race_access(f, address, s.size, s.access, s.ip);
    return 0;
}

void
plain_hooked(uint64_t address, unsigned size, unsigned access, bool planted)
{
    struct fiber *f = sched_current;
    struct plain_site s = { .ip = guest_caller(), .size = (uint8_t)size, .access = (uint8_t)access };

    if (own_stack(f, address))
        return;
    if (planted)
        plain_point(f, address, &s, NULL);
    else if (race_active)
        race_access(f, address, size, access, s.ip);
}
