/* SPDX-License-Identifier: MIT */
/* Interrupts of the bus: the lock that keeps a service routine out, disconnection, shared lines, messages. */
#include "machine.h"

#include "nt/hal/hal.h"

static struct hal_device *card, *msi;
static struct io_interrupt *i, *other;
static int served, inside, overlap, both;
static bool mine;

static bool
serve(struct io_interrupt *io)
{
    overlap += inside;
    served++;
    both += io == other;
    inside++;
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    inside--;
    if (io->vector->irq.level && mine)
        hal_line_set(card, false);
    return mine;
}

static struct io_interrupt *
connect(struct hal_vector *v)
{
    struct io_interrupt *io = mon_alloc(sizeof(*io));

    io->host = serve;
    while (io_interrupt_connect(io, v) != 0) /* a random strategy makes allocations fail, too */
        ;
    return io;
}

static void
make(void)
{
    served = inside = overlap = both = 0;
    mine = true;
    card = hal_device_create(&(struct hal_device_config){ .name = "line", .vendor = 1, .bar_bytes = { 4096 } });
    msi = hal_device_create(&(struct hal_device_config){ .name = "msi", .vendor = 1, .messages = 2 });
}

/* Holds the lock at DIRQL on whatever VP it runs; the routine of message 1 is on VP 1. */
static void
hold_the_lock(void *arg)
{
    struct hal_vector *v;
    uint8_t old;

    (void)arg;
    make();
    v = msi->message[1];
    i = connect(v);
    hal_message_send(msi, 1);
    old = io_interrupt_lock(i);
    CHECK_EQ(irql_get(), v->irq.irql);
    inside++;
    for (int n = 0; n < 4; n++)
        sched_point(OP_INTERNAL, OBJECT_WORLD);
    inside--;
    io_interrupt_unlock(i, old);
    CHECK_EQ(irql_get(), IRQL_PASSIVE);
}

TEST(interrupt, is_kept_out_by_its_lock_on_every_processor)
{
    int early = 0;

    for (uint64_t seed = 1; seed < 300; seed++) {
        CHECK_EQ(run(hold_the_lock, NULL, seed), RUN_DONE);
        CHECK_EQ(overlap, 0);
        CHECK_EQ(served, 1);
        early += last_event[EV_INTERRUPT].vp == 1;
    }
    CHECK(early > 0);
}

static void
disconnect_under_fire(void *arg)
{
    int then;

    (void)arg;
    make();
    i = connect(card->line);
    hal_line_set(card, true);
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    io_interrupt_disconnect(i);
    CHECK_EQ(inside, 0);
    then = served;
    hal_line_set(card, true);
    for (int n = 0; n < 4; n++)
        sched_point(OP_INTERNAL, OBJECT_WORLD);
    CHECK_EQ(served, then);
}

TEST(interrupt, does_not_run_after_it_was_disconnected_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        CHECK_EQ(run(disconnect_under_fire, NULL, seed), RUN_DONE);
}

static void
shared_line(void *arg)
{
    (void)arg;
    make();
    i = connect(card->line);
    other = connect(card->line);
    hal_line_set(card, true); /* i says it was its device: other is not asked */
    ke_sleep(-10000, "for the test");
    CHECK_EQ(served, 1);
    CHECK_EQ(both, 0);
    hal_line_pulse(card); /* none of them is it, then the neighbour */
    mine = false;
    ke_sleep(-10000, "for the test");
    CHECK_EQ(served, 3);
    CHECK_EQ(both, 1);
}

TEST(interrupt, on_a_shared_line_is_offered_until_somebody_takes_it)
{
    CHECK_EQ(run(shared_line, NULL, 0), RUN_DONE);
}

static void
table_entries(void *arg)
{
    (void)arg;
    make();
    i = connect(msi->message[0]);
    other = connect(msi->message[1]);
    CHECK(hal_table_mask(msi, 0, true));
    hal_message_send(msi, 0);
    ke_sleep(-10000, "for the test");
    CHECK_EQ(served, 0);
    CHECK(hal_table_mask(msi, 0, false));
    ke_sleep(-10000, "for the test");
    CHECK_EQ(served, 1);
    CHECK(hal_table_set(msi, 0, 1));
    hal_message_send(msi, 0);
    ke_sleep(-10000, "for the test");
    CHECK_EQ(both, 1);
    CHECK(!hal_table_set(msi, 2, 0));
    CHECK(!hal_table_mask(msi, 2, true));
}

TEST(interrupt, goes_where_the_table_sends_it_unless_masked)
{
    CHECK_EQ(run(table_entries, NULL, 0), RUN_DONE);
}

static void
reach_freed_memory(void *arg)
{
    void *p = heap_alloc(64, 'tseT');

    (void)arg;
    make();
    CHECK(hal_dma_reach(card, (uint64_t)MmGetPhysicalAddress(p).QuadPart, 64) == p);
    heap_free(p);
    hal_dma_reach(card, (uint64_t)MmGetPhysicalAddress(p).QuadPart, 64);
}

TEST(interrupt, dma_to_freed_memory_stops_the_machine)
{
    CHECK_EQ(run(reach_freed_memory, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0xe6);
    CHECK_EQ(result.p[0], 0x26);
}

#define CASE(name) TEST_CASE(interrupt, name)

int
main(void)
{
    const struct CMUnitTest tests[] = { CASE(is_kept_out_by_its_lock_on_every_processor),
                                        CASE(does_not_run_after_it_was_disconnected_under_any_schedule),
                                        CASE(on_a_shared_line_is_offered_until_somebody_takes_it),
                                        CASE(goes_where_the_table_sends_it_unless_masked),
                                        CASE(dma_to_freed_memory_stops_the_machine) };

    return cmocka_run_group_tests(tests, nt_machine, NULL);
}
