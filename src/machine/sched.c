/* SPDX-License-Identifier: MIT */
/*
 * machine/sched.c - who runs: scheduling points, blocking, and who may go on where.
 *
 * Model. A thread fiber is *placed* on a VP while it is that VP's current thread.
 * What can run:
 *   - a placed thread at DISPATCH or above owns its VP: it can go on, nothing else there can;
 *   - a thread below DISPATCH can run on any VP that is neither owned so nor has DPCs waiting or running;
 *   - the DPC fiber of a VP can run when DPCs wait there and no thread owns the VP;
 *   - the ISR fiber of a VP can enter over all of these when an interrupt waits that is above the VP's IRQL (irq.c);
 *     while it is in service nothing else of that VP can run.
 * So a fiber that queues a DPC to its own VP below DISPATCH cannot go on before
 * that DPC has run, as on Windows.
 *
 * sched_point() asks the strategy among everybody who can run, the running fiber
 * first (answer 0). Time passes only when a timer is chosen: "let time pass" is
 * the last candidate, so under answer 0 only when nobody else can run.
 * Start reading at: sched_point(). DPCs and IRQL are vp.c, timers clock.c, how a run begins and ends run.c.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include "base/fmt.h"
#include "trace/event.h"

#define STEPS_MAX   200000u /* scheduling points of one run; more is reported as a livelock */
#define SPINS_MAX   2000u   /* yields in a row with nobody else able to run */
#define FIRES_MAX   200u    /* timers in a row for which somebody waits in vain: it waits for ever */
#define SERVICE_FIRES 2000u /* the same, where drivers' own threads count: those that wait again and again never end */
#define QUIET_FIRES 3u      /* timers that still fire when everybody is done: a periodic one would never end a run */

static uint64_t runs;
static volatile bool stuck; /* the supervisor says that this run does not get on (SIGUSR1) */

/* Run state in monitor memory. */
static struct sched_state {
    uint32_t spins;       /* yields in a row that changed nothing */
    uint32_t overtaking;  /* timers that fired since a fiber that is no daemon ran */
    uint32_t idle_fires;  /* timers that fired one after the other because nobody else could run */
    uint32_t quiet_fires; /* of these, those after everybody was done */
    uint32_t solid;       /* points that are neither plain accesses nor rounds of a loop, and givings way */
    uint32_t plain;       /* plain accesses */
} * S;

static void
event_context(struct event *ev)
{
    const struct fiber *f = sched_current;

    ev->step = machine->step;
    if (f) {
        ev->fiber = f->id;
        ev->vp = f->vp;
        ev->irql = f->irql;
        ev->ip = guest_caller();
    }
}

void
sched_init(void)
{
    trace_set_context(event_context);
    S = mon_alloc(sizeof(*S));
}

/* DPCs wait or run on the VP (one that spins on a lock still holds it). */
static bool
dpc_busy(const struct vp *vp)
{
    return vp->dpc_fiber->state == FIBER_READY || vp->dpc_fiber->block_kind != BLOCK_IDLE;
}

/* The VP is inside an interrupt (a service routine that spins on a lock still holds it). */
static bool
in_service(const struct vp *vp)
{
    return vp->isr_fiber && vp->isr_fiber->irql >= IRQL_DISPATCH;
}

/* Can a thread below DISPATCH run there? Not while a thread owns the VP or DPCs hold it. */
static bool
vp_free(const struct vp *vp)
{
    if (dpc_busy(vp) || in_service(vp))
        return false;
    return !(vp->current && vp->current->irql >= IRQL_DISPATCH);
}

static bool
may_run_on(const struct fiber *f, uint32_t vp)
{
    return f->affinity == 0 || (f->affinity >> vp & 1);
}

static bool
thread_enabled(const struct fiber *f)
{
    if (f->placed) {
        const struct vp *vp = &machine->vp[f->vp];

        if (in_service(vp))
            return false;
        if (f->irql >= IRQL_DISPATCH)
            return true; /* it owns the VP; DPCs wait */
        return !dpc_busy(vp);
    }
    for (uint32_t i = 0; i < machine->vp_count; i++)
        if (may_run_on(f, i) && vp_free(&machine->vp[i]))
            return true;
    return false;
}

static bool
fiber_enabled(const struct fiber *f)
{
    if (f->state != FIBER_READY)
        return false;
    if (f->kind == FIBER_ISR)
        return f->irql >= IRQL_DISPATCH || irq_can_enter(&machine->vp[f->vp]);
    if (f->kind == FIBER_DPC) {
        const struct vp *vp = &machine->vp[f->vp];

        if (in_service(vp))
            return false;
        return f->irql >= IRQL_DISPATCH || !(vp->current && vp->current->irql >= IRQL_DISPATCH);
    }
    return thread_enabled(f);
}

/* Put a thread on a VP: its own, else an idle one, else one whose thread may be displaced. */
static void
place(struct fiber *f)
{
    struct vp *best = NULL;

    if (f->kind >= FIBER_DPC || f->placed)
        return;
    for (uint32_t i = 0; i < machine->vp_count; i++) {
        struct vp *vp = &machine->vp[i];

        if (!may_run_on(f, i) || !vp_free(vp))
            continue;
        if (!vp->current) {
            best = vp;
            break;
        }
        if (!best)
            best = vp;
    }
    MACHINE_ASSERT(best != NULL);
    if (best->current)
        best->current->placed = false;
    best->current = f;
    f->placed = true;
    f->vp = (uint8_t)best->number;
}

static void
unplace(struct fiber *f)
{
    if (f->placed) {
        machine->vp[f->vp].current = NULL;
        f->placed = false;
    }
}

static void
switch_to(struct fiber *to)
{
    struct fiber *from = sched_current;

    if (to == from) {
        if (to->kind < FIBER_DPC && !to->placed) { /* it left its VP and comes back, perhaps elsewhere */
            place(to);
            kpcr_load(to);
        }
        machine->vp[to->vp].irql = to->irql;
        return;
    }
    trace_emit(EV_SWITCH, to->id, from ? from->id : 0, to->id, machine->preemptions);
    place(to);
    machine->vp[to->vp].irql = to->irql;
    fiber_go(to);
    sched_enter_fiber(sched_current);
}

void
sched_enter_fiber(struct fiber *f)
{
    kpcr_irql(f->irql);
}

uint64_t
sched_where(void)
{
    uint64_t where = S->overtaking + S->quiet_fires * 8 + (uint64_t)S->idle_fires * 64;

    for (uint32_t i = 0; i < machine->vp_count; i++)
        where = where * 67 + (machine->vp[i].current ? machine->vp[i].current->id : 0);
    return where;
}

/* Nobody but f can run, and no timer can go first: there is no choice. */
static bool
alone(const struct fiber *f)
{
    return machine->ready == 1ull << f->id && list_empty(&machine->timers) && fiber_enabled(f);
}

/* Everybody who can run into v, the dullest first. cur_rank: where the running fiber stands. */
static void
collect(struct sched_view *v, struct fiber *cur, bool cur_first, bool cur_last)
{
    bool cur_ok = cur && fiber_enabled(cur);

    v->current = cur;
    v->count = 0;
    v->current_enabled = false;
    if (cur_ok && cur_first) {
        v->candidate[v->count++] = cur;
        v->current_enabled = true;
    }
    for (uint64_t ready = machine->ready; ready; ready &= ready - 1) {
        struct fiber *f = &machine->fiber[__builtin_ctzll(ready)];

        if (f != cur && fiber_enabled(f))
            v->candidate[v->count++] = f;
    }
    if (!list_empty(&machine->timers) && (v->count == 0 || S->overtaking < SCHED_OVERTAKE_MAX))
        v->candidate[v->count++] = NULL;
    if (cur_ok && cur_last && v->count == 0)
        v->candidate[v->count++] = cur;
}

struct fiber *
sched_waiting(bool services)
{
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        struct fiber *f = &machine->fiber[i];

        if (f->state == FIBER_BLOCKED && f->block_kind != BLOCK_IDLE && !f->daemon && (services || !f->service))
            return f;
    }
    return NULL;
}

/*
 * Is it time for what drivers' own threads wait for? While drivers start, and when all is over: then they may end.
 * In between they would keep every run from its end.
 */
static bool
services_count(void)
{
    return machine->setup || machine->ending;
}

/* Only timers could go on. Does anybody wait for what they might bring, or may some fire to show what they do? */
static bool
time_should_pass(void)
{
    if (sched_waiting(services_count()))
        return S->idle_fires++ < (services_count() ? SERVICE_FIRES : FIRES_MAX);
    return !machine->setup && S->quiet_fires++ < QUIET_FIRES;
}

/*
 * Choose who runs next and go there. The running fiber may be among them; it stands at op on object now, whether that
 * is a point or not, and other fibers find it there.
 */
static void
reschedule(enum op_kind op, uint64_t object, bool cur_first, bool cur_last)
{
    struct fiber *cur = sched_current;
    bool blocked = cur && cur->state == FIBER_BLOCKED;

    if (!machine->setup)
        hb_arrive(cur, op, object, guest_caller());
    for (;;) {
        struct sched_view v;
        unsigned pick = 0;
        struct fiber *to;
        bool preempt;

        collect(&v, blocked ? NULL : cur, cur_first, cur_last); /* a timer may wake who blocked: then as any other */
        v.current = cur;
        if (v.count == 1 && v.candidate[0] == NULL && !time_should_pass())
            v.count = 0;
        if (v.count == 0) {
            if (run_over())
                return;
            continue;
        }
        if (v.count > 1 && !machine->setup)
            pick = sched_strategy->pick(sched_strategy, &v);
        MACHINE_ASSERT(pick < v.count);
        to = v.candidate[pick];
        preempt = v.current_enabled && pick > 0;
        if (preempt)
            machine->preemptions++;
        if (to == NULL) {
            uint64_t was_ready = machine->ready;

            clock_expire();
            S->spins = 0;
            S->overtaking++;
            if (!preempt)
                continue; /* free: choose again among all */
            /* It entered over a running fiber: whoever it woke runs now, as part of the same preemption. */
            for (uint64_t woken = machine->ready & ~was_ready; woken && !to; woken &= woken - 1)
                if (fiber_enabled(&machine->fiber[__builtin_ctzll(woken)]))
                    to = &machine->fiber[__builtin_ctzll(woken)];
            if (!to)
                continue;
        }
        switch_to(to);
        return;
    }
}

/* true: a device took what f wrote to it, so others may find the world changed here. */
static bool
step(struct fiber *f)
{
    bool news = machine->irq && mdevice_poll();

    f->points++;
    if (f->kind < FIBER_DPC && !(f->service && services_count()))
        S->idle_fires = 0;
    if (!f->daemon && !f->service)
        S->overtaking = 0;
    if (stuck) {
        stuck = false;
        run_end(RUN_LIVELOCK, "one run takes for ever");
    }
    if (++machine->step - S->plain > STEPS_MAX)
        run_end(RUN_LIVELOCK, "the run passed its limit of scheduling steps");
    return news;
}

void
sched_point(enum op_kind op, uint64_t object)
{
    struct fiber *f = sched_current;
    bool news;

    if (machine_live)
        return;
    f->next_op = op;
    f->next_object = object;
    if (op == OP_PLAIN) {
        S->plain++;
    } else if (op != OP_SPIN) {
        f->solid++;
        S->solid++;
        S->spins = 0;
    }
    news = step(f);
    if (machine->setup) {
        if (!fiber_enabled(f))
            reschedule(op, object, true, false);
        return;
    }
    if (!alone(f) && (object == 0 || news || !hb_private(f, object) || !fiber_enabled(f)))
        reschedule(op, object, true, false);
    if (object)
        hb_touch(f, object);
    if (race_active && op != OP_PLAIN && op != OP_LOCKED && op != OP_SPIN)
        race_call(f);
}

void
sched_touch(uint64_t object)
{
    if (machine->setup || !object || machine_live || !sched_current)
        return;
    if (machine->in_timer)
        hb_clock_touch(object);
    else
        hb_touch(sched_current, object);
}

void
sched_saw(uint64_t value)
{
    if (!machine->setup && !machine_live && sched_current && !machine->in_timer)
        hb_value(sched_current, value);
}

void
sched_block(enum block_kind kind, uint64_t object, struct fiber *owner, const char *why)
{
    struct fiber *f = sched_current;

    if (machine_live) {
        live_block(kind, object, owner, why);
        return;
    }
    f->state = FIBER_BLOCKED;
    machine->ready &= ~(1ull << f->id);
    f->block_kind = (uint8_t)kind;
    f->block_object = object;
    f->block_owner = owner;
    f->block_why = why;
    trace_emit(EV_BLOCK, object, kind);
    if (f->irql < IRQL_DISPATCH)
        unplace(f); /* a spinning thread keeps its VP */
    step(f);
    reschedule(OP_BLOCK, object, false, false);
    if (race_active)
        race_waited(f, object);
    f->block_kind = BLOCK_NONE;
    f->block_owner = NULL;
    f->block_why = NULL;
}

void
sched_wake(struct fiber *f)
{
    if (machine_live) {
        live_wake(f);
        return;
    }
    if (f->state != FIBER_BLOCKED)
        return;
    f->state = FIBER_READY;
    machine->ready |= 1ull << f->id;
    S->spins = 0;
    if (machine->in_quiet)
        hb_after_all(f);
    else if (machine->in_timer)
        hb_after_clock(f);
    else if (sched_current)
        hb_join(f, sched_current);
    trace_emit(EV_WAKE, f->id, f->id);
}

bool
sched_alone(void)
{
    const struct fiber *f = sched_current;

    if (!list_empty(&machine->timers) || !fiber_enabled(f))
        return false;
    for (uint64_t ready = machine->ready & ~(1ull << f->id); ready; ready &= ready - 1)
        if (fiber_enabled(&machine->fiber[__builtin_ctzll(ready)]))
            return false;
    return true;
}

void
sched_give_way(void)
{
    struct fiber *f = sched_current;

    if (machine_live) {
        live_give_way();
        return;
    }
    f->next_op = OP_YIELD;
    f->next_object = 0;
    S->solid++; /* a loop that stalls ends by counting, however slow this build is */
    step(f);
    if (++S->spins > SPINS_MAX)
        run_end(RUN_LIVELOCK, "spins, and nobody else can run");
    reschedule(OP_YIELD, 0, false, true);
}

void
fiber_exit(void)
{
    struct fiber *f = sched_current;

    if (machine_live)
        live_fiber_exit();
    f->state = FIBER_DONE;
    machine->ready &= ~(1ull << f->id);
    trace_emit(EV_FIBER_EXIT, f->id, 0);
    f->irql = IRQL_PASSIVE;
    unplace(f);
    for (;;)
        reschedule(OP_ENDED, 0, false, false);
}

struct fiber *
sched_begin(struct strategy *strategy, struct fiber *(*otherwise)(void))
{
    struct fiber *first = NULL;

    machine->ending = false;
    runs++;
    for (uint32_t i = 1; i <= machine->fiber_count && !first; i++)
        if (fiber_enabled(&machine->fiber[i]))
            first = &machine->fiber[i];
    if (!first)
        first = otherwise();
    if (first && !machine->setup && strategy->pick) {
        struct sched_view v;

        collect(&v, NULL, false, false);
        if (v.count > 1 && (first = v.candidate[strategy->pick(strategy, &v)]) == NULL)
            first = v.candidate[0];
    }
    if (first)
        place(first);
    return first;
}

void
sched_go_on(void)
{
    runs++;
}

void
sched_reconsider(void)
{
    struct fiber *f = sched_current;

    if (!may_run_on(f, f->vp))
        unplace(f);
    if (!f->placed || !fiber_enabled(f))
        reschedule(OP_OUSTED, 0, true, false);
}

void
sched_affinity(uint8_t vps)
{
    struct fiber *f = fiber_self();

    if (f->kind >= FIBER_DPC)
        return;
    f->affinity = vps;
    if (may_run_on(f, f->vp) || f->irql >= IRQL_DISPATCH)
        return;
    if (machine_live)
        live_give_way();
    else
        sched_reconsider();
}

uint64_t
sched_progress(void)
{
    return runs << 32 ^ S->solid;
}

void
sched_stuck(void)
{
    stuck = true;
}
