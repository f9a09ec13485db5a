/* SPDX-License-Identifier: MIT */
/*
 * explore/epilogue.c - after the actors: does it still work, and is nothing left behind?
 *
 * 1. The adapter is brought up again; a program opens each device that worked before and
 *    writes. Refusing what was accepted before, with everything Running, is a finding.
 * 2. Every program ends: its requests are cancelled, its handles closed.
 * 3. The driver is unloaded; what rules watch for at unload speaks then.
 */
#include <string.h>

#include "base/fmt.h"
#include "explore/lab_internal.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/io/user.h"
#include "nt/nt.h"

static struct lab_actor *probe; /* monitor memory: the program that looks */

static bool
running(const char **who)
{
    struct ndis_layer_info layer[16];

    for (unsigned k = 0; k < lab.nic_count; k++) {
        unsigned n = ndis_stack(lab.nic[k], layer, 16);

        if (n == 0)
            return false;
        for (unsigned i = 0; i < n && i < 16; i++)
            if (strcmp(layer[i].state_name, "Running") != 0) {
                *who = layer[i].driver;
                return false;
            }
    }
    return true;
}

static void
check_failed(const char *format, const char *a, unsigned status)
{
    if (!LAB_RUN->check[0])
        fmt(LAB_RUN->check, sizeof(LAB_RUN->check), format, a, lab.driver[0].file->service, status);
}

/* The handles that programs still have, then new ones: all write what they could write before. */
static void
probe_writes(bool remember)
{
    for (unsigned i = 0; i < lab.device_count && i < LAB_HANDLES_MAX; i++) {
        void *h = NULL;
        int32_t status = lab_open(i, false, probe->buffer, &h);

        if (status >= 0) {
            status = lab_write(probe, h, 60);
            user_close(h);
        }
        if (remember) {
            lab.baseline[i] = status;
            lab.baseline_known[i] = true;
        } else if (lab.baseline_known[i] && lab.baseline[i] >= 0 && status < 0) {
            check_failed(
                "the adapter is Running again, but %s of %s refuses a write it accepted before (status 0x%08X)",
                lab.device[i], (unsigned)status);
        }
    }
}

/* Only a scenario that writes asks whether writing still works. */
static bool
scenario_writes(void)
{
    for (unsigned i = 0; i < lab.scenario->actors_count; i++)
        for (unsigned k = 0; k < lab.scenario->actors[i].ops_count; k++)
            if (lab.scenario->actors[i].ops[k].kind == OP_WRITE)
                return true;
    return false;
}

static void
probe_main(void *arg)
{
    (void)arg;
    probe->buffer = user_alloc(4096);
    if (scenario_writes())
        probe_writes(true);
    fiber_self()->daemon = true; /* until here, a write that never ends is the driver's failure to start */
    sched_block(BLOCK_IDLE, 0, NULL, "waits for the actors to be done");
    if (scenario_writes())
        probe_writes(false);
    probe->done = true;
    sched_wake(lab.epilogue);
    sched_block(BLOCK_IDLE, 0, NULL, "waits for the end");
}

/* Is the driver under test still there? Its object is gone with it, so ask by name. */
static bool
loaded(unsigned i)
{
    return io_driver_find(lab.driver[i].file->service) != NULL;
}

void
lab_unload(void)
{
    if (loaded(0))
        io_driver_unload(lab.driver[0].object);
}

/* All of them, the one that was started last first. */
static void
unload_all(void)
{
    for (unsigned i = lab.driver_count; i-- > 0;)
        if (loaded(lab.order[i]))
            io_driver_unload(lab.driver[lab.order[i]].object);
}

/* Every adapter is awake, enabled and runs, as far as that is ours to ask for. */
static bool
bring_up(void)
{
    bool up = true;

    ndis_pnp_system_power(false);
    for (unsigned i = 0; i < lab.nic_count; i++) {
        ndis_nic_set_power(lab.nic[i], 0);
        up = ndis_nic_enable(lab.nic[i]) == 0 && ndis_nic_restart(lab.nic[i]) == 0 && up;
    }
    return up;
}

static void
epilogue_main(void *arg)
{
    const char *who = "";

    (void)arg;
    sched_block(BLOCK_IDLE, 0, NULL, "waits for the actors to be done");
    lab.epilogue->daemon = false; /* from here on waiting for ever is a finding */
    if (machine->faults) /* what could not start for want of memory gets another chance, as when somebody restarts it */
        for (unsigned i = 0; i < lab.nic_count; i++)
            ndis_nic_disable(lab.nic[i]);
    if (loaded(0)) {
        if (bring_up() && running(&who)) {
            sched_wake(probe->fiber);
            sched_block(BLOCK_INTERNAL, 0, probe->fiber,
                        "waits for a program that writes after everything is up again");
        }
    }
    for (unsigned i = 0; i < lab.program_count; i++)
        user_process_exit(lab.program[i].process);
    user_process_exit(probe->program->process);
    unload_all();
    for (unsigned i = 0; i < lab.nic_count; i++)
        ndis_nic_disable(lab.nic[i]);
}

void
lab_epilogue_create(void)
{
    probe = mon_alloc(sizeof(*probe));
    probe->program = mon_alloc(sizeof(*probe->program));
    probe->program->process = ps_process_create("probe");
    probe->fiber = ps_thread_create("probe", FIBER_USER, probe->program->process, probe_main, NULL, false, NULL);
    lab.epilogue = ps_thread_create("epilogue", FIBER_SYSTEM, NULL, epilogue_main, NULL, true, NULL);
}

/* All is quiet: NULL when this is the end, or when somebody hangs. */
struct fiber *
lab_epilogue_start(void *arg)
{
    (void)arg;
    if (LAB_RUN->epilogue_started)
        return NULL;
    for (unsigned i = 0; i < lab.actor_count; i++) {
        const struct fiber *f = lab.actor[i].fiber;

        if (f->state == FIBER_BLOCKED && (f->kind != FIBER_USER || lab.actor[i].ending))
            return NULL; /* an administrator, the wire or the end of a program waits for ever: that is the finding */
    }
    io_note_lost_cancels();
    strategy_quiet();
    LAB_RUN->epilogue_started = true;
    sched_wake(lab.epilogue);
    return lab.epilogue;
}
