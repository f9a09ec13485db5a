/* SPDX-License-Identifier: MIT */
/*
 * Stacks of wiretest, a filter and proto: start, data in every shape, pause, insert and remove, disable, stale handles.
 *
 * The filter under test is made of host handlers, so that each handler can be told what to do.
 */
#include "test.h"

#include <errno.h>

#include "base/fmt.h"
#include "machine/testing.h"
#include "ndis/driver.h"
#include "ndis/ends/ends.h"
#include "nt/nt.h"

static char journal[512]; /* what the filter was asked, in order */
static NDIS_HANDLE filter_driver, module;
static bool pend_pause;
static ndis_fn f_attach, f_detach, f_pause, f_restart, f_options, f_send, f_complete, f_receive, f_return, f_status;
static ndis_fn f_net_pnp, f_device_pnp;

static void
note(const char *what)
{
    fmt_append(journal, sizeof(journal), "%s ", what);
}

static uint64_t
attach(const uint64_t *a)
{
    uint64_t mark = guest_mark();
    NDIS_FILTER_ATTRIBUTES *attributes = guest_alloc(sizeof(*attributes));
    NDIS_STATUS status;

    note("attach");
    ndis_header_set(&attributes->Header, NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES, NDIS_FILTER_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1);
    module = (NDIS_HANDLE)a[0];
    status = NdisFSetAttributes(module, module, attributes);
    guest_release(mark);
    return (uint32_t)status;
}

static uint64_t
detach(const uint64_t *a)
{
    (void)a;
    note("detach");
    return 0;
}

static uint64_t
pause_module(const uint64_t *a)
{
    (void)a;
    note("pause");
    return (uint32_t)(pend_pause ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS);
}

static uint64_t
restart(const uint64_t *a)
{
    (void)a;
    note("restart");
    return 0;
}

static uint64_t
options(const uint64_t *a)
{
    (void)a;
    note("options");
    return 0;
}

static uint64_t
pass_send(const uint64_t *a)
{
    NdisFSendNetBufferLists((NDIS_HANDLE)a[0], (NET_BUFFER_LIST *)a[1], (ULONG)a[2], (ULONG)a[3]);
    return 0;
}

static uint64_t
pass_complete(const uint64_t *a)
{
    NdisFSendNetBufferListsComplete((NDIS_HANDLE)a[0], (NET_BUFFER_LIST *)a[1], (ULONG)a[2]);
    return 0;
}

static uint64_t
pass_receive(const uint64_t *a)
{
    NdisFIndicateReceiveNetBufferLists((NDIS_HANDLE)a[0], (NET_BUFFER_LIST *)a[1], (ULONG)a[2], (ULONG)a[3],
                                       (ULONG)a[4]);
    return 0;
}

static uint64_t
pass_return(const uint64_t *a)
{
    NdisFReturnNetBufferLists((NDIS_HANDLE)a[0], (NET_BUFFER_LIST *)a[1], (ULONG)a[2]);
    return 0;
}

static uint64_t
ignore(const uint64_t *a)
{
    (void)a;
    return 0;
}

static uint64_t net_pnp(const uint64_t *a);
static uint64_t device_pnp(const uint64_t *a);

static void
register_filter(void)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), 'tset');
    DRIVER_OBJECT *driver = heap_alloc(sizeof(*driver), 'tset');

    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS, 2,
                    NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->FriendlyName = *ndis_string("A filter");
    c->UniqueName = *ndis_string("{00000000-0000-4000-8000-0000000000f1}");
    c->ServiceName = *ndis_string("filter");
    c->AttachHandler = (void *)f_attach;
    c->DetachHandler = (void *)f_detach;
    c->PauseHandler = (void *)f_pause;
    c->RestartHandler = (void *)f_restart;
    c->SetFilterModuleOptionsHandler = (void *)f_options;
    c->SendNetBufferListsHandler = (void *)f_send;
    c->SendNetBufferListsCompleteHandler = (void *)f_complete;
    c->ReceiveNetBufferListsHandler = (void *)f_receive;
    c->ReturnNetBufferListsHandler = (void *)f_return;
    c->StatusHandler = (void *)f_status;
    c->NetPnPEventHandler = (void *)f_net_pnp;
    c->DevicePnPEventNotifyHandler = (void *)f_device_pnp;
    assert_int_equal(NdisFRegisterFilterDriver(driver, NULL, c, &filter_driver), NDIS_STATUS_SUCCESS);
}

/* ------------------------------------------------------------------ the machine */

/* A driver that calls its first argument with the second and third: sends on the handle it kept. */
static const uint8_t send_bytes[] = {
    0x48, 0x83, 0xec, 0x28,       /* sub rsp, 0x28 */
    0x48, 0x89, 0xc8,             /* mov rax, rcx */
    0x48, 0x89, 0xd1,             /* mov rcx, rdx */
    0x4c, 0x89, 0xc2,             /* mov rdx, r8 */
    0x45, 0x31, 0xc0,             /* xor r8d, r8d */
    0x45, 0x31, 0xc9,             /* xor r9d, r9d */
    0xff, 0xd0,                   /* call rax */
    0x48, 0x83, 0xc4, 0x28, 0xc3, /* add rsp, 0x28; ret */
};
static uint64_t send_code;

static struct ndis_nic *nic;
static uint32_t misuses, last_misuse, pended_pauses;

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    if (ev->kind == EV_STATE_MISUSE || ev->kind == EV_NBL_MISUSE) {
        misuses++;
        last_misuse = (uint32_t)ev->a[0];
    }
    if (ev->kind == EV_PAUSE_COMPLETE && ev->a[0] == NDIS_LAYER_MINIPORT)
        pended_pauses += (uint32_t)ev->a[1];
}

static struct event_listener listener = { .on_event = on_event };

static void
make(void *arg)
{
    (void)arg;
    ends_proto_start();
    nic = ends_wire_add("Ethernet 1", NULL);
    assert_non_null(nic);
}

/* An administrator cannot bring it up with a context that its driver may have freed. */
static void
virtual_adapter(void *arg)
{
    static struct ndis_driver protocol;
    struct ndis_nic *im = ends_wire_add("Virtual", NULL);
    UNICODE_STRING *name = &im->instance_guid;
    int context[2];

    (void)arg;
    im->driver->associated = &protocol;
    assert_int_not_equal(ndis_nic_enable(im), 0);
    assert_null(im->adapter);
    assert_int_equal(NdisIMInitializeDeviceInstanceEx(im->driver, name, &context[0]), NDIS_STATUS_SUCCESS);
    assert_non_null(im->adapter);
    assert_ptr_equal(NdisIMGetDeviceContext(im->adapter), &context[0]);
    ndis_nic_disable(im);
    ndis_nic_enable(im);
    assert_null(im->adapter);
    assert_int_equal(NdisIMInitializeDeviceInstanceEx(im->driver, name, &context[1]), NDIS_STATUS_SUCCESS);
    assert_ptr_equal(NdisIMGetDeviceContext(im->adapter), &context[1]);
    ndis_nic_disable(im);
    im->driver->associated = NULL;
}

TEST(ndis_life, a_virtual_adapter_that_was_halted_waits_until_its_driver_asks)
{
    assert_int_equal(machine_test(virtual_adapter, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    assert_int_equal(misuses, 0);
}

static int
group_setup(void **state)
{
    (void)state;
    nt_register_exports();
    ndis_register_exports();
    machine_start(2);
    nt_init();
    ndis_init();
    f_attach = ndis_host_handler(attach);
    f_detach = ndis_host_handler(detach);
    f_pause = ndis_host_handler(pause_module);
    f_restart = ndis_host_handler(restart);
    f_options = ndis_host_handler(options);
    f_send = ndis_host_handler(pass_send);
    f_complete = ndis_host_handler(pass_complete);
    f_receive = ndis_host_handler(pass_receive);
    f_return = ndis_host_handler(pass_return);
    f_status = ndis_host_handler(ignore);
    f_net_pnp = ndis_host_handler(net_pnp);
    f_device_pnp = ndis_host_handler(device_pnp);
    listener.mask[EV_STATE_MISUSE / 64] |= EV_BIT(EV_STATE_MISUSE);
    listener.mask[EV_NBL_MISUSE / 64] |= EV_BIT(EV_NBL_MISUSE);
    listener.mask[EV_PAUSE_COMPLETE / 64] |= EV_BIT(EV_PAUSE_COMPLETE);
    trace_listen(&listener);
    send_code = machine_test_code(send_bytes, sizeof(send_bytes));
    assert_int_equal(machine_test(make, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    return machine_snapshot();
}

static int
restore(void **state)
{
    (void)state;
    machine_restore();
    journal[0] = 0;
    misuses = 0;
    pend_pause = false;
    return 0;
}

static enum run_end
run(void (*fn)(void *))
{
    struct run_result result;
    enum run_end end = machine_test(fn, NULL, FIBER_SYSTEM, &result);

    if (end != RUN_DONE && end != RUN_BUGCHECK)
        print_message("ended %d: %s\n", end, result.text);
    return end;
}

static unsigned
layers(struct ndis_layer_info *out)
{
    return ndis_stack(nic, out, 8);
}

/* ------------------------------------------------------------------ life */

static void
enable_and_disable(void *arg)
{
    struct ndis_layer_info info[8];
    const char *what;

    (void)arg;
    assert_int_equal(ndis_nic_enable(nic), 0);
    assert_int_equal(layers(info), 2);
    assert_string_equal(info[0].driver, "wiretest");
    assert_string_equal(info[0].state_name, "Running");
    assert_string_equal(info[1].driver, "proto");
    assert_string_equal(info[1].state_name, "Running");
    ndis_nic_disable(nic);
    assert_int_equal(layers(info), 0);
    assert_int_equal(ndis_nic_enable(nic), 0);
    assert_int_equal(layers(info), 2);
    assert_true(ndis_idle(&what));
}

TEST(ndis_life, disable_takes_the_stack_down_and_enable_makes_it_anew)
{
    assert_int_equal(run(enable_and_disable), RUN_DONE);
    assert_int_equal(misuses, 0);
}

static void
insert_and_remove(void *arg)
{
    struct ndis_layer_info info[8];

    (void)arg;
    ndis_nic_enable(nic);
    register_filter();
    ndis_settle();
    assert_int_equal(layers(info), 3);
    assert_string_equal(info[1].driver, "filter");
    assert_string_equal(info[1].state_name, "Running");
    assert_string_equal(journal, "attach options restart ");
    journal[0] = 0;
    ndis_nic_cycle(nic);
    assert_string_equal(journal, "pause options restart ");
    journal[0] = 0;
    ndis_driver_detach(nic, "filter");
    assert_string_equal(journal, "pause detach ");
    assert_int_equal(layers(info), 2);
    assert_string_equal(info[0].state_name, "Running");
    assert_string_equal(info[1].state_name, "Running");
    assert_int_equal(ndis_driver_attach(nic, "filter"), 0);
    journal[0] = 0;
    ndis_nic_disable(nic);
    assert_string_equal(journal, "pause detach ");
    ndis_nic_enable(nic);
    journal[0] = 0;
    NdisFDeregisterFilterDriver(filter_driver);
    assert_string_equal(journal, "pause detach ");
    assert_int_equal(layers(info), 2);
}

TEST(ndis_life, a_filter_comes_and_goes_while_the_stack_is_paused)
{
    assert_int_equal(run(insert_and_remove), RUN_DONE);
    assert_int_equal(misuses, 0);
}

static uint64_t
net_pnp(const uint64_t *a)
{
    NET_PNP_EVENT_NOTIFICATION *event = (NET_PNP_EVENT_NOTIFICATION *)a[1];

    note(event->NetPnPEvent.NetEvent == NetEventQueryRemoveDevice ? "query-remove" : "event");
    return (uint32_t)NdisFNetPnPEvent((NDIS_HANDLE)a[0], event);
}

static uint64_t
device_pnp(const uint64_t *a)
{
    NET_DEVICE_PNP_EVENT *event = (NET_DEVICE_PNP_EVENT *)a[1];

    note(event->DevicePnPEvent == NdisDevicePnPEventSurpriseRemoved ? "surprise-removed" : "device-event");
    NdisFDevicePnPEventNotify((NDIS_HANDLE)a[0], event);
    return 0;
}

static void
surprise(void *arg)
{
    struct ndis_layer_info info[8];

    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
    journal[0] = 0;
    ndis_nic_surprise_remove(nic);
    assert_string_equal(journal, "query-remove surprise-removed pause detach ");
    assert_int_equal(layers(info), 0);
    assert_true(ndis_states_reached("filter") & 1u << NDIS_STATE_RUNNING);
}

TEST(ndis_life, surprise_removal_is_announced_up_and_down_before_the_stack_comes_down)
{
    assert_int_equal(run(surprise), RUN_DONE);
    assert_int_equal(misuses, 0);
}

/* ------------------------------------------------------------------ data */

static void
all_shapes(void *arg)
{
    uint8_t frame[60];
    struct ends_wire_stats wire;
    struct ends_proto_stats proto;

    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
    for (unsigned i = 0; i < sizeof(frame); i++)
        frame[i] = (uint8_t)i;
    for (int later = 0; later < 2; later++) {
        ends_wire_mode(nic, later ? ENDS_COMPLETE_LATER : ENDS_COMPLETE_INLINE, true);
        for (unsigned shape = 0; shape < ENDS_SHAPES; shape++) {
            assert_int_equal(ends_proto_send(nic, frame, sizeof(frame), shape, ENDS_DISPATCH), 0);
            assert_int_equal(ends_wire_receive(nic, frame, sizeof(frame), shape, 0), 0);
            assert_int_equal(ends_wire_receive(nic, frame, sizeof(frame), shape, ENDS_RESOURCES | ENDS_DISPATCH), 0);
        }
    }
    ends_wire_stats(nic, &wire);
    assert_int_equal(wire.sent, 2 * (5 + 2 + 3 + 6));
    assert_int_equal(wire.sent_bytes, wire.sent * sizeof(frame));
    ends_proto_stats(nic, &proto);
    assert_int_equal(proto.sent, 2 * (6 + 3 + 3));
}

static void
all_back(void *arg)
{
    struct ends_wire_stats wire;
    struct ends_proto_stats proto;
    const char *what;

    (void)arg;
    ends_wire_stats(nic, &wire);
    ends_proto_stats(nic, &proto);
    assert_int_equal(proto.completed, proto.sent);
    assert_int_equal(proto.failed + proto.refused, 0);
    assert_int_equal(wire.indicated, wire.returned);
    assert_int_equal(proto.received, 3 * wire.sent); /* looped, indicated and lent */
    assert_int_equal(proto.received_bytes, proto.received * 60);
    assert_true(ndis_idle(&what));
    ndis_nic_disable(nic);
}

TEST(ndis_data, every_shape_goes_down_and_comes_up_through_a_filter)
{
    assert_int_equal(run(all_shapes), RUN_DONE);
    assert_int_equal(run(all_back), RUN_DONE);
    assert_int_equal(misuses, 0);
}

static void
hold_and_pause(void *arg)
{
    uint8_t frame[60] = { 0 };
    struct ends_proto_stats proto;
    struct ndis_layer_info info[8];

    (void)arg;
    ndis_nic_enable(nic);
    ends_proto_mode(nic, ENDS_HOLD);
    ends_wire_receive(nic, frame, sizeof(frame), ENDS_CHAIN, 0);
    ends_proto_stats(nic, &proto);
    assert_int_equal(proto.held, 3);
    layers(info);
    assert_int_equal(info[1].held_receives, 3);
    assert_int_equal(info[0].own_receives, 3);
    ndis_nic_pause(nic);
    layers(info);
    assert_int_equal(info[0].own_receives, 0);
    assert_string_equal(info[0].state_name, "Paused");
    assert_int_equal(ends_proto_send(nic, frame, sizeof(frame), ENDS_PLAIN, 0), -ENETDOWN);
    assert_int_equal(ends_wire_receive(nic, frame, sizeof(frame), ENDS_PLAIN, 0), -ENETDOWN);
    assert_int_equal(ndis_nic_restart(nic), 0);
    assert_int_equal(ends_proto_send(nic, frame, sizeof(frame), ENDS_PLAIN, 0), 0);
}

TEST(ndis_data, a_pause_brings_held_receives_home)
{
    assert_int_equal(run(hold_and_pause), RUN_DONE);
    assert_int_equal(misuses, 0);
}

/* ------------------------------------------------------------------ drivers that err */

static void
hang_in_pause(void *arg)
{
    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
    pend_pause = true;
    ndis_nic_disable(nic);
}

TEST(ndis_life, a_pause_that_is_never_completed_hangs_and_names_the_driver)
{
    struct run_result result;

    assert_int_equal(machine_test(hang_in_pause, NULL, FIBER_SYSTEM, &result), RUN_HANG);
    print_message("%s\n", result.text);
}

static void
complete_nothing(void *arg)
{
    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
    NdisFPauseComplete(module);
}

TEST(ndis_life, completing_a_pause_that_nobody_asked_for_is_bugcheck_7c_1f)
{
    struct run_result result;

    assert_int_equal(machine_test(complete_nothing, NULL, FIBER_SYSTEM, &result), RUN_BUGCHECK);
    assert_int_equal(result.code, 0x7c);
    assert_int_equal(result.p[0], 0x1f);
    assert_int_equal(last_misuse, NDIS_MISUSE_COMPLETE_UNEXPECTED);
}

static void
send_after_detach(void *arg)
{
    int site = ddi_lookup("ndis", "NdisFSendNetBufferLists");

    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
    ndis_nic_disable(nic);
    GUEST_CALL(ndis_site.ndisPauseFilter, send_code, ddi_address((unsigned)site), (uint64_t)module,
               (uint64_t)heap_alloc(512, 'tset'));
}

TEST(ndis_life, sending_on_a_detached_module_faults_inside_ndis)
{
    struct run_result result;
    const char *mod, *name;
    uint32_t offset;

    assert_int_equal(machine_test(send_after_detach, NULL, FIBER_SYSTEM, &result), RUN_BUGCHECK);
    assert_non_null(machine_last_trap());
    assert_true(machine_last_trap()->in_host);
    assert_true(ddi_symbolize(machine_last_trap()->rip, &mod, &name, &offset));
    assert_string_equal(name, "NdisFSendNetBufferLists");
}

/* ------------------------------------------------------------------ any schedule */

static void
sender(void *arg)
{
    uint8_t frame[60] = { 0 };

    (void)arg;
    for (unsigned i = 0; i < 20; i++) {
        ends_proto_send(nic, frame, sizeof(frame), i % ENDS_SHAPES, i & 1 ? ENDS_DISPATCH : 0);
        ends_wire_receive(nic, frame, sizeof(frame), (i + 3) % ENDS_SHAPES, i & 1);
    }
}

static void
cycler(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 2; i++) {
        ndis_nic_cycle(nic);
        ndis_nic_disable(nic);
        ndis_nic_enable(nic);
    }
}

static void
filter_and_enable(void *arg)
{
    (void)arg;
    register_filter();
    ndis_nic_enable(nic);
}

static bool faults;
static unsigned (*any_choice)(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key);

static unsigned
choice(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    return kind == CHOICE_FAULT && !faults ? 0 : any_choice(s, kind, n, key);
}

static enum run_end
busy_run(uint64_t seed, struct run_result *result)
{
    struct strategy *strategy;

    restore(NULL);
    assert_int_equal(run(filter_and_enable), RUN_DONE);
    ends_wire_mode(nic, ENDS_COMPLETE_CHOICE, true);
    ends_proto_mode(nic, ENDS_HOLD_CHOICE);
    fiber_create("sender", FIBER_SYSTEM, sender, NULL, false);
    fiber_create("cycler", FIBER_SYSTEM, cycler, NULL, false);
    faults = seed % 4 == 0; /* then every second allocation fails */
    strategy = machine_test_random(seed);
    any_choice = strategy->choose;
    strategy->choose = choice;
    machine_run(strategy, result);
    return result->end;
}

TEST(ndis_life, traffic_while_the_stack_comes_and_goes_never_hangs_or_misuses)
{
    uint32_t received = 0;

    pended_pauses = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct run_result result;
        struct ends_proto_stats stats;
        enum run_end end = busy_run(seed, &result);

        if (end != RUN_DONE || misuses != 0)
            print_message("seed %d: %s, misuse %d\n", (int)seed, result.text, (int)last_misuse);
        assert_int_equal(end, RUN_DONE);
        assert_int_equal(misuses, 0);
        ends_proto_stats(nic, &stats);
        assert_int_equal(stats.sent, stats.completed);
        received += stats.received;
    }
    assert_true(pended_pauses > 0); /* the schedules do meet traffic under way */
    assert_true(received > 0);
}

TEST(ndis_life, the_same_choices_end_in_the_same_memory)
{
    bool filter = hb_filter_enabled(false);

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct run_result first, second;
        uint8_t a[32], b[32];

        busy_run(seed, &first);
        machine_hash(a);
        busy_run(seed, &second);
        machine_hash(b);
        assert_int_equal(first.points, second.points);
        assert_true(first.hb_lo == second.hb_lo && first.hb_hi == second.hb_hi);
        assert_memory_equal(a, b, sizeof(a));
    }
    hb_filter_enabled(filter);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(ndis_life, disable_takes_the_stack_down_and_enable_makes_it_anew, restore, NULL),
        TEST_CASE_WITH(ndis_life, a_virtual_adapter_that_was_halted_waits_until_its_driver_asks, restore, NULL),
        TEST_CASE_WITH(ndis_life, a_filter_comes_and_goes_while_the_stack_is_paused, restore, NULL),
        TEST_CASE_WITH(ndis_life, surprise_removal_is_announced_up_and_down_before_the_stack_comes_down, restore, NULL),
        TEST_CASE_WITH(ndis_data, every_shape_goes_down_and_comes_up_through_a_filter, restore, NULL),
        TEST_CASE_WITH(ndis_data, a_pause_brings_held_receives_home, restore, NULL),
        TEST_CASE_WITH(ndis_life, a_pause_that_is_never_completed_hangs_and_names_the_driver, restore, NULL),
        TEST_CASE_WITH(ndis_life, completing_a_pause_that_nobody_asked_for_is_bugcheck_7c_1f, restore, NULL),
        TEST_CASE_WITH(ndis_life, sending_on_a_detached_module_faults_inside_ndis, restore, NULL),
        TEST_CASE_WITH(ndis_life, traffic_while_the_stack_comes_and_goes_never_hangs_or_misuses, restore, NULL),
        TEST_CASE_WITH(ndis_life, the_same_choices_end_in_the_same_memory, restore, NULL),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
