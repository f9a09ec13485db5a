/* SPDX-License-Identifier: MIT */
/* DPCs, timer DPCs, flushing, and what happens when their memory goes away. */
#include "machine.h"

#include "nt/ex/ex.h"

struct shared {
    KDPC dpc[3];
    KTIMER timer;
    KEVENT event;
    volatile int ran[3], order, irql, vp;
    volatile int again;
};

static struct shared *s;
static uint64_t routine;

/* Context: number of the DPC. */
static void
dpc_routine(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    (void)dpc, (void)arg1, (void)arg2;
    s->ran[context]++;
    s->order = s->order * 10 + (int)context + 1;
    s->irql = KeGetCurrentIrql();
    s->vp = (int)KeGetCurrentProcessorNumber();
    sched_point(OP_INTERNAL, (uint64_t)s);
    if (s->again-- > 0)
        KeInsertQueueDpc(&s->dpc[context], NULL, NULL);
    KeSetEvent(&s->event, 0, FALSE);
}

static void
make(void)
{
    s = ex_pool_alloc(NonPagedPoolNx, sizeof(*s), 'tseT', EX_POOL_ZERO | EX_POOL_NOFAULT);
    for (uint64_t i = 0; i < 3; i++)
        KeInitializeDpc(&s->dpc[i], (PKDEFERRED_ROUTINE)routine, (PVOID)i);
    KeInitializeTimer(&s->timer);
    KeInitializeEvent(&s->event, SynchronizationEvent, FALSE);
}

static int
setup(void **state)
{
    int failed = nt_machine(state);

    routine = ke_host_routine("ntoskrnl", "TestRoutine0", dpc_routine);
    return failed;
}

static void
runs_before_the_next_instruction(void *arg)
{
    (void)arg;
    make();
    CHECK_EQ(KeInsertQueueDpc(&s->dpc[0], NULL, NULL), TRUE);
    CHECK_EQ(s->ran[0], 1); /* below DISPATCH_LEVEL, this processor */
    CHECK_EQ(s->irql, DISPATCH_LEVEL);
    CHECK_EQ(s->vp, KeGetCurrentProcessorNumber());
}

TEST(ke_dpc, on_this_processor_below_dispatch_runs_at_once)
{
    CHECK_EQ(run(runs_before_the_next_instruction, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_DPC_RUN], 1);
    CHECK_EQ(events[EV_DPC_DONE], 1);
}

static void
waits_for_low_irql(void *arg)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)arg;
    make();
    KeSetImportanceDpc(&s->dpc[2], HighImportance);
    CHECK_EQ(KeInsertQueueDpc(&s->dpc[0], NULL, NULL), TRUE);
    CHECK_EQ(KeInsertQueueDpc(&s->dpc[0], NULL, NULL), FALSE); /* queued already */
    CHECK_EQ(KeInsertQueueDpc(&s->dpc[1], NULL, NULL), TRUE);
    CHECK_EQ(KeInsertQueueDpc(&s->dpc[2], NULL, NULL), TRUE);
    CHECK_EQ(KeRemoveQueueDpc(&s->dpc[1]), TRUE);
    CHECK_EQ(KeRemoveQueueDpc(&s->dpc[1]), FALSE);
    CHECK_EQ(s->ran[0], 0);
    CHECK_EQ(KeShouldYieldProcessor(), TRUE);
    KeLowerIrql(old);
    CHECK_EQ(s->order, 31); /* the important one first; the removed one never */
}

TEST(ke_dpc, at_dispatch_waits_until_irql_falls)
{
    CHECK_EQ(run(waits_for_low_irql, NULL, 0), RUN_DONE);
}

static void
flush(void *arg)
{
    (void)arg;
    make();
    s->again = 2;
    KeSetTargetProcessorDpc(&s->dpc[0], 1);
    KeInsertQueueDpc(&s->dpc[0], NULL, NULL);
    KeFlushQueuedDpcs();
    CHECK(s->ran[0] >= 1);
    KeFlushQueuedDpcs();
    KeFlushQueuedDpcs();
    CHECK_EQ(s->ran[0], 3);
    CHECK_EQ(s->vp, 1);
}

TEST(ke_dpc, flush_waits_for_what_was_queued_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        CHECK_EQ(run(flush, NULL, seed), RUN_DONE);
}

static void
timer_dpc(void *arg)
{
    LARGE_INTEGER due = { .QuadPart = -100 };

    (void)arg;
    make();
    KeSetTimerEx(&s->timer, due, 1, &s->dpc[0]);
    for (int i = 0; i < 3; i++)
        KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(KeCancelTimer(&s->timer), TRUE);
    KeFlushQueuedDpcs();
    CHECK(s->ran[0] >= 3);
    CHECK(machine->now_100ns >= 100 + 2 * 10000);
}

TEST(ke_dpc, periodic_timer_queues_its_dpc_each_time)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        CHECK_EQ(run(timer_dpc, NULL, seed), RUN_DONE);
}

static void
threaded(void *arg)
{
    (void)arg;
    make();
    KeInitializeThreadedDpc(&s->dpc[0], (PKDEFERRED_ROUTINE)routine, NULL);
    KeInsertQueueDpc(&s->dpc[0], NULL, NULL);
    KeFlushQueuedDpcs();
    CHECK_EQ(s->ran[0], 1);
    CHECK_EQ(s->irql, PASSIVE_LEVEL);
}

TEST(ke_dpc, threaded_dpc_runs_at_passive_level)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        CHECK_EQ(run(threaded, NULL, seed), RUN_DONE);
}

static void
freed_with_timer(void *arg)
{
    LARGE_INTEGER due = { .QuadPart = -100 };

    (void)arg;
    make();
    KeSetTimer(&s->timer, due, &s->dpc[0]);
    ex_pool_free(s, 'tseT');
}

TEST(ke_dpc, freeing_an_armed_timer_is_bugcheck_c7)
{
    CHECK_EQ(run(freed_with_timer, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0xc7);
    CHECK_EQ(result.p[0], 0);
    CHECK_EQ(result.p[1], (uint64_t)&s->timer);
}

static void
freed_with_dpc(void *arg)
{
    (void)arg;
    KeRaiseIrqlToDpcLevel();
    make();
    KeInsertQueueDpc(&s->dpc[1], NULL, NULL);
    ex_pool_free(s, 'tseT');
}

TEST(ke_dpc, freeing_a_queued_dpc_is_bugcheck_c7)
{
    CHECK_EQ(run(freed_with_dpc, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0xc7);
    CHECK_EQ(result.p[0], 1);
}

static void
dpc_waits(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    (void)dpc, (void)context, (void)arg1, (void)arg2;
    KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, NULL);
}

static void
wait_in_dpc(void *arg)
{
    (void)arg;
    make();
    KeInitializeDpc(&s->dpc[0], (PKDEFERRED_ROUTINE)ke_host_routine("ntoskrnl", "TestRoutine1", dpc_waits), NULL);
    KeInsertQueueDpc(&s->dpc[0], NULL, NULL);
}

TEST(ke_dpc, waiting_in_a_dpc_is_bugcheck_b8)
{
    CHECK_EQ(run(wait_in_dpc, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0xb8);
}

static void
stall(void *arg)
{
    (void)arg;
    KeRaiseIrqlToDpcLevel();
    KeStallExecutionProcessor(50);
    CHECK_EQ(machine->now_100ns, 500);
    KeLowerIrql(PASSIVE_LEVEL);
}

TEST(ke_dpc, stalling_takes_virtual_time)
{
    CHECK_EQ(run(stall, NULL, 0), RUN_DONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(ke_dpc, on_this_processor_below_dispatch_runs_at_once),
        TEST_CASE(ke_dpc, at_dispatch_waits_until_irql_falls),
        TEST_CASE(ke_dpc, flush_waits_for_what_was_queued_under_any_schedule),
        TEST_CASE(ke_dpc, periodic_timer_queues_its_dpc_each_time),
        TEST_CASE(ke_dpc, threaded_dpc_runs_at_passive_level),
        TEST_CASE(ke_dpc, freeing_an_armed_timer_is_bugcheck_c7),
        TEST_CASE(ke_dpc, freeing_a_queued_dpc_is_bugcheck_c7),
        TEST_CASE(ke_dpc, waiting_in_a_dpc_is_bugcheck_b8),
        TEST_CASE(ke_dpc, stalling_takes_virtual_time),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
