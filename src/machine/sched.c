/* SPDX-License-Identifier: MIT */
/*
 * machine/sched.c - who runs: VPs, IRQL, DPCs, timers, scheduling points, the end of a run.
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
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include <string.h>

#include "base/fmt.h"
#include "trace/event.h"

#define STEPS_MAX   200000u /* scheduling points of one run; more is reported as a livelock */
#define SPINS_MAX   2000u   /* yields in a row with nobody else able to run */
#define FIRES_MAX   200u    /* timers in a row for which somebody waits in vain: it waits for ever */
#define QUIET_FIRES 3u      /* timers that still fire when everybody is done: a periodic one would never end a run */

static uint64_t runs;
static volatile bool stuck; /* the supervisor says that this run does not get on (SIGUSR1) */

struct strategy *sched_strategy;
struct run_result *sched_result;

/* Run state in monitor memory. */
static struct sched_state {
    struct list timers;   /* struct mtimer, by due time */
    uint32_t spins;       /* yields in a row that changed nothing */
    uint32_t overtaking;  /* timers that fired since a fiber that is no daemon ran */
    uint32_t idle_fires;  /* timers that fired one after the other because nobody else could run */
    uint32_t quiet_fires; /* of these, those after everybody was done */
    bool in_timer;
    bool in_quiet; /* the runner goes on because everybody is done: after all that happened, not after who ended last */
    uint32_t solid; /* points that are neither plain accesses nor rounds of a loop */
    uint32_t plain; /* plain accesses */
} * S;

static void (*dpc_drain)(struct vp *);
static struct fiber *(*on_quiet)(void *);
static void *on_quiet_arg;
static void (*bugcheck_hook)(uint32_t, const uint64_t[4]);

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
    static const char *const names[VP_MAX] = { "DPC/0", "DPC/1", "DPC/2", "DPC/3" };

    trace_set_context(event_context);
    S = mon_alloc(sizeof(*S));
    list_init(&S->timers);
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
    if (sched_current && sched_current->vp == vp->number && sched_current->irql < IRQL_DISPATCH && !S->in_timer &&
        sched_current->kind < FIBER_DPC)
        sched_point(OP_INTERNAL, 0);
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
        if (vp_free(&machine->vp[i]))
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

        if (!vp_free(vp))
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

void
sched_clock(uint64_t now)
{
    if (now > machine->now_100ns)
        machine->now_100ns = now;
    kpcr_time();
}

/* Let the earliest timer expire. */
static void
time_pass(void)
{
    struct mtimer *t = list_entry(S->timers.head.next, struct mtimer, link);

    list_del(&t->link);
    t->armed = false;
    sched_clock(t->due_100ns);
    trace_emit(EV_TIME, t, machine->now_100ns);
    if (!machine->setup)
        hb_time(t->due_100ns);
    S->in_timer = true;
    t->fire(t);
    S->in_timer = false;
    S->spins = 0;
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
    return machine->ready == 1ull << f->id && list_empty(&S->timers) && fiber_enabled(f);
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
    if (!list_empty(&S->timers) && (v->count == 0 || S->overtaking < SCHED_OVERTAKE_MAX))
        v->candidate[v->count++] = NULL;
    if (cur_ok && cur_last && v->count == 0)
        v->candidate[v->count++] = cur;
}

/*
 * Nobody can run. The runner may have more to do; else somebody who waits for ever is a hang. Returns false when
 * somebody is READY now, true when the run ended here and a later one chose the running fiber, which was blocked.
 */
static bool
waits_for_something(const struct fiber *f)
{
    return f->state == FIBER_BLOCKED && f->block_kind != BLOCK_IDLE && !f->daemon && !f->service;
}

/* Only timers could go on. Does anybody wait for what they might bring, or may some fire to show what they do? */
static bool
time_should_pass(void)
{
    for (uint32_t i = 1; i <= machine->fiber_count; i++)
        if (waits_for_something(&machine->fiber[i]))
            return S->idle_fires++ < FIRES_MAX;
    return !machine->setup && S->quiet_fires++ < QUIET_FIRES;
}

static bool
sched_end_of_run(void)
{
    if (!machine->setup && on_quiet) {
        bool more;

        S->in_quiet = true;
        more = on_quiet(on_quiet_arg);
        S->in_quiet = false;
        if (more)
            return false;
    }
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        struct fiber *f = &machine->fiber[i];

        if (waits_for_something(f) || (f->service && f->state == FIBER_BLOCKED && !machine->setup)) {
            char text[160];

            fmt(text, sizeof(text), "%s %s", f->name, f->block_why ? f->block_why : "waits for ever");
            run_end(RUN_HANG, text);
        }
    }
    if (sched_current->state == FIBER_DONE)
        run_end(RUN_DONE, "");
    sched_result->end = RUN_DONE;
    sched_result->fiber = sched_current->id;
    sched_result->text[0] = '\0';
    fiber_park_to_engine();
    sched_enter_fiber(sched_current);
    return true;
}

/* Choose who runs next and go there. The running fiber may be among them. */
static void
reschedule(bool cur_first, bool cur_last)
{
    struct fiber *cur = sched_current;
    bool blocked = cur && cur->state == FIBER_BLOCKED;

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
            if (sched_end_of_run())
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

            time_pass();
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
    if (f->kind < FIBER_DPC)
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
            reschedule(true, false);
        return;
    }
    hb_arrive(f, op, object, guest_caller());
    if (!alone(f) && (object == 0 || news || !hb_private(f, object) || !fiber_enabled(f)))
        reschedule(true, false);
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
    if (S->in_timer)
        hb_clock_touch(object);
    else
        hb_touch(sched_current, object);
}

void
sched_saw(uint64_t value)
{
    if (!machine->setup && !machine_live && sched_current && !S->in_timer)
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
    reschedule(false, false);
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
    if (S->in_quiet)
        hb_after_all(f);
    else if (S->in_timer)
        hb_after_clock(f);
    else if (sched_current)
        hb_join(f, sched_current);
    trace_emit(EV_WAKE, f->id, f->id);
}

bool
sched_alone(void)
{
    const struct fiber *f = sched_current;

    if (!list_empty(&S->timers) || !fiber_enabled(f))
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
    step(f);
    if (++S->spins > SPINS_MAX)
        run_end(RUN_LIVELOCK, "spins, and nobody else can run");
    if (!machine->setup)
        hb_arrive(f, OP_YIELD, 0, guest_caller());
    reschedule(false, true);
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
        reschedule(false, false);
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
    if (old < IRQL_DISPATCH || irql >= IRQL_DISPATCH || f->kind >= FIBER_DPC)
        return;
    if (machine_live)
        live_irql_lowered();
    else if (!fiber_enabled(f))
        reschedule(true, false); /* DPCs that waited run now */
}

void
mtimer_set(struct mtimer *t, uint64_t due, void (*fire)(struct mtimer *))
{
    struct list_node *at;

    if (t->armed)
        list_del(&t->link);
    t->due_100ns = due;
    t->fire = fire;
    if (!S->in_timer) { /* one that sets itself again stays where it is */
        t->vp = sched_current ? sched_current->vp : 0;
        if (sched_current && !machine->setup && !machine_live)
            hb_value(sched_current, due * VP_MAX + t->vp);
    }
    t->armed = true;
    for (at = S->timers.head.prev; at != &S->timers.head; at = at->prev)
        if (list_entry(at, struct mtimer, link)->due_100ns <= due)
            break;
    /* Of those due at once, who was set first expires first. */
    if (at != &S->timers.head && list_entry(at, struct mtimer, link)->due_100ns == due && sched_current &&
        !machine->setup && !S->in_timer && !machine_live)
        hb_value(sched_current, list_entry(at, struct mtimer, link)->set_hb);
    t->set_hb = S->in_timer ? hb_clock() : sched_current ? sched_current->hb : 0;
    list_insert_before(at->next, &t->link);
}

bool
mtimer_cancel(struct mtimer *t)
{
    bool was = t->armed;

    if (was)
        list_del(&t->link);
    t->armed = false;
    return was;
}

bool
sched_in_timer(void)
{
    return S->in_timer;
}

unsigned
choose(enum choice_kind kind, unsigned n, uint64_t key)
{
    unsigned v = 0;

    if (n > 1 && !machine->setup && !machine_live && sched_strategy->choose)
        v = sched_strategy->choose(sched_strategy, kind, n, key);
    MACHINE_ASSERT(v < n);
    if (v) {
        machine->faults += kind == CHOICE_FAULT;
        hb_choice(sched_current, kind, key, v);
        trace_emit(EV_CHOICE, key, kind, n, v);
    }
    return v;
}

uint64_t
machine_now(void)
{
    if (machine_live)
        return live_now();
    sched_saw(machine->now_100ns);
    return machine->now_100ns;
}

struct mtimer *
sched_timer_due(uint64_t now)
{
    struct mtimer *t = list_empty(&S->timers) ? NULL : list_entry(S->timers.head.next, struct mtimer, link);

    if (!t || t->due_100ns > now)
        return NULL;
    list_del(&t->link);
    t->armed = false;
    return t;
}

uint64_t
sched_timer_next(void)
{
    return list_empty(&S->timers) ? UINT64_MAX : list_entry(S->timers.head.next, struct mtimer, link)->due_100ns;
}

void
sched_dpc_drain(struct vp *vp)
{
    dpc_drain(vp);
}

/* ------------------------------------------------------------------ runs */

void
machine_run(struct strategy *s, struct run_result *out)
{
    struct fiber *first = NULL;

    ddi_seal();
    if (machine_live) {
        live_run(out);
        return;
    }
    memset(out, 0, sizeof(*out));
    runs++;
    race_begin_run();
    sched_strategy = s;
    sched_result = out;
    trap_begin_run();
    hb_begin_run();
    kpcr_time(); /* no part of what a restore puts back */
    for (uint32_t i = 1; i <= machine->fiber_count && !first; i++)
        if (fiber_enabled(&machine->fiber[i]))
            first = &machine->fiber[i];
    if (!first && on_quiet)
        first = on_quiet(on_quiet_arg);
    if (!first) {
        out->end = RUN_DONE;
        return;
    }
    if (!machine->setup && s->pick) {
        struct sched_view v;

        collect(&v, NULL, false, false);
        if (v.count > 1) {
            first = v.candidate[s->pick(s, &v)];
            if (!first)
                first = v.candidate[0];
        }
    }
    place(first);
    fiber_go(first); /* comes back through fiber_to_engine() */
    out->points = machine->step;
    out->preemptions = machine->preemptions;
    out->hb_lo = hb.lo;
    out->hb_hi = hb.hi;
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

void
strategy_quiet(void)
{
    if (sched_strategy->quiet)
        sched_strategy->quiet(sched_strategy);
}

void
machine_on_quiet(struct fiber *(*fn)(void *), void *arg)
{
    on_quiet = fn;
    on_quiet_arg = arg;
}

void
run_end(enum run_end how, const char *text)
{
    if (machine_live)
        live_claim_end();
    sched_result->end = how;
    sched_result->fiber = sched_current ? sched_current->id : 0;
    fmt(sched_result->text, sizeof(sched_result->text), "%s", text);
    if (machine_live)
        live_end();
    if (!sched_current) { /* a strategy cut the very first pick */
        MACHINE_ASSERT(how == RUN_CUT);
    }
    fiber_to_engine();
}

void
run_cut(void)
{
    run_end(RUN_CUT, "");
}

void
machine_on_bugcheck(void (*fn)(uint32_t, const uint64_t[4]))
{
    bugcheck_hook = fn;
}

void
machine_bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4)
{
    uint64_t p[4] = { p1, p2, p3, p4 };

    if (machine_live)
        live_claim_end();
    trace_emit(EV_BUGCHECK, 0, code, p1, p2, p3, p4);
    sched_result->code = code;
    memcpy(sched_result->p, p, sizeof(p));
    if (bugcheck_hook)
        bugcheck_hook(code, p);
    run_end(RUN_BUGCHECK, "");
}

void
machine_hang(const char *text)
{
    run_end(RUN_HANG, text);
}

void
machine_unsupported(uint32_t index, const char *what)
{
    if (machine_live)
        live_claim_end();
    trace_emit(EV_UNSUPPORTED, 0, index);
    sched_result->export_index = index;
    run_end(RUN_UNSUPPORTED, what);
}
