/* SPDX-License-Identifier: MIT */
/*
 * machine/live.c - a live machine's threads: start, stop, calls from outside, pollers.
 *
 * Model. The runner's thread and helpers are outside the VPs. They meet the machine only under its lock: the runner
 * holds it from live_enter() to live_leave(), a helper for the moment in which it posts a call. When the machine stops
 * (a bugcheck, or live_fini()) every VP parks where it is, with the registers of the driver it was in, so memory and
 * stacks can be read at leisure.
 */
#include "machine/live_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "base/fmt.h"
#include "base/tsan.h"
#include "host/host.h"
#include "host/thread.h"
#include "trace/event.h"

#define SIG_TICK SIGVTALRM
#define SIG_STOP SIGPROF

struct live live;
bool machine_live;

bool
live_on(void)
{
    return machine_live;
}

uint64_t
live_now(void)
{
    return (host_now_ns() - live.boot_ns) / 100;
}

/* ------------------------------------------------------------------ start and stop */

/* Every 10 ms of a VP's work: the clock that drivers read, and its turn for whoever waits. */
TSAN_SKIP static void
on_tick(int sig, siginfo_t *si, void *context)
{
    (void)sig;
    (void)si;
    vp_local()->attention = 1;
    live.vp[vp_local()->number].stats.ticks++;
#ifdef WITH_TSAN
    if (!trap_in_driver(context))
        return; /* perhaps in TSan itself, which cannot be entered twice */
#endif
    kpcr_time();
    trap_tick(context);
}

/* An interrupt for this VP (live_irq.c). */
TSAN_SKIP static void
on_interrupt(int sig, siginfo_t *si, void *context)
{
    (void)sig;
    (void)si;
    trap_tick(context);
}

TSAN_SKIP static void
on_stop(int sig, siginfo_t *si, void *context)
{
    struct live_vp *v = &live.vp[vp_local()->number];

    (void)sig;
    (void)si;
    v->was_in_driver = trap_context(&v->stopped, context);
    live_park_thread();
}

void
live_park_thread(void)
{
    struct live_vp *v = &live.vp[vp_local()->number];

    __atomic_store_n(&v->is_stopped, 1, __ATOMIC_RELEASE);
    host_futex_wake(&v->is_stopped, 8);
    for (;;)
        host_futex_wait(&v->is_stopped, 1, -1);
}

void
live_thread_ready(struct live_vp *v, uint32_t number)
{
    kpcr_attach(number);
    v->tsan = tsan_self();
    __atomic_store_n(&v->tid, host_thread_id(), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&live.stopped, __ATOMIC_SEQ_CST))
        live_park_thread(); /* the machine stopped before it knew of this thread; who stopped it keeps the lock */
    v->tick = host_tick_make(SIG_TICK);
    MACHINE_ASSERT(v->tick >= 0);
    host_tick_set(v->tick, LIVE_TICK_NS);
}

int
live_init(unsigned vps, char text[160])
{
    int err;

    if (vps < 1 || vps > VP_MAX) {
        fmt(text, 160, "a machine has 1 to %u processors, not %u", VP_MAX, vps);
        return -EINVAL;
    }
    machine_live = true;
    sched_result = &live.result;
    live.boot_ns = host_now_ns();
    for (unsigned i = 0; i < vps; i++)
        list_init(&live.vp[i].queue);
    live_heap_init();
    err = machine_init(vps, text);
    if (err)
        return err;
    machine->setup = false;
    machine->boot_time_100ns = host_system_time_100ns();
    kpcr_time();
    return 0;
}

int
live_start(char text[160])
{
    int err = 0;

    trap_init();
    if (host_on_signal(SIG_TICK, on_tick) || host_on_signal(SIG_STOP, on_stop) ||
        host_on_signal(LIVE_SIG_INTERRUPT, on_interrupt))
        err = -EINVAL;
    for (unsigned i = 0; i < machine->vp_count && !err; i++) {
        live.vp[i].epoll = host_epoll();
        live.vp[i].kick = host_eventfd();
        if (live.vp[i].epoll < 0 || live.vp[i].kick < 0)
            err = live.vp[i].epoll < 0 ? live.vp[i].epoll : live.vp[i].kick;
        else
            err = host_epoll_add(live.vp[i].epoll, live.vp[i].kick);
    }
    kpcr_attach(VP_MAX);
    live_lock();
    for (unsigned i = 0; i < machine->vp_count && !err; i++)
        err = host_thread(live_loop, &machine->vp[i]);
    if (err) {
        fmt(text, 160, "the processors could not be started (error %d)", -err);
        live_unlock();
    }
    live.started = !err;
    return err;
}

/* From outside the VPs; false: the machine stopped, and who held the lock then holds it for ever. */
static bool
lock_outside(void)
{
    uint32_t free = 0;

    if (__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE))
        return false;
    if (__atomic_compare_exchange_n(&live.lock, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return true;
    /* Who has slept takes it as 2: the wake that came to us may have been the only one, and others sleep. */
    while (!__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE)) {
        if (__atomic_exchange_n(&live.lock, 2, __ATOMIC_ACQUIRE) == 0) {
            __atomic_store_n(&live.slept, live.slept + 1, __ATOMIC_RELAXED);
            return true;
        }
        host_futex_wait(&live.lock, 2, 50000000);
    }
    return false;
}

void
live_enter(void)
{
    lock_outside();
}

void
live_leave(void)
{
    if (!__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE))
        live_unlock();
}

static void
stop_others(void)
{
    int self = host_thread_id();

    for (unsigned i = 0; i < machine->vp_count; i++) {
        int tid = __atomic_load_n(&live.vp[i].tid, __ATOMIC_SEQ_CST);

        if (tid != 0 && tid != self && !__atomic_load_n(&live.vp[i].is_stopped, __ATOMIC_ACQUIRE))
            host_thread_signal(tid, SIG_STOP);
    }
}

void
live_claim_end(void)
{
    uint32_t me = vp_local()->number + 1, was = 0;

    if (!__atomic_compare_exchange_n(&live.ender, &was, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) && was != me)
        live_park_thread();
}

void
live_end(void)
{
    __atomic_store_n(&live.stopped, 1, __ATOMIC_SEQ_CST);
    stop_others();
    live_changed();
    live_park_thread();
}

static void
wait_stopped(void)
{
    for (unsigned i = 0; i < machine->vp_count; i++)
        while (live.started && !__atomic_load_n(&live.vp[i].is_stopped, __ATOMIC_ACQUIRE))
            host_futex_wait(&live.vp[i].is_stopped, 0, 100000000);
}

const struct trap *
live_stopped_at(const struct fiber *f)
{
    const struct live_vp *v = &live.vp[f->vp];

    return machine_live && f->placed && v->was_in_driver ? &v->stopped : NULL;
}

void
live_fini(void)
{
    uint32_t was = 0;

    if (__atomic_compare_exchange_n(&live.ender, &was, VP_MAX + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        __atomic_store_n(&live.stopped, 1, __ATOMIC_SEQ_CST);
        stop_others();
    }
    wait_stopped();
}

void
live_changed(void)
{
    __atomic_add_fetch(&live.change, 1, __ATOMIC_RELEASE);
    host_futex_wake(&live.change, 8);
}

void
live_stop(void)
{
    __atomic_store_n(&live.stop_asked, true, __ATOMIC_RELEASE);
    live_changed();
}

void
live_poke(void)
{
    __atomic_store_n(&live.poked, true, __ATOMIC_RELEASE);
    live_changed();
}

bool
live_wait(struct run_result *out, int timeout_ms)
{
    uint64_t end = host_now_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000u;

    memset(out, 0, sizeof(*out));
    for (;;) {
        uint32_t seen = __atomic_load_n(&live.change, __ATOMIC_ACQUIRE);
        int64_t left = timeout_ms < 0 ? -1 : (int64_t)(end - host_now_ns());

        if (__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE)) {
            wait_stopped();
            *out = live.result;
            return true;
        }
        if (__atomic_exchange_n(&live.stop_asked, false, __ATOMIC_ACQ_REL)) {
            out->end = RUN_DONE;
            return true;
        }
        if (__atomic_exchange_n(&live.poked, false, __ATOMIC_ACQ_REL) || (timeout_ms >= 0 && left <= 0))
            return false;
        host_futex_wait(&live.change, seen, left);
    }
}

static bool
all_done(void)
{
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        const struct fiber *f = &machine->fiber[i];

        if (f->awaited && f->state != FIBER_FREE && f->state != FIBER_DONE &&
            !(f->state == FIBER_BLOCKED && f->block_kind == BLOCK_IDLE))
            return false;
    }
    return true;
}

void
live_run(struct run_result *out)
{
    memset(out, 0, sizeof(*out));
    for (;;) {
        uint32_t seen = __atomic_load_n(&live.change, __ATOMIC_ACQUIRE);

        if (__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE)) {
            wait_stopped();
            *out = live.result;
            return;
        }
        if (all_done()) {
            out->end = RUN_DONE;
            return;
        }
        live_unlock();
        host_futex_wait(&live.change, seen, -1);
        live_enter();
    }
}

/* ------------------------------------------------------------------ calls from outside */

struct waited {
    void (*fn)(void *);
    void *arg;
    uint32_t done; /* futex */
};

static void
waited_main(void *arg)
{
    struct waited *w = arg;

    w->fn(w->arg);
    __atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
    host_futex_wake(&w->done, 1);
}

int
live_call(const char *name, enum fiber_kind kind, void (*fn)(void *), void *arg)
{
    bool outside = host_gs() == 0 || vp_local()->number == VP_MAX, was = true;
    unsigned at;
    int err = 0;

    if (__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE))
        return -ESHUTDOWN;
    if (!outside)
        was = machine_lock();
    else if (!lock_outside())
        return -ESHUTDOWN;
    if (live.call_count == LIVE_CALLS) {
        err = -EAGAIN;
    } else {
        at = (live.call_first + live.call_count++) % LIVE_CALLS;
        fmt(live.call[at].name, sizeof(live.call[at].name), "%s", name);
        live.call[at].kind = (uint8_t)kind;
        live.call[at].fn = fn;
        live.call[at].arg = arg;
        live_kick_any();
    }
    if (outside)
        live_unlock();
    else
        machine_unlock(was);
    return err;
}

int
live_call_wait(const char *name, enum fiber_kind kind, void (*fn)(void *), void *arg)
{
    struct waited *w = host_alloc(sizeof(*w));
    int err;

    if (!w)
        return -ENOMEM;
    *w = (struct waited){ fn, arg, 0 };
    err = live_call(name, kind, waited_main, w);
    while (!err && !__atomic_load_n(&w->done, __ATOMIC_ACQUIRE)) {
        host_futex_wait(&w->done, 0, 100000000);
        if (__atomic_load_n(&live.stopped, __ATOMIC_ACQUIRE))
            return -ESHUTDOWN; /* w stays: the fiber may be about to write it */
    }
    host_free(w);
    return err;
}

void
live_notify(int eventfd)
{
    host_eventfd_add(eventfd);
}

/* ------------------------------------------------------------------ pollers */

int
live_poller_add(struct live_poller *p)
{
    struct live_vp *v;
    struct live_poller **end;
    int err = 0;
    unsigned i;

    if (!machine_live)
        return 0;
    p->vp %= (uint8_t)machine->vp_count;
    v = &live.vp[p->vp];
    for (i = 0; i < p->fd_count && !err; i++)
        err = host_epoll_add(v->epoll, p->fds[i]);
    if (err) {
        while (--i > 0)
            host_epoll_del(v->epoll, p->fds[i - 1]);
        return err;
    }
    p->active = true;
    p->running = false;
    p->next = NULL;
    for (end = &v->pollers; *end; end = &(*end)->next)
        ;
    *end = p;
    v->poll = POLL_ALL;
    live_kick(v);
    return 0;
}

void
live_poller_unlink(struct live_vp *v, struct live_poller *p)
{
    struct live_poller **at = &v->pollers;

    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
}

void
live_poller_remove(struct live_poller *p)
{
    struct live_vp *v = &live.vp[p->vp];
    struct fiber *f = sched_current;

    if (!machine_live || !p->active)
        return;
    p->active = false;
    for (unsigned i = 0; i < p->fd_count; i++)
        host_epoll_del(v->epoll, p->fds[i]);
    if (!p->running) {
        live_poller_unlink(v, p);
        return;
    }
    if (f && f->kind == FIBER_DPC && f->vp == p->vp)
        return;          /* in fn itself: the round unlinks it */
    while (p->running) { /* on another VP, until its round is over */
        if (f) {
            sched_give_way();
        } else {
            live_unlock();
            host_yield();
            live_lock();
        }
    }
    live_poller_unlink(v, p);
}

void
live_poller_due(struct live_poller *p)
{
    struct live_vp *v = &live.vp[p->vp];

    if (!machine_live || !p->active)
        return;
    p->due = true;
    if (v->poll == POLL_NONE)
        v->poll = POLL_DUE;
    live_kick(v);
}

void
live_poller_kick(struct live_poller *p)
{
    struct live_vp *v = &live.vp[p->vp];

    if (!machine_live)
        return;
    host_eventfd_add(v->kick);
    live_want(p->vp);
}

void
live_stats(unsigned vp, struct live_vp_stats *out)
{
    figures_read(out, &live.vp[vp % VP_MAX].stats, sizeof(*out));
}
