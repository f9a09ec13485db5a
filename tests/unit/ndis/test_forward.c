/* SPDX-License-Identifier: MIT */
/*
 * What an intermediate driver forwards: the record of an NBL that goes through both of its edges, either way, under a
 * SourceHandle of its own (documented: "Sending Network Data", "Receiving Network Data"), and what is wrong with it.
 */
#include "test.h"

#include "machine/testing.h"
#include "ndis/buffers.h"
#include "ndis/driver.h"
#include "nt/nt.h"

static uint32_t misuses, first_misuse;

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    if (misuses++ == 0)
        first_misuse = (uint32_t)ev->a[0];
}

static struct event_listener listener = { .on_event = on_event };

/* A protocol over the virtual adapter of an intermediate driver, whose binding is over another adapter. */
static struct stack {
    struct ndis_layer upper, virtual, binding, lower;
    struct ndis_ledger ledger[4];
    struct ndis_adapter adapter;
    struct ndis_nic nic;
    struct ndis_miniport_driver miniport;
    struct ndis_driver protocol, other;
    struct ndis_link link;
    NET_BUFFER_LIST *nbl;
} s;

static void
layer(struct ndis_layer *l, struct ndis_ledger *ledger, enum ndis_layer_kind kind)
{
    l->kind = ledger->kind = kind;
    l->state = NDIS_STATE_RUNNING;
    l->ledger = ledger;
    ledger->handle = (uint64_t)l;
}

static void
build(void)
{
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));

    memset(&s, 0, sizeof(s));
    layer(&s.upper, &s.ledger[0], NDIS_LAYER_PROTOCOL);
    layer(&s.virtual, &s.ledger[1], NDIS_LAYER_MINIPORT);
    layer(&s.binding, &s.ledger[2], NDIS_LAYER_PROTOCOL);
    layer(&s.lower, &s.ledger[3], NDIS_LAYER_MINIPORT);
    s.miniport.associated = &s.protocol;
    s.nic.driver = &s.miniport;
    s.adapter.nic = s.ledger[1].nic = &s.nic;
    s.virtual.adapter = &s.adapter;
    s.link.driver = &s.protocol;
    s.upper.link = s.binding.link = &s.link;
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->fAllocateNetBuffer = true;
    s.nbl = NdisAllocateNetBufferList(NdisAllocateNetBufferListPool(NULL, p), 0, 0);
}

/* Down to the adapter below, under the binding's handle. */
static void
send_through(void)
{
    build();
    s.nbl->SourceHandle = &s.upper;
    nbl_note_send(&s.upper, &s.virtual, s.nbl, 0);
    s.nbl->SourceHandle = &s.binding;
    nbl_note_send(&s.binding, &s.lower, s.nbl, 0);
}

static void
sends(void *arg)
{
    (void)arg;
    send_through();
    CHECK(s.ledger[1].held_sends == 1 && s.ledger[2].own_sends == 1 && s.ledger[3].held_sends == 1);
    nbl_note_send_complete(&s.lower, &s.binding, s.nbl, 0);
    CHECK(s.ledger[1].held_sends == 1 && s.ledger[2].own_sends == 0 && s.ledger[3].held_sends == 0);
    s.nbl->SourceHandle = &s.upper;
    nbl_note_send_complete(&s.virtual, &s.upper, s.nbl, 0);
    CHECK(s.ledger[0].own_sends == 0 && s.ledger[1].held_sends == 0);
    CHECK(nbl_track_of(s.nbl)->where == NBL_HOME);
}

static void
completes_with_its_own_handle(void *arg)
{
    (void)arg;
    send_through();
    nbl_note_send_complete(&s.lower, &s.binding, s.nbl, 0);
    nbl_note_send_complete(&s.virtual, &s.upper, s.nbl, 0);
}

static void
completes_what_is_below(void *arg)
{
    (void)arg;
    send_through();
    s.nbl->SourceHandle = &s.upper;
    nbl_note_send_complete(&s.virtual, &s.upper, s.nbl, 0);
}

static void
is_another_driver(void *arg)
{
    (void)arg;
    build();
    s.link.driver = &s.other;
    s.nbl->SourceHandle = &s.upper;
    nbl_note_send(&s.upper, &s.virtual, s.nbl, 0);
    s.nbl->SourceHandle = &s.binding;
    nbl_note_send(&s.binding, &s.lower, s.nbl, 0);
}

static void
indicate_through(void)
{
    build();
    s.nbl->SourceHandle = &s.lower;
    nbl_note_receive(&s.lower, &s.binding, s.nbl, 0);
    s.nbl->SourceHandle = &s.virtual;
    nbl_note_receive(&s.virtual, &s.upper, s.nbl, 0);
}

static void
receives(void *arg)
{
    (void)arg;
    indicate_through();
    nbl_note_return(&s.upper, &s.virtual, s.nbl, 0);
    CHECK(s.ledger[2].held_receives == 1 && s.ledger[1].own_receives == 0);
    s.nbl->SourceHandle = &s.lower;
    nbl_note_return(&s.binding, &s.lower, s.nbl, 0);
    CHECK(s.ledger[3].own_receives == 0 && s.ledger[2].held_receives == 0);
    CHECK(nbl_track_of(s.nbl)->where == NBL_HOME);
}

static void
returns_what_is_above(void *arg)
{
    (void)arg;
    indicate_through();
    s.nbl->SourceHandle = &s.lower;
    nbl_note_return(&s.binding, &s.lower, s.nbl, 0);
}

static int
group_setup(void **state)
{
    (void)state;
    nt_register_exports();
    ndis_register_exports();
    machine_start(1);
    nt_init();
    ndis_init();
    listener.mask[EV_NBL_MISUSE / 64] |= EV_BIT(EV_NBL_MISUSE);
    trace_listen(&listener);
    return machine_snapshot();
}

static void
run(void (*fn)(void *))
{
    machine_restore();
    misuses = 0;
    assert_int_equal(machine_test(fn, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
}

TEST(ndis_forward, a_send_through_both_edges_comes_back_the_same_way)
{
    run(sends);
    assert_int_equal(misuses, 0);
}

TEST(ndis_forward, a_send_completed_under_the_bindings_handle_is_noticed)
{
    run(completes_with_its_own_handle);
    assert_int_equal(misuses, 1);
    assert_int_equal(first_misuse, NDIS_NBL_WRONG_SOURCE);
}

TEST(ndis_forward, a_send_completed_before_it_is_back_is_noticed)
{
    run(completes_what_is_below);
    assert_int_not_equal(misuses, 0);
    assert_int_equal(first_misuse, NDIS_NBL_NOT_YOURS);
}

TEST(ndis_forward, another_driver_does_not_forward_it)
{
    run(is_another_driver);
    assert_int_equal(misuses, 1);
    assert_int_equal(first_misuse, NDIS_NBL_NOT_YOURS);
}

TEST(ndis_forward, a_receive_through_both_edges_comes_back_the_same_way)
{
    run(receives);
    assert_int_equal(misuses, 0);
}

TEST(ndis_forward, a_receive_returned_while_the_layers_above_have_it_is_noticed)
{
    run(returns_what_is_above);
    assert_int_not_equal(misuses, 0);
    assert_int_equal(first_misuse, NDIS_NBL_NOT_YOURS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(ndis_forward, a_send_through_both_edges_comes_back_the_same_way),
        TEST_CASE(ndis_forward, a_send_completed_under_the_bindings_handle_is_noticed),
        TEST_CASE(ndis_forward, a_send_completed_before_it_is_back_is_noticed),
        TEST_CASE(ndis_forward, another_driver_does_not_forward_it),
        TEST_CASE(ndis_forward, a_receive_through_both_edges_comes_back_the_same_way),
        TEST_CASE(ndis_forward, a_receive_returned_while_the_layers_above_have_it_is_noticed),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
