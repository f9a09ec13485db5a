/* SPDX-License-Identifier: MIT */
/*
 * machine/run.c - how a run begins, what is asked in it, and the ways it ends.
 *
 * Model: machine_run() goes to the first fiber and comes back when somebody leaves for the engine: run_end() for good,
 * or run_over() with the fiber parked where it is, so that a snapshot can be taken or a later run go on from there. In
 * between a strategy may ask for a mark (run_mark()): the fiber parks, the engine copies the machine, the run goes on.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include <string.h>

#include "base/fmt.h"
#include "trace/event.h"

struct strategy *sched_strategy;
struct run_result *sched_result;
static struct fiber *(*on_quiet)(void *);
static void *on_quiet_arg;
static void (*bugcheck_hook)(uint32_t, const uint64_t[4]);

#define MXCSR_INITIAL 0x1f80u /* every exception masked, none noted */

/* Everybody is done. The runner may start more. */
static struct fiber *
more_to_do(void)
{
    return on_quiet ? on_quiet(on_quiet_arg) : NULL;
}

static struct {
    unsigned mark;
    struct fiber *asker; /* NULL: nobody asks for one */
    bool kept;
} marking;

bool
run_mark(unsigned mark)
{
    if (race_active) /* its clocks are none of the machine's */
        return false;
    marking.mark = mark;
    marking.asker = sched_current;
    fiber_park_to_engine();
    sched_enter_fiber(sched_current);
    return marking.kept;
}

/* Let it go on, until the run ends; the engine comes in for the marks on the way. */
static void
go(struct fiber *f, struct run_result *out)
{
    do {
        marking.asker = NULL;
        fiber_go(f); /* comes back through fiber_to_engine(), or fiber_park_to_engine() */
        f = marking.asker;
        if (f != NULL)
            marking.kept = mark_save(marking.mark, f) == 0;
    } while (f != NULL);
    out->points = machine->step;
    out->preemptions = machine->preemptions;
    out->hb_lo = hb.lo;
    out->hb_hi = hb.hi;
}

void
machine_run_from(unsigned mark, struct strategy *s, struct run_result *out)
{
    struct fiber *f = mark_restore(mark, out);

    out->points_before = machine->step;
    sched_strategy = s;
    sched_result = out;
    trap_begin_run();
    sched_go_on();
    kpcr_time();
    marking.kept = true;
    go(f, out);
}

void
machine_run(struct strategy *s, struct run_result *out)
{
    struct fiber *first;

    ddi_seal();
    if (machine_live) {
        live_run(out);
        return;
    }
    memset(out, 0, sizeof(*out));
    race_begin_run();
    sched_strategy = s;
    sched_result = out;
    trap_begin_run();
    hb_begin_run();
    kpcr_time(); /* no part of what a restore puts back */
    __builtin_ia32_ldmxcsr(MXCSR_INITIAL); /* nor are flags that arithmetic of ours, or of the run before, left */
    first = sched_begin(s, more_to_do);
    if (!first) {
        out->end = RUN_DONE;
        return;
    }
    go(first, out);
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

bool
run_over(void)
{
    const struct fiber *waiting;

    if (!machine->setup) {
        bool more;

        machine->in_quiet = true;
        more = more_to_do() != NULL;
        machine->in_quiet = false;
        if (more)
            return false;
    }
    if (!machine->ending) { /* once more, with time for drivers' own threads */
        machine->ending = true;
        return false;
    }
    waiting = sched_waiting(!machine->setup);
    if (waiting) {
        char text[160];

        fmt(text, sizeof(text), "%s %s", waiting->name, waiting->block_why ? waiting->block_why : "waits for ever");
        run_end(RUN_HANG, text);
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
machine_power_off(void)
{
    machine->off = true;
    run_end(RUN_DONE, "");
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
