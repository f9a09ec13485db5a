/* SPDX-License-Identifier: MIT */
/*
 * machine/live_irq.c - interrupts of a live machine, and the registers that cause them (see irq.h).
 *
 * Model. irq.c keeps the IRQL of the highest interrupt that waits for a VP in vp_local.interrupt. The VP looks at it
 * where a DDI returns, where the IRQL falls, while it spins, and before it runs or sleeps; if driver code runs there,
 * a signal takes it out as the tick does. Then the interrupted fiber parks without joining a queue, the VP's loop runs
 * the ISR fiber until nothing above the interrupted IRQL is left, and goes back. Only if that is below DISPATCH_LEVEL
 * and a DPC was queued meanwhile, the fiber becomes the first of its VP's queue, so that the DPC runs before it.
 *
 * Registers are pages of the hot file, read-only where drivers have them and mapped a second time for the device.
 * Start reading at: live_let_in(), run() in live_sched.c; live_store().
 */
#include "machine/live_internal.h"

#include "host/host.h"
#include "host/thread.h"
#include "machine/irq.h"

#define ALIAS_BASE 0x7e9680000000ull

static uint64_t alias_used; /* bytes; under the machine lock */

unsigned (*machine_store)(struct trap *t, uint8_t bytes[16]);

/* ------------------------------------------------------------------ interrupts */

void
live_interrupt(uint32_t number, unsigned irql)
{
    struct vp_local *l = live_vp_local(number);
    struct live_vp *v = &live.vp[number];
    bool more = irql > l->interrupt;

    __atomic_store_n(&l->interrupt, irql, __ATOMIC_SEQ_CST);
    if (!more || l == vp_local())
        return;
    if (v->asleep)
        live_kick(v);
    else if (v->tid != 0)
        host_thread_signal(v->tid, LIVE_SIG_INTERRUPT);
}

void
live_let_in(struct fiber *f)
{
    bool was = machine_lock();

    if (live_may_interrupt(f)) {
        live.vp[f->vp].over = f;
        live_park();
    }
    machine_unlock(was);
}

unsigned
live_interrupted(uint32_t number)
{
    return live.vp[number].over_irql;
}

void
live_isr_done(void)
{
    struct fiber *f = fiber_self();

    f->state = FIBER_BLOCKED;
    f->block_kind = BLOCK_IDLE;
    live_park();
    f->block_kind = BLOCK_NONE;
}

/* ------------------------------------------------------------------ registers */

void *
live_device_pages(void *memory, uint32_t bytes)
{
    uint64_t at = ALIAS_BASE + alias_used;

    MACHINE_ASSERT(bytes % 4096 == 0 && host_map_fixed(at, bytes, HOST_RW, arena_hot_fd,
                                                       (uint64_t)memory - LAYOUT_HOT_BASE, true) == 0);
    MACHINE_ASSERT(host_protect((uint64_t)memory, bytes, HOST_R) == 0);
    alias_used += bytes;
    return (void *)at;
}

bool
live_store(struct trap *t)
{
    uint64_t address = t->address;
    bool was = machine_lock();
    struct mdevice *d = mdevice_at(address);
    uint8_t bytes[16];
    unsigned size = machine_store != NULL ? machine_store(t, bytes) : 0;

    if (address - d->registers + size > d->register_bytes)
        size = (unsigned)(d->registers + d->register_bytes - address);
    if (size != 0)
        d->write(d, (uint32_t)(address - d->registers), bytes, size);
    machine_unlock(was);
    return size != 0;
}
