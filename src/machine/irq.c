/* SPDX-License-Identifier: MIT */
/*
 * machine/irq.c - interrupts, and devices that raise them (see irq.h).
 *
 * Start reading at: isr_main(); whether it may enter is irq_can_enter(), asked by sched.c.
 */
#include "machine/irq.h"

#include "base/fmt.h"
#include "machine/internal.h"
#include "machine/live_internal.h"
#include "trace/event.h"

/* Deliveries of a level-sensitive vector that stays asserted; more is reported. */
#define STORM_MAX      100u
#define STORM_MAX_LIVE 1000000u /* a second or so: another processor may take the line down */

/* Run state in monitor memory; made with the first vector or device. */
struct irq_state {
    struct list vectors[VP_MAX];
    struct list devices;
    uint64_t generation; /* changes made by devices */
    uint64_t seen[FIBER_MAX + 1];
    bool polling;
};
#define I ((struct irq_state *)machine->irq)

static void
need_state(void)
{
    if (machine->irq != NULL)
        return;
    machine->irq = mon_alloc(sizeof(*I));
    list_init(&I->devices);
    for (unsigned i = 0; i < VP_MAX; i++)
        list_init(&I->vectors[i]);
}

/* ------------------------------------------------------------------ delivery */

/* What the VP's ISR fiber would deliver next: the highest, of equals the one connected first. NULL: nothing. */
static struct irq_vector *
next_vector(const struct vp *vp)
{
    struct irq_vector *best = NULL, *v;

    list_for_each (v, &I->vectors[vp->number], link)
        if (v->asserted && !v->masked && (best == NULL || v->irql > best->irql))
            best = v;
    return best;
}

bool
irq_can_enter(const struct vp *vp)
{
    const struct irq_vector *v = next_vector(vp);
    unsigned irql = vp->dpc_fiber->irql;

    if (vp->current && vp->current->irql > irql)
        irql = vp->current->irql;
    return v != NULL && v->irql > irql;
}

/* One delivery, on the VP's ISR fiber. */
static void
serve(struct vp *vp, struct fiber *self, struct irq_vector *v)
{
    self->irql = vp->irql = v->irql;
    kpcr_irql(self->irql);
    sched_touch((uint64_t)v);
    if (!v->level)
        v->asserted = false;
    v->again++;
    v->delivered++;
    trace_emit(EV_INTERRUPT, v, v->irql, v->level, vp->number);
    v->deliver(v);
    mdevice_poll(); /* the routine's last register writes count before the line is looked at */
    trace_emit(EV_INTERRUPT_DONE, v, v->irql);
    self->irql = vp->irql = IRQL_PASSIVE;
    if (!v->asserted)
        v->again = 0;
}

static void
isr_main(void *arg)
{
    struct vp *vp = arg;
    struct fiber *self = sched_current;

    for (;;) {
        struct irq_vector *v = next_vector(vp);

        if (v == NULL) {
            sched_block(BLOCK_IDLE, 0, NULL, "has no interrupt to serve");
            continue;
        }
        if (v->again > 0) { /* the line stayed up, or came up again: whoever might take it down goes first */
            if (v->again > STORM_MAX)
                run_end(RUN_LIVELOCK, "an interrupt line stays asserted: no service routine clears its cause");
            sched_give_way();
            if (next_vector(vp) != v || !irq_can_enter(vp))
                continue;
        }
        serve(vp, self, v);
    }
}

/* What the VP has to serve now. */
static void
live_update(const struct vp *vp)
{
    const struct irq_vector *v = next_vector(vp);

    live_interrupt(vp->number, v != NULL ? v->irql : 0);
}

/* The same for a live machine: what the VP's loop found interrupted goes on when nothing above its IRQL is left. */
static void
live_isr_main(void *arg)
{
    struct vp *vp = arg;
    struct fiber *self = sched_current;

    for (;;) {
        struct irq_vector *v = next_vector(vp);

        if (v == NULL || v->irql <= live_interrupted(vp->number)) {
            live_isr_done();
            continue;
        }
        if (v->again > STORM_MAX_LIVE)
            run_end(RUN_LIVELOCK, "an interrupt line stays asserted: no service routine clears its cause");
        serve(vp, self, v);
        live_update(vp);
    }
}

static void
need_fiber(struct vp *vp)
{
    static const char *const names[VP_MAX] = { "ISR/0", "ISR/1", "ISR/2", "ISR/3" };
    struct fiber *f;

    if (vp->isr_fiber)
        return;
    f = fiber_create(names[vp->number], FIBER_ISR, machine_live ? live_isr_main : isr_main, vp, true);
    if (f == NULL)
        machine_unsupported(0, "an interrupt with no fiber left to serve it");
    f->vp = (uint8_t)vp->number;
    f->state = FIBER_BLOCKED;
    f->block_kind = BLOCK_IDLE;
    machine->ready &= ~(1ull << f->id);
    vp->isr_fiber = f;
}

/* The vector can be served now, or no more. */
static void
wake_isr(const struct irq_vector *v)
{
    struct fiber *f = machine->vp[v->vp].isr_fiber;

    if (machine_live)
        live_update(&machine->vp[v->vp]);
    else if (f->state == FIBER_BLOCKED && f->block_kind == BLOCK_IDLE)
        sched_wake(f);
}

/* ------------------------------------------------------------------ vectors */

void
irq_connect(struct irq_vector *v)
{
    need_state();
    MACHINE_ASSERT(v->irql > IRQL_DISPATCH && v->irql <= IRQL_HIGH && v->vp < machine->vp_count);
    need_fiber(&machine->vp[v->vp]);
    v->connected = true;
    list_add_tail(&I->vectors[v->vp], &v->link);
    if (v->asserted)
        wake_isr(v);
}

void
irq_disconnect(struct irq_vector *v)
{
    list_del(&v->link);
    v->connected = false;
    if (!v->level)
        v->asserted = false; /* a message that nobody takes is lost */
    if (machine_live)
        live_update(&machine->vp[v->vp]);
}

/* Who serves the vector depends on it; whoever moved it went before. */
static void
line_moved(struct irq_vector *v)
{
    if (sched_current && !machine->in_timer)
        sched_touch((uint64_t)v);
    else
        mdevice_changed();
}

void
irq_assert(struct irq_vector *v)
{
    if (v->asserted || (!v->level && !v->connected))
        return;
    v->asserted = true;
    v->again = 0;
    line_moved(v);
    if (v->connected)
        wake_isr(v);
}

void
irq_deassert(struct irq_vector *v)
{
    if (!v->asserted)
        return;
    v->asserted = false;
    v->again = 0;
    line_moved(v);
    if (machine_live && v->connected)
        live_update(&machine->vp[v->vp]);
}

void
irq_mask(struct irq_vector *v, bool masked)
{
    v->masked = masked;
    if (machine_live && v->connected)
        live_update(&machine->vp[v->vp]);
    else if (!masked && v->asserted && v->connected)
        wake_isr(v);
}

bool
irq_busy(void)
{
    for (unsigned i = 0; machine->irq && i < machine->vp_count; i++) {
        const struct vp *vp = &machine->vp[i];

        if (vp->isr_fiber && (vp->isr_fiber->block_kind != BLOCK_IDLE || next_vector(vp) != NULL))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ devices */

void
mdevice_add(struct mdevice *d)
{
    need_state();
    list_add_tail(&I->devices, &d->link);
}

void *
mdevice_registers(struct mdevice *d, void *memory, uint32_t bytes)
{
    d->registers = (uint64_t)memory;
    d->register_bytes = bytes;
    return machine_live ? live_device_pages(memory, bytes) : memory;
}

struct mdevice *
mdevice_at(uint64_t address)
{
    struct mdevice *d;

    if (machine->irq == NULL)
        return NULL;
    list_for_each (d, &I->devices, link)
        if (address - d->registers < d->register_bytes)
            return d;
    return NULL;
}

void
mdevice_remove(struct mdevice *d)
{
    list_del(&d->link);
}

/* An event by nobody: whoever goes on from here goes on after it (mdevice_poll). */
void
mdevice_changed(void)
{
    if (machine_live)
        return;
    need_state();
    hb_device(++I->generation);
    if (!machine->setup && sched_current && !machine->in_timer) {
        I->seen[sched_current->id] = I->generation;
        hb_touch(sched_current, OBJECT_DEVICES);
    }
}

uint64_t
mdevice_generation(void)
{
    return machine->irq ? I->generation : 0;
}

bool
mdevice_poll(void)
{
    struct fiber *f = sched_current;
    enum mdevice_news news = MDEVICE_NOTHING;
    struct mdevice *d;

    if (machine_live || machine->irq == NULL || I->polling || f == NULL)
        return false;
    if (I->seen[f->id] != I->generation) { /* its last step could see what devices did before it */
        I->seen[f->id] = I->generation;
        if (!machine->setup)
            hb_touch(f, OBJECT_DEVICES);
    }
    I->polling = true;
    list_for_each (d, &I->devices, link) {
        enum mdevice_news one = d->poll(d);

        news = one > news ? one : news;
    }
    I->polling = false;
    if (news == MDEVICE_VISIBLE)
        mdevice_changed();
    else if (news == MDEVICE_TAKEN && !machine->setup)
        hb_touch(f, OBJECT_DEVICES);
    return news != MDEVICE_NOTHING;
}
