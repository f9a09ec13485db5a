/* SPDX-License-Identifier: MIT */
/* Interrupts: where they may enter, what they keep out, level and latched, and devices that raise them. */
#include "unit/test.h"

#include "machine/irq.h"
#include "machine/testing.h"

static struct irq_vector *line, *message;
static struct mdevice *device;
static volatile uint32_t *reg; /* a device register: writing 1 raises the line, 2 takes it down */
static int served, served_irql, storm;
static unsigned order, dpc_order; /* a digit for each thing that happened; a storm runs over */
static bool quiet; /* the service routine does not clear the cause */

static void
serve(struct irq_vector *v)
{
    served++;
    served_irql = (int)irql_get();
    order = order * 10 + 1;
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    order = order * 10 + 2;
    if (v->level && !quiet)
        irq_deassert(v);
}

static enum mdevice_news
poll_register(struct mdevice *d)
{
    uint32_t v = *reg;

    (void)d;
    if (v == 1)
        irq_assert(line);
    if (v == 2)
        irq_deassert(line);
    *reg = 0;
    return v != 0 ? MDEVICE_VISIBLE : MDEVICE_NOTHING;
}

static void
drain(struct vp *vp)
{
    vp->dpc_pending = 0;
    dpc_order = order = order * 10 + 5;
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    order = order * 10 + 6;
}

static struct irq_vector *
vector(unsigned irql, unsigned vp, bool level)
{
    struct irq_vector *v = mon_alloc(sizeof(*v));

    v->irql = (uint8_t)irql;
    v->vp = (uint8_t)vp;
    v->level = level;
    v->deliver = serve;
    return v;
}

static int
setup(void **state)
{
    static bool made;

    (void)state;
    if (!made) {
        machine_start(2);
        vp_set_dpc_drain(drain);
        line = vector(5, 0, true);
        message = vector(6, 1, false);
        device = mon_alloc(sizeof(*device));
        device->poll = poll_register;
        reg = heap_alloc(16, 0x67657220);
        *reg = 0;
        machine_snapshot();
        made = true;
    } else {
        machine_restore();
    }
    served = served_irql = storm = 0;
    order = dpc_order = 0;
    quiet = false;
    return 0;
}

static void
assert_and_go_on(void *arg)
{
    (void)arg;
    irq_connect(line);
    irq_assert(line);
    CHECK_EQ(served, 0); /* when it enters is a choice, and 0 is: later */
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    CHECK_EQ(served, 0);
}

TEST(irq, enters_when_the_vp_is_idle_at_the_latest)
{
    CHECK_EQ(machine_test(assert_and_go_on, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    CHECK_EQ(served, 1);
    CHECK_EQ(served_irql, 5);
}

/* A thread at the vector's IRQL on its VP keeps it out under any schedule; one below does not. */
static void
at_irql(void *arg)
{
    unsigned irql = (unsigned)(uint64_t)arg;
    uint8_t old = irql_raise(irql);

    irq_connect(line);
    irq_assert(line);
    for (int i = 0; i < 5; i++)
        sched_point(OP_INTERNAL, OBJECT_WORLD);
    storm = served; /* what came while the IRQL was up */
    irql_lower(old);
}

static int
seeds(void (*fn)(void *), void *arg, int *what)
{
    int any = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct run_result r;

        machine_restore();
        served = storm = 0;
        order = dpc_order = 0;
        fiber_create("test", FIBER_SYSTEM, fn, arg, false);
        machine_run(machine_test_random(seed), &r);
        CHECK_EQ(r.end, RUN_DONE);
        any += *what != 0;
    }
    return any;
}

TEST(irq, is_masked_by_the_irql_of_its_vp)
{
    CHECK_EQ(seeds(at_irql, (void *)5ull, &storm), 0);
    CHECK(seeds(at_irql, (void *)4ull, &storm) > 0);
    CHECK(seeds(at_irql, (void *)2ull, &storm) > 0);
}

/* Orders of DPC (5..6) and ISR (1..2) on one VP: nested or one after the other, never DPC inside ISR. */
static int inside, torn;

static void
dpc_and_interrupt(void *arg)
{
    uint8_t old = irql_raise(IRQL_DISPATCH);

    (void)arg;
    irq_connect(line);
    vp_dpc_request(&machine->vp[0]);
    irq_assert(line);
    irql_lower(old);
    for (int i = 0; i < 5; i++)
        sched_point(OP_INTERNAL, OBJECT_WORLD);
}

TEST(irq, enters_over_a_dpc_and_keeps_dpcs_out)
{
    inside = torn = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct run_result r;

        machine_restore();
        served = 0;
        order = dpc_order = 0;
        fiber_create("test", FIBER_SYSTEM, dpc_and_interrupt, NULL, false);
        machine_run(machine_test_random(seed), &r);
        CHECK_EQ(r.end, RUN_DONE);
        CHECK_EQ(served, 1);
        inside += order == 5126;
        torn += order != 5126 && order != 1256 && order != 5612;
    }
    CHECK(inside > 0);
    CHECK_EQ(torn, 0);
}

static void
two_messages(void *arg)
{
    uint8_t old = irql_raise(IRQL_HIGH);

    (void)arg;
    irq_assert(message); /* nobody listens: lost */
    irq_connect(message);
    irq_assert(message);
    irq_assert(message);
    irql_lower(old);
}

TEST(irq, a_message_is_served_once_however_often_it_was_sent)
{
    CHECK_EQ(machine_test(two_messages, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    CHECK_EQ(served, 1);
    CHECK_EQ(served_irql, 6);
}

TEST(irq, a_line_that_nobody_takes_down_is_a_livelock)
{
    struct run_result r;

    quiet = true;
    CHECK_EQ(machine_test(assert_and_go_on, NULL, FIBER_SYSTEM, &r), RUN_LIVELOCK);
    CHECK(strstr(r.text, "stays asserted") != NULL);
}

static void
down_in_time(void *arg)
{
    (void)arg;
    irq_connect(line);
    irq_assert(line);
    irq_deassert(line);
    sched_point(OP_INTERNAL, OBJECT_WORLD);
}

TEST(irq, a_line_that_went_down_before_it_was_served_is_not)
{
    CHECK_EQ(machine_test(down_in_time, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    CHECK_EQ(served, 0);
}

static void
by_register(void *arg)
{
    (void)arg;
    mdevice_add(device);
    irq_connect(line);
    *reg = 1;
    CHECK_EQ(line->asserted, false); /* posted: the device looks at the next point */
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    CHECK_EQ(*reg, 0);
}

TEST(irq, a_device_sees_a_register_write_at_the_next_point)
{
    CHECK_EQ(machine_test(by_register, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    CHECK_EQ(served, 1);
}

static void
masked(void *arg)
{
    (void)arg;
    irq_connect(message);
    irq_mask(message, true);
    irq_assert(message);
    for (int i = 0; i < 3; i++)
        sched_give_way();
    CHECK_EQ(served, 0);
    CHECK(irq_busy() == false);
    irq_mask(message, false);
    CHECK(irq_busy());
}

TEST(irq, a_masked_message_waits)
{
    CHECK_EQ(machine_test(masked, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    CHECK_EQ(served, 1);
}

#define CASE(name) TEST_CASE_WITH(irq, name, setup, NULL)
TEST_MAIN(CASE(enters_when_the_vp_is_idle_at_the_latest), CASE(is_masked_by_the_irql_of_its_vp),
          CASE(enters_over_a_dpc_and_keeps_dpcs_out), CASE(a_message_is_served_once_however_often_it_was_sent),
          CASE(a_line_that_nobody_takes_down_is_a_livelock), CASE(a_line_that_went_down_before_it_was_served_is_not),
          CASE(a_device_sees_a_register_write_at_the_next_point), CASE(a_masked_message_waits))
