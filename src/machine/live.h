/* SPDX-License-Identifier: MIT */
/*
 * machine/live.h - the machine as a computer that runs: one OS thread per VP, the real clock, wires.
 *
 * Model. The same fibers, stacks and crossings as in machine.h, with another back end under sched_block(),
 * sched_wake(), irql_lower() and mtimer_set(): each VP is an OS thread with its own queue of fibers that can run and a
 * loop on its own stack. The loop runs DPCs, expires timers by the real clock, polls the VP's pollers, runs fibers,
 * and sleeps when there is nothing to do.
 *
 * The machine lock gives host code the atomicity that it has under exploration: it is held from a DDI's entry to the
 * next call of a driver, sched_block() or the return, and by the loop while it looks at queues. Exports with the FREE
 * flag (ddi.h) run without it; they take it with machine_lock() where they meet what it guards.
 *
 * Threads. VPs are made by live_start(). The thread that called live_init() (the runner) and any helper thread are
 * outside: they never run driver code. What they want done is done by a fiber (live_call()), or by the runner
 * itself between live_enter() and live_leave(), where it is what the engine is under exploration: sched_current is
 * NULL, no other host code runs, machine_init()-time work such as image_load() is legal, and machine_run() lets the
 * VPs work until every fiber that the runner made, and that is no daemon, has ended or is BLOCK_IDLE.
 *
 *     live_init(2, text);                   in place of machine_init()
 *     ... image_init(), nt_init(), ndis_init() as under exploration ...
 *     live_start(text);                     from here on VPs run; the runner is inside live_enter()
 *     fiber_create("PnP", FIBER_SYSTEM, bring_up, NULL, false);
 *     machine_run(NULL, &result); until bring_up() has returned
 *     live_leave();
 *     live_wait(&result, -1);               until live_stop() or a bugcheck
 *     live_enter();  ... take down the same way ...  live_fini();
 */
#ifndef MACHINE_LIVE_H
#define MACHINE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "machine/strategy.h"

/* ------------------------------------------------------------------ the runner */

/*
 * live_init - machine_init() for live mode; vps in 1..VP_MAX. 0 or -errno with one sentence in text. Once a process.
 */
int live_init(unsigned vps, char text[160]);

/*
 * live_start - start the VPs. The caller becomes the runner and is inside live_enter() on return. Host interfaces
 * (wires) may still be opened afterwards, unless the runner calls host_sandbox_live(). 0 or -errno with text.
 */
int live_start(char text[160]);

/* The runner only: no host code runs on any VP between them (driver code does). Not nested. */
void live_enter(void);
void live_leave(void);

/*
 * live_wait - outside live_enter(): sleep until live_stop(), the machine stopped by itself (bugcheck, unsupported
 * import, fault; see *out) or timeout_ms passed (-1: never). Returns false on timeout, and after live_poke().
 */
bool live_wait(struct run_result *out, int timeout_ms);
/* live_wait() returns false as soon as it can, once: somebody wants something of the runner. Any thread. */
void live_poke(void);

/* Ask live_wait() to return with RUN_DONE. Any thread, and signal handlers. */
void live_stop(void);

/* Park the VPs for good, e.g. before the process exits or dumps. Runner, inside live_enter(). */
void live_fini(void);

/* Where the machine's stop found f in driver code; NULL: it was not. */
const struct trap *live_stopped_at(const struct fiber *f);

/* Is this machine live? Only for src/machine and the runner; code elsewhere is the same in both. */
bool live_on(void);

/* ------------------------------------------------------------------ calls from outside */

/*
 * live_call - run fn(arg) in a fresh fiber at PASSIVE_LEVEL on some VP, under the machine lock as any host code.
 * kind: FIBER_SYSTEM or FIBER_USER; either has a thread of the System process, and ps_thread_create() from fn makes one
 * of a program's. Any outside thread; also from fibers.
 * fn may block and call drivers. To answer, fn writes where arg says and calls live_notify().
 * 0, -EAGAIN when too many calls are waiting, -ESHUTDOWN when the machine has stopped.
 */
int live_call(const char *name, enum fiber_kind kind, void (*fn)(void *), void *arg);

/*
 * live_call_wait - the same, and wait until fn has returned. Outside threads only, not inside live_enter().
 * 0; -EAGAIN, -ESHUTDOWN (also when the machine stopped before fn returned: arg then stays in use for ever).
 */
int live_call_wait(const char *name, enum fiber_kind kind, void (*fn)(void *), void *arg);

/* Add one to an eventfd; never blocks. From fibers, pollers and outside threads. */
void live_notify(int eventfd);

/* ------------------------------------------------------------------ wires */

/*
 * Work from outside the machine, polled by one VP. fn runs on the VP's DPC fiber at DISPATCH_LEVEL without the
 * machine lock, at most `budget` items at a time, and returns how many it handled; it may call drivers (GUEST_CALL),
 * NDIS and the ke_ functions a DPC may, and makes no system call that blocks. It is called
 *   - when one of fds is readable and the VP has nothing else to do; again at once, before any sleep, when it handled
 *     `budget` items, or any without having fds,
 *   - between fibers and, while drivers are busy, every LIVE_POLL_EVERY DDI returns below DISPATCH_LEVEL and each tick.
 * flush (may be NULL) is called on the same VP, same rules, after each round of polls and before the VP sleeps:
 * the place to push out what was queued for sending.
 */
struct live_poller {
    unsigned (*fn)(void *arg, unsigned budget);
    void (*flush)(void *arg);
    void *arg;
    const int *fds; /* borrowed until removed; level-triggered, EPOLLIN */
    unsigned fd_count;
    uint8_t vp; /* which VP polls; live_poller_add() takes it modulo the number of VPs */
    /* live.c only */
    struct live_poller *next;
    bool active, running, due;
};

#define LIVE_BURST      64u  /* budget of one poll */
#define LIVE_POLL_EVERY 256u /* DDI returns below DISPATCH_LEVEL */

/*
 * Add and remove a poller. From host code under the machine lock (a DDI, a fiber, live_enter()). After
 * live_poller_remove() returned, fn and flush are not running and are not called again; it may block (PASSIVE_LEVEL),
 * except in fn itself, where it takes effect on return. Under exploration there are no pollers: both do nothing.
 * 0 or -errno (a descriptor that epoll refuses, e.g. a regular file: leave fds empty and it is polled in turn).
 */
int live_poller_add(struct live_poller *p);
void live_poller_remove(struct live_poller *p);

/* The same from host code under the machine lock: cheaper, above all on p's own VP. Any IRQL. */
void live_poller_due(struct live_poller *p);
/* Something outside became ready that no descriptor tells: let p's VP poll soon. Any thread. */
void live_poller_kick(struct live_poller *p);

/* ------------------------------------------------------------------ hops */

/*
 * ddi_hop() (ddi.h) for a function whose second argument is a chain linked by its first word: its length is added,
 * atomically, to the 32-bit word at `count` of what the pointer at `ledger` of the first argument leads to. Only the
 * byte at `kind` decides.
 */
struct live_hop_count {
    uint32_t ledger, count;
};
void live_hop_counting(unsigned index, const struct ddi_hop *hop, const struct live_hop_count *count);

/* ------------------------------------------------------------------ figures */

struct live_vp_stats {
    uint64_t switches, polls, polled, sleeps, wakes, dpcs, ticks, calls;
    uint64_t sleep_ns; /* time asleep */
};
void live_stats(unsigned vp, struct live_vp_stats *out); /* any thread; figures may be a moment old */

#endif
