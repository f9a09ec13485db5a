/* SPDX-License-Identifier: MIT */
/*
 * unit/nt/machine.h - a whole kernel for a test: nt_machine() starts it once, run() runs host code as a system thread
 * of it, from the same state every time, under a seed.
 */
#ifndef UNIT_NT_MACHINE_H
#define UNIT_NT_MACHINE_H

#include "test.h"

#include "machine/testing.h"
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* Host routines a test can use where Windows wants an address: DPCs, work items, callbacks. */
static const struct ddi_export test_symbols[] = {
    { "ntoskrnl", "TestRoutine0", NULL, DDI_SYMBOL, 0, DDI_ANY, TOUCH_NONE, 0, 0 },
    { "ntoskrnl", "TestRoutine1", NULL, DDI_SYMBOL, 0, DDI_ANY, TOUCH_NONE, 0, 0 },
};

/* Counts of events, by kind, and the values of the last one. */
static unsigned events[EV_COUNT];
static struct event last_event[EV_COUNT];

static inline void
count_event(void *context, const struct event *ev)
{
    (void)context;
    events[ev->kind]++;
    last_event[ev->kind] = *ev;
}

static struct event_listener counter = { count_event, NULL, { ~0ull, ~0ull } };

static inline int
nt_machine(void **state)
{
    (void)state;
    ddi_register(test_symbols, 2);
    nt_register_exports();
    machine_start(2);
    nt_init();
    trace_listen(&counter);
    return machine_snapshot();
}

static struct run_result result;

/* Run fn as a system thread from the snapshot. seed 0: the dull schedule. */
static inline enum run_end
run(void (*fn)(void *), void *arg, uint64_t seed)
{
    machine_restore();
    machine->setup = false;
    memset(events, 0, sizeof(events));
    memset(&result, 0, sizeof(result));
    if (ps_thread_create("test", FIBER_SYSTEM, NULL, fn, arg, false, NULL) == NULL)
        abort();
    machine_run(seed == 0 ? &strategy_dull : machine_test_random(seed), &result);
    return result.end;
}

/* A second thread. */
static inline PKTHREAD
thread(const char *name, void (*fn)(void *), void *arg)
{
    void *made;

    if (ps_thread_create(name, FIBER_SYSTEM, NULL, fn, arg, false, &made) == NULL)
        abort();
    return made;
}

#endif
