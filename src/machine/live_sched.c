/* SPDX-License-Identifier: MIT */
/*
 * machine/live_sched.c - who runs where in a live machine.
 *
 * Model. A VP's loop (live_loop) runs on its thread's own stack under the machine lock. A fiber that stops running
 * always goes back to the loop, still under the lock, so nobody can resume it before its registers are saved. The loop
 * takes the first of its queue, else of another VP's. The DPC fiber of a VP is resumed for its round: timers that are
 * due, the DPC queue, pollers. Threads below DISPATCH_LEVEL give way at a DDI's return or, in driver code, at the tick.
 * Start reading at: live_loop().
 */
#include "machine/live_internal.h"

#include <string.h>

#include "host/host.h"
#include "host/thread.h"

#define BUGCHECK_ATTEMPTED_SWITCH_FROM_DPC 0xb8u

#define SPIN_ROUNDS 64u   /* tries for the lock before sleeping */
#define POLL_ROUNDS 8u    /* fibers run between polls */
#define LET_IN      2000u /* about 40 microseconds */

static inline void
cpu_relax(void)
{
    __asm__ volatile("pause");
}

static struct live_vp *
self_vp(void)
{
    return &live.vp[vp_local()->number];
}

/* ------------------------------------------------------------------ the machine lock */

void
live_lock(void)
{
    uint32_t seen = 0;

    for (unsigned i = 0; i < SPIN_ROUNDS; i++) {
        seen = 0;
        if (__atomic_compare_exchange_n(&live.lock, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        cpu_relax();
    }
    while (__atomic_exchange_n(&live.lock, 2, __ATOMIC_ACQUIRE) != 0)
        host_futex_wait(&live.lock, 2, -1);
    __atomic_store_n(&live.slept, live.slept + 1, __ATOMIC_RELAXED);
}

/* Whoever sleeps for the lock gets it before we have it again; it takes a while to wake up. */
static void
let_others_in(void)
{
    uint32_t seen = live.slept;

    if (__atomic_load_n(&live.lock, __ATOMIC_RELAXED) != 2)
        return;
    live_unlock();
    for (unsigned i = 0; i < LET_IN && __atomic_load_n(&live.slept, __ATOMIC_RELAXED) == seen; i++)
        cpu_relax();
    live_lock();
}

void
live_unlock(void)
{
    if (__atomic_exchange_n(&live.lock, 0, __ATOMIC_RELEASE) == 2)
        host_futex_wake(&live.lock, 1);
}

bool
machine_lock(void)
{
    struct fiber *f = fiber_self();

    if (!machine_live || !f || f->locked)
        return true;
    live_lock();
    f->locked = true;
    return false;
}

void
machine_unlock(bool was)
{
    if (was)
        return;
    fiber_self()->locked = false;
    live_unlock();
}

/* ------------------------------------------------------------------ queues */

void
live_kick(struct live_vp *v)
{
    if (v->asleep) {
        v->asleep = false;
        figure_add(&v->stats.wakes, 1);
        host_eventfd_add(v->kick);
    } else {
        live_want((uint32_t)(v - live.vp));
    }
}

static bool
may_run_on(const struct fiber *f, uint32_t vp)
{
    return f->affinity == 0 || (f->affinity >> vp & 1);
}

/* The VP whose queue the fiber joins: its own, unless another sleeps or its own is none for it. */
static struct live_vp *
queue_for(const struct fiber *f, bool first)
{
    struct live_vp *v = may_run_on(f, f->vp) ? &live.vp[f->vp] : &live.vp[__builtin_ctz(f->affinity)];

    if (f->kind == FIBER_DPC || v->asleep || first)
        return v;
    for (uint32_t i = 0; i < machine->vp_count; i++)
        if (live.vp[i].asleep && may_run_on(f, i))
            return &live.vp[i];
    return v;
}

static void
make_ready(struct fiber *f, bool first)
{
    struct live_vp *v = queue_for(f, first);

    f->state = FIBER_READY;
    if (first)
        list_add_head(&v->queue, &f->run);
    else
        list_add_tail(&v->queue, &f->run);
    if (v->asleep)
        live_kick(v);
}

/* Somebody should look at the ring of calls: a VP that sleeps, else the next at its turn. */
void
live_kick_any(void)
{
    for (uint32_t i = 0; i < machine->vp_count; i++)
        if (live.vp[i].asleep) {
            live_kick(&live.vp[i]);
            return;
        }
    live_kick(&live.vp[live.turn++ % machine->vp_count]);
}

/* The running fiber stops; returns when the loop of some VP resumed it. Under the lock, before and after. */
void
live_park(void)
{
    struct fiber *f = fiber_self();
    struct vp *vp = &machine->vp[f->vp];

    f->placed = false;
    if (vp->current == f)
        vp->current = NULL;
    fiber_park_to_engine();
}

void
live_block(enum block_kind kind, uint64_t object, struct fiber *owner, const char *why)
{
    struct fiber *f = fiber_self();
    bool was;

    if (kind == BLOCK_SPIN) { /* the caller looks again when this returns */
        sched_spin();
        return;
    }
    /* documented (0xB8): a DPC, or what a wire brings at DISPATCH_LEVEL, or a service routine waits for something. */
    if (f->kind >= FIBER_DPC)
        machine_bugcheck(BUGCHECK_ATTEMPTED_SWITCH_FROM_DPC, (uint64_t)f->thread, 0, f->guest_sp, 0);
    was = machine_lock();
    f->state = FIBER_BLOCKED;
    f->block_kind = (uint8_t)kind;
    f->block_object = object;
    f->block_owner = owner;
    f->block_why = why;
    if (kind == BLOCK_IDLE && !f->daemon)
        live_changed();
    live_park();
    f->block_kind = BLOCK_NONE;
    f->block_owner = NULL;
    f->block_why = NULL;
    machine_unlock(was);
}

/* A new fiber can run; those of DPCs and interrupts wait for their VP's loop. */
void
live_created(struct fiber *f)
{
    list_node_init(&f->run);
    f->awaited = !f->daemon && fiber_self() == NULL;
    if (f->kind < FIBER_DPC)
        make_ready(f, false);
}

void
live_wake(struct fiber *f)
{
    bool was = machine_lock();

    if (f->state == FIBER_BLOCKED)
        make_ready(f, false);
    machine_unlock(was);
}

/* Let the VP's loop run; go on as the first or the last of its queue. */
static void
step_aside(bool first)
{
    struct fiber *f = fiber_self();
    bool was = machine_lock();

    make_ready(f, first);
    live_park();
    machine_unlock(was);
}

void
live_give_way(void)
{
    struct fiber *f = fiber_self();

    if (f->irql < IRQL_DISPATCH) {
        step_aside(false);
        return;
    }
    sched_spin();
}

/* What a lock's owner needs to get on: the machine lock, and the processor. */
void
sched_spin(void)
{
    struct fiber *f = fiber_self();
    bool held = f->locked;

    if (held) {
        f->locked = false;
        live_unlock();
    }
    for (unsigned i = 0; i < 16; i++)
        cpu_relax();
    if (++vp_local()->spins % 64 == 0)
        host_yield();
    live_interrupts(f);
    if (held) {
        live_lock();
        f->locked = true;
    }
    if (__atomic_load_n(&live.stopped, __ATOMIC_RELAXED))
        live_park_thread();
}

bool
machine_stall(uint32_t us)
{
    uint64_t end = machine_live ? live_now() + (uint64_t)us * 10 : 0;

    while (machine_live && live_now() < end)
        sched_spin();
    return machine_live;
}

void
live_irql_lowered(void)
{
    const struct vp *vp = vp_self();

    if (__atomic_load_n(&vp->dpc_pending, __ATOMIC_RELAXED))
        step_aside(true);
    else if (!may_run_on(fiber_self(), vp->number))
        step_aside(false);
}

void
live_dpc_requested(struct vp *vp)
{
    struct fiber *f = fiber_self();

    if (f && f->vp == vp->number) {
        if (f->irql < IRQL_DISPATCH && f->kind < FIBER_DPC)
            step_aside(true);
        return;
    }
    live_kick(&live.vp[vp->number]);
}

void
live_fiber_exit(void)
{
    struct fiber *f = fiber_self();

    machine_lock();
    f->state = FIBER_DONE;
    f->irql = IRQL_PASSIVE;
    live_changed();
    live_park();
    __builtin_unreachable();
}

/* A DDI below DISPATCH_LEVEL returns and somebody asked for this VP, or it is the pollers' turn. */
void
live_attend(void)
{
    struct vp_local *l = vp_local();
    struct live_vp *v = self_vp();

    __atomic_store_n(&l->attention, 0, __ATOMIC_RELAXED);
    if (v->pollers)
        v->poll = POLL_ALL;
    step_aside(false);
}

void
live_preempt(void)
{
    struct fiber *f = fiber_self();
    uint64_t host_sp = f->host_sp;

    live_interrupts(f);
    if (f->irql < IRQL_DISPATCH && __atomic_load_n(&vp_local()->attention, __ATOMIC_RELAXED))
        live_attend();
    f->host_sp = host_sp;
}

/* ------------------------------------------------------------------ the DPC fiber's round */

static void
poll_round(struct live_vp *v)
{
    struct fiber *f = fiber_self();
    struct live_poller *next;
    enum live_poll which = v->poll, then = POLL_NONE;

    v->poll = POLL_NONE;
    for (struct live_poller *p = v->pollers; p; p = next) {
        unsigned n;

        next = p->next;
        if (which != POLL_ALL && !p->due)
            continue;
        p->due = false; /* live_poller_due() may set it again while fn runs */
        p->running = true;
        f->locked = false;
        live_unlock();
        n = p->fn(p->arg, LIVE_BURST);
        if (p->flush)
            p->flush(p->arg);
        live_lock();
        f->locked = true;
        p->running = false;
        figure_add(&v->stats.polls, 1);
        figure_add(&v->stats.polled, n);
        if (n >= LIVE_BURST || (n > 0 && p->fd_count == 0)) {
            p->due = true;
            then = POLL_ALL; /* the descriptors of the others are not looked at meanwhile */
        }
        next = p->next;
        if (!p->active)
            live_poller_unlink(v, p);
    }
    if (v->poll < then)
        v->poll = then;
}

void
live_dpc_main(void *arg)
{
    struct vp *vp = arg;
    struct live_vp *v = &live.vp[vp->number];
    struct fiber *self = fiber_self();

    for (;;) {
        struct mtimer *t;

        self->irql = vp->irql = IRQL_DISPATCH;
        kpcr_irql(self->irql);
        kpcr_time();
        do {
            __atomic_store_n(&vp->dpc_pending, 0, __ATOMIC_RELAXED);
            while ((t = sched_timer_due(live_now())) != NULL)
                t->fire(t);
            sched_dpc_drain(vp);
            figure_add(&v->stats.dpcs, 1);
        } while (vp->dpc_pending);
        if (v->poll)
            poll_round(v);
        self->irql = vp->irql = IRQL_PASSIVE;
        self->state = FIBER_BLOCKED;
        self->block_kind = BLOCK_IDLE;
        live_park();
        self->block_kind = BLOCK_NONE;
    }
}

/* ------------------------------------------------------------------ a VP's loop */

static struct fiber *
take(struct live_vp *v)
{
    struct list_node *n = list_pop_head(&v->queue);

    for (uint32_t i = 0; i < machine->vp_count && !n; i++) {
        struct list_node *other = list_first(&live.vp[i].queue);

        if (other && list_entry(other, struct fiber, run)->kind != FIBER_DPC &&
            may_run_on(list_entry(other, struct fiber, run), (uint32_t)(v - live.vp)))
            n = list_pop_head(&live.vp[i].queue);
    }
    return n ? list_entry(n, struct fiber, run) : NULL;
}

/* f runs here until it parks. */
static void
resume(struct live_vp *v, struct vp *vp, struct fiber *f)
{
    f->vp = (uint8_t)vp->number;
    f->placed = true;
    f->state = FIBER_READY;
    f->locked = true;
    vp->irql = f->irql;
    if (f->kind < FIBER_DPC)
        vp->current = f;
    figure_add(&v->stats.switches, 1);
    fiber_go(f); /* comes back through live_park() */
}

/* The VP serves what is above irql. */
static void
interrupt(struct live_vp *v, struct vp *vp, unsigned irql)
{
    v->over_irql = (uint8_t)irql;
    resume(v, vp, vp->isr_fiber);
    vp->isr_fiber->placed = false;
}

static void
run(struct live_vp *v, struct vp *vp, struct fiber *f)
{
    resume(v, vp, f);
    while (v->over == f) {
        v->over = NULL;
        interrupt(v, vp, f->irql);
        if (f->irql < IRQL_DISPATCH && vp->dpc_pending) {
            make_ready(f, true);
            return;
        }
        resume(v, vp, f);
    }
    if (f->state == FIBER_DONE)
        fiber_free(f);
}

/* Descriptors are readable: whose? */
static void
make_due(struct live_vp *v, const int *ready, int count)
{
    for (int i = 0; i < count; i++) {
        if (ready[i] == v->kick) {
            host_eventfd_clear(v->kick);
            v->poll = POLL_ALL;
        }
        for (struct live_poller *p = v->pollers; p; p = p->next)
            for (unsigned f = 0; f < p->fd_count; f++)
                if (p->fds[f] == ready[i])
                    p->due = true;
    }
    if (v->poll == POLL_NONE)
        v->poll = POLL_DUE;
}

/* Nothing to run: sleep until a kick, a descriptor or the next timer. Drops the lock meanwhile. */
static void
idle(struct live_vp *v)
{
    uint64_t due = sched_timer_next(), now = live_now(), before;
    int64_t timeout = due == UINT64_MAX ? -1 : due <= now ? 0 : (int64_t)(due - now) * 100;
    int ready[HOST_READY_MAX], count;

    v->asleep = true;
    live_unlock();
    before = host_now_ns();
    count = host_epoll_wait(v->epoll, timeout, ready);
    figure_add(&v->stats.sleep_ns, host_now_ns() - before);
    live_lock();
    v->asleep = false;
    figure_add(&v->stats.sleeps, 1);
    if (count > 0)
        make_due(v, ready, count);
}

static struct fiber *
plain_fiber(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg)
{
    return fiber_create(name, kind, entry, arg, true);
}

static struct fiber *(*call_fiber)(const char *, enum fiber_kind, void (*)(void *), void *) = plain_fiber;

void
machine_on_call(struct fiber *(*fn)(const char *, enum fiber_kind, void (*)(void *), void *))
{
    call_fiber = fn;
}

static void
take_call(void)
{
    unsigned i = live.call_first;
    struct fiber *f = call_fiber(live.call[i].name, live.call[i].kind, live.call[i].fn, live.call[i].arg);

    if (!f)
        return; /* later, when a fiber has ended */
    live.call_first = (i + 1) % LIVE_CALLS;
    live.call_count--;
}

void
live_loop(void *arg)
{
    struct vp *vp = arg;
    struct live_vp *v = &live.vp[vp->number];
    unsigned rounds = 0;

    live_thread_ready(v, vp->number);
    live_lock();
    while (!__atomic_load_n(&live.stopped, __ATOMIC_RELAXED)) {
        struct fiber *dpc = vp->dpc_fiber, *f;
        bool dpc_idle = dpc->state == FIBER_BLOCKED && dpc->block_kind == BLOCK_IDLE;

        let_others_in();
        if (vp_local()->interrupt > IRQL_PASSIVE)
            interrupt(v, vp, IRQL_PASSIVE);
        if (live.call_count > 0) {
            figure_add(&v->stats.calls, 1);
            take_call();
        }
        if (dpc_idle && (vp->dpc_pending || v->poll || sched_timer_next() <= live_now()))
            run(v, vp, dpc);
        f = take(v);
        if (f) {
            run(v, vp, f);
            if (++rounds % POLL_ROUNDS == 0)
                v->poll = POLL_ALL;
            continue;
        }
        if (vp->dpc_pending || v->poll || live.call_count > 0 || vp_local()->interrupt > IRQL_PASSIVE)
            continue;
        idle(v);
    }
    live_unlock();
    live_park_thread();
}
