/* SPDX-License-Identifier: MIT */
/*
 * machine/vp.c - a VP's DPCs and its IRQL.
 *
 * Model: each VP has a DPC fiber, asleep while no DPC waits there. Who queues one wakes it; it runs at DISPATCH until
 * the queue, which is nt/ke's, is empty. IRQL is the fiber's; its VP and the KPCR show that of who runs there. Whether
 * a raised IRQL keeps others off the VP is sched.c's to know.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include "trace/event.h"

static void (*dpc_drain)(struct vp *);

static void
dpc_main(void *arg)
{
    struct vp *vp = arg;
    struct fiber *self = sched_current;

    for (;;) {
        while (vp->dpc_pending == 0)
            sched_block(BLOCK_IDLE, 0, NULL, "has no DPC to run");
        self->irql = vp->irql = IRQL_DISPATCH;
        kpcr_irql(self->irql);
        if (race_active)
            race_vp(self, true);
        dpc_drain(vp);
        if (race_active)
            race_vp(self, false);
        vp->dpc_pending = 0;
        self->irql = vp->irql = IRQL_PASSIVE;
    }
}

void
vp_init(void)
{
    static const char *const names[VP_MAX] = { "DPC/0", "DPC/1", "DPC/2", "DPC/3" };

    for (uint32_t i = 0; i < machine->vp_count; i++) {
        struct vp *vp = &machine->vp[i];

        vp->dpc_fiber = fiber_create(names[i], FIBER_DPC, machine_live ? live_dpc_main : dpc_main, vp, true);
        vp->dpc_fiber->vp = (uint8_t)i;
        vp->dpc_fiber->state = FIBER_BLOCKED;
        machine->ready &= ~(1ull << vp->dpc_fiber->id);
        vp->dpc_fiber->block_kind = BLOCK_IDLE;
    }
}

void
vp_set_dpc_drain(void (*drain)(struct vp *))
{
    dpc_drain = drain;
}

void
vp_dpc_request(struct vp *vp)
{
    vp->dpc_pending++;
    if (machine_live) {
        live_dpc_requested(vp);
        return;
    }
    if (vp->dpc_fiber->state == FIBER_BLOCKED && vp->dpc_fiber->block_kind == BLOCK_IDLE)
        sched_wake(vp->dpc_fiber);
    /* A thread below DISPATCH on this VP is interrupted before it executes another instruction. */
    if (sched_current && sched_current->vp == vp->number && sched_current->irql < IRQL_DISPATCH && !machine->in_timer &&
        sched_current->kind < FIBER_DPC)
        sched_point(OP_INTERNAL, 0);
}

uint8_t
irql_raise(unsigned irql)
{
    struct fiber *f = sched_current;
    uint8_t old = f->irql;

    if (irql != old)
        trace_emit(EV_IRQL, 0, old, irql);
    if (race_active && old < IRQL_DISPATCH && irql >= IRQL_DISPATCH)
        race_vp(f, true);
    f->irql = (uint8_t)irql;
    machine->vp[f->vp].irql = f->irql;
    kpcr_irql(irql);
    return old;
}

void
irql_lower(unsigned irql)
{
    struct fiber *f = sched_current;
    uint8_t old = f->irql;

    if (irql != old)
        trace_emit(EV_IRQL, 0, old, irql);
    if (race_active && old >= IRQL_DISPATCH && irql < IRQL_DISPATCH)
        race_vp(f, false);
    f->irql = (uint8_t)irql;
    machine->vp[f->vp].irql = f->irql;
    kpcr_irql(irql);
    if (machine_live)
        live_interrupts(f);
    if (old < IRQL_DISPATCH || irql >= IRQL_DISPATCH || f->kind >= FIBER_DPC)
        return;
    if (machine_live)
        live_irql_lowered();
    else
        sched_reconsider(); /* DPCs that waited run now */
}

void
sched_dpc_drain(struct vp *vp)
{
    dpc_drain(vp);
}
