/* SPDX-License-Identifier: MIT */
/*
 * machine/strategy.h - who answers choices, and how a run is driven.
 *
 * The machine asks, a strategy answers. src/explore supplies them; before the
 * snapshot every answer is 0.
 */
#ifndef MACHINE_STRATEGY_H
#define MACHINE_STRATEGY_H

#include "base/hash.h"
#include "machine/machine.h"

/* A piece of machine memory. */
struct machine_range {
    uint64_t base, size;
    const void *bytes; /* where it can be read */
};

/* What can run now. candidate[0] is the dullest: the running fiber if it can go on. */
struct sched_view {
    struct fiber *current; /* NULL when it ended */
    bool current_enabled;  /* candidate[0] is current and any other answer is a preemption */
    unsigned count;
    struct fiber *candidate[FIBER_MAX + 1]; /* NULL entry: let time pass to the next timer */
};

struct strategy {
    /* Index into view->candidate. May call run_cut(). */
    unsigned (*pick)(struct strategy *s, const struct sched_view *view);
    unsigned (*choose)(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key);
    /* All actors are done; may be NULL, may call run_cut() when it has seen this order of events end. */
    void (*quiet)(struct strategy *s);
};

/* The runner says that a run's actors are done. */
void strategy_quiet(void);

enum run_end {
    RUN_NONE,
    RUN_DONE,     /* everybody who should end has ended */
    RUN_HANG,     /* somebody waits for ever */
    RUN_LIVELOCK, /* only spinning is left, or the step limit was reached */
    RUN_BUGCHECK,
    RUN_UNSUPPORTED, /* the driver called what undis lacks */
    RUN_CUT,         /* the strategy stopped it: nothing new ahead */
    RUN_SYSCALL,     /* driver code executed a system call */
    RUN_FAULT,       /* our own fault */
};

struct run_result {
    enum run_end end;
    uint32_t code; /* bugcheck */
    uint64_t p[4];
    uint32_t export_index; /* RUN_UNSUPPORTED */
    char text[160];
    uint32_t fiber;  /* id of the fiber that ran when it ended, 0: none */
    uint64_t points; /* scheduling points passed */
    uint64_t points_before; /* those of them that the mark that it began at was behind */
    uint64_t rounds; /* of loops without calls, made while nobody else could run */
    uint32_t preemptions;
    uint64_t hb_lo, hb_hi; /* hash of the happens-before order of the whole run */
};

/* Make the machine: map its ranges. 0 or -errno with text[] saying which range and why. */
int machine_init(unsigned vps, char text[160]);

/* Run fibers until none can go on, with choice 0 everywhere (setup) or as strategy says. */
void machine_run(struct strategy *s, struct run_result *out);

/* Remember this state; every machine_restore() comes back to it. Only while no fiber runs. */
int machine_snapshot(void);
void machine_restore(void);
/*
 * After a snapshot: see who writes to what it holds, so that only that needs to be put back. Nobody else may handle
 * SIGSEGV then, and no system call write to the machine's memory. 0 or -errno.
 */
int machine_guard(void);

/*
 * Marks: states on the way of a run. Called by a strategy from inside pick(), with a fiber running, and returns once
 * for that run; and again for each run that machine_run_from() begins there, with the machine as it was. What the
 * strategy itself knows is its own to put back. A mark is good until it is made again, or another snapshot. false: the
 * state was not kept.
 */
#define RUN_MARKS 12u
bool run_mark(unsigned mark);
/* Instead of machine_restore() and machine_run(). *out counts what came before the mark, too. */
void machine_run_from(unsigned mark, struct strategy *s, struct run_result *out);

/* A fiber of the runner that is started when all others are done; it may start more. NULL: none. */
void machine_on_quiet(struct fiber *(*fn)(void *), void *arg);

/*
 * A run has used CPU time for a while without passing a point: the running fiber goes round a loop. fn is told in
 * signal context, with the registers, and may end the process. Needs host_tick().
 */
void machine_on_spin(void (*fn)(struct fiber *f, const struct trap *t));

/* Called by a strategy, or by a checker, from inside a run. */
_Noreturn void run_cut(void);
_Noreturn void run_end(enum run_end how, const char *text);
/* The run is done, with everything as it stands: who waits is not asked for what, what was allocated not missed. */
_Noreturn void machine_power_off(void);

/* sha256 over all live machine memory (lanes, image pages, live guest stacks). Needs a fiberless moment. */
void machine_hash(uint8_t out[32]);
/* The same memory for comparisons within one process: no file digest, but made in a hundredth of a run's time. */
struct hash128 machine_digest(void);
/*
 * Drivers' data and kernel memory alone, also while fibers run: their stacks hold what earlier calls left there. Not
 * what lies in freed memory: a driver that still writes there does so at no point.
 */
struct hash128 machine_digest_on_the_way(void);

/* Live memory ranges for a dump, in address order. */
unsigned machine_ranges(struct machine_range *out, unsigned max);

/* hash of the happens-before order so far, of what stands pending, for strategies. */
struct hb_state {
    uint64_t lo, hi, pending;
};
extern struct hb_state hb;

/* Who is on which VP, and how often timers may still go first: decides who can run, orders nothing. */
uint64_t sched_where(void);

/* An object became shared that had been taken as private: what was skipped must be explored again. */
extern bool hb_filter_changed;
bool hb_filter_enabled(bool on); /* returns the old setting */

#endif
