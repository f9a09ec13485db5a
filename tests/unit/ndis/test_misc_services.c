/* SPDX-License-Identifier: MIT */
/*
 * Events, timers, work items, reader-writer locks, configuration, devices, strings, lists: what NDIS offers drivers.
 */
#include "test.h"

#include "machine/testing.h"
#include "ndis/driver.h"
#include "ndis/misc.h"
#include "nt/cm/cm.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

static ndis_fn f_timer, f_work;
static unsigned fired, worked, misuses;
static uint64_t got[2];
static struct ndis_filter_driver *driver;

static uint64_t
timer_function(const uint64_t *a)
{
    assert_int_equal(irql_get(), IRQL_DISPATCH);
    fired++;
    got[0] = a[1];
    return 0;
}

static uint64_t
work_routine(const uint64_t *a)
{
    assert_int_equal(irql_get(), IRQL_PASSIVE);
    worked++;
    got[0] = a[0];
    NdisFreeIoWorkItem((NDIS_HANDLE)a[1]);
    return 0;
}

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    (void)ev;
    misuses++;
}

static struct event_listener listener = { .on_event = on_event };

static void
make(void *arg)
{
    DRIVER_OBJECT *object = ob_create(NT->ob->variables->IoDriverObjectType, sizeof(*object), 'virD');

    (void)arg;
    driver = ndis_object_alloc(NDIS_SIG_FILTER_DRIVER, sizeof(*driver), "a driver");
    ndis_driver_init(&driver->driver, NDIS_LAYER_FILTER, object, ndis_string("\\Services\\svc"));
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
    f_timer = ndis_host_handler(timer_function);
    f_work = ndis_host_handler(work_routine);
    listener.mask[EV_LOCK_MISUSE / 64] |= EV_BIT(EV_LOCK_MISUSE);
    listener.mask[EV_IO_MISUSE / 64] |= EV_BIT(EV_IO_MISUSE);
    trace_listen(&listener);
    assert_int_equal(machine_test(make, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    return machine_snapshot();
}

static int
restore(void **state)
{
    (void)state;
    machine_restore();
    fired = worked = misuses = 0;
    return 0;
}

static enum run_end
run(void (*fn)(void *), struct run_result *result)
{
    struct run_result local;
    enum run_end end;

    result = result ? result : &local;
    end = machine_test(fn, NULL, FIBER_SYSTEM, result);
    if (end != RUN_DONE && end != RUN_BUGCHECK)
        print_message("ended %d: %s\n", end, result->text);
    return end;
}

/* ------------------------------------------------------------------ events, timers, work items */

static void
events(void *arg)
{
    NDIS_EVENT *event = heap_alloc(sizeof(*event), 'tset');
    uint64_t before = machine->now_100ns;

    (void)arg;
    NdisInitializeEvent(event);
    assert_false(NdisWaitEvent(event, 5));
    assert_true(machine->now_100ns - before >= 50000);
    NdisSetEvent(event);
    assert_true(NdisWaitEvent(event, 0));
    assert_true(NdisWaitEvent(event, 0));
    NdisResetEvent(event);
    assert_false(NdisWaitEvent(event, 1));
    NdisMSleep(1000);
    assert_true(machine->now_100ns - before >= 70000);
}

TEST(ndis_event, is_a_notification_event)
{
    assert_int_equal(run(events, NULL), RUN_DONE);
}

static void
wait_at_dispatch(void *arg)
{
    NDIS_EVENT *event = heap_alloc(sizeof(*event), 'tset');

    (void)arg;
    NdisInitializeEvent(event);
    irql_raise(IRQL_DISPATCH);
    NdisWaitEvent(event, 1);
}

TEST(ndis_event, waiting_at_dispatch_level_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(run(wait_at_dispatch, &result), RUN_BUGCHECK);
    assert_int_equal(result.code, 0x7c);
    assert_int_equal(result.p[0], 0x14);
    assert_int_equal(result.p[1], IRQL_DISPATCH);
}

static NDIS_HANDLE
timer_new(void)
{
    NDIS_TIMER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), 'tset');
    NDIS_HANDLE timer = NULL;

    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS, 1,
                    NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1);
    c->TimerFunction = (PNDIS_TIMER_FUNCTION)f_timer;
    c->FunctionContext = (PVOID)0x11;
    assert_int_equal(NdisAllocateTimerObject(driver, c, &timer), NDIS_STATUS_SUCCESS);
    c->Header.Type = 0;
    assert_int_equal(NdisAllocateTimerObject(driver, c, &timer), NDIS_STATUS_BAD_CHARACTERISTICS);
    return timer;
}

static void
timers(void *arg)
{
    NDIS_HANDLE timer = timer_new();

    (void)arg;
    assert_false(NdisSetTimerObject(timer, (LARGE_INTEGER){ .QuadPart = -10000 }, 0, NULL));
    assert_true(NdisSetTimerObject(timer, (LARGE_INTEGER){ .QuadPart = -20000 }, 0, NULL));
    ke_sleep(-50000, "waits");
    assert_int_equal(fired, 1);
    assert_int_equal(got[0], 0x11);
    NdisSetTimerObject(timer, (LARGE_INTEGER){ .QuadPart = -10000 }, 10, (PVOID)0x22);
    ke_sleep(-250000, "waits");
    assert_int_equal(fired, 4);
    assert_int_equal(got[0], 0x22);
    assert_true(NdisCancelTimerObject(timer));
    assert_false(NdisCancelTimerObject(timer));
    NdisFreeTimerObject(timer);
}

TEST(ndis_timer, fires_periodically_until_cancelled)
{
    assert_int_equal(run(timers, NULL), RUN_DONE);
}

static void
free_running_timer(void *arg)
{
    NDIS_HANDLE timer = timer_new();

    (void)arg;
    NdisSetTimerObject(timer, (LARGE_INTEGER){ .QuadPart = -10000 }, 0, NULL);
    NdisFreeTimerObject(timer);
}

TEST(ndis_timer, freeing_one_that_runs_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(run(free_running_timer, &result), RUN_BUGCHECK);
    assert_int_equal(result.code, 0xc7);
}

static void
work_items(void *arg)
{
    NDIS_HANDLE item = NdisAllocateIoWorkItem(driver);

    (void)arg;
    assert_non_null(item);
    irql_raise(IRQL_DISPATCH);
    NdisQueueIoWorkItem(item, (NDIS_IO_WORKITEM_ROUTINE)f_work, (PVOID)0x33);
    irql_lower(IRQL_PASSIVE);
    ke_sleep(-10000, "waits");
    assert_int_equal(worked, 1);
    assert_int_equal(got[0], 0x33);
}

TEST(ndis_work_item, runs_at_passive_level_and_may_free_itself)
{
    assert_int_equal(run(work_items, NULL), RUN_DONE);
    assert_int_equal(misuses, 0);
}

/* ------------------------------------------------------------------ locks */

static PNDIS_RW_LOCK_EX shared_lock;
static unsigned order;

static void
writer(void *arg)
{
    LOCK_STATE_EX *state = heap_alloc(sizeof(*state), 'tset');

    (void)arg;
    NdisAcquireRWLockWrite(shared_lock, state, 0);
    assert_int_equal(irql_get(), IRQL_DISPATCH);
    assert_int_equal(order, 1);
    order = 2;
    NdisReleaseRWLock(shared_lock, state);
    assert_int_equal(irql_get(), IRQL_PASSIVE);
}

static void
readers_and_writer(void *arg)
{
    LOCK_STATE_EX *state = heap_alloc(2 * sizeof(*state), 'tset');

    (void)arg;
    order = 0;
    shared_lock = NdisAllocateRWLock(NULL);
    NdisAcquireRWLockRead(shared_lock, &state[0], 0);
    ps_thread_create("writer", FIBER_SYSTEM, NULL, writer, NULL, false, NULL);
    sched_give_way();
    NdisAcquireRWLockRead(shared_lock, &state[1], NDIS_RWL_AT_DISPATCH_LEVEL); /* passes the waiting writer */
    order = 1;
    NdisReleaseRWLock(shared_lock, &state[1]);
    NdisReleaseRWLock(shared_lock, &state[0]);
    assert_int_equal(irql_get(), IRQL_PASSIVE);
    ke_sleep(-10000, "waits");
    assert_int_equal(order, 2);
    NdisFreeRWLock(shared_lock);
}

TEST(ndis_rw_lock, a_writer_waits_for_all_readers)
{
    assert_int_equal(run(readers_and_writer, NULL), RUN_DONE);
    assert_int_equal(misuses, 0);
}

static void
old_lock(void *arg)
{
    NDIS_RW_LOCK *lock = heap_alloc(sizeof(*lock), 'tset');
    LOCK_STATE *state = heap_alloc(2 * sizeof(*state), 'tset');

    (void)arg;
    NdisInitializeReadWriteLock(lock);
    NdisAcquireReadWriteLock(lock, TRUE, &state[0]);
    NdisDprAcquireReadWriteLock(lock, FALSE, &state[1]);
    NdisDprReleaseReadWriteLock(lock, &state[1]);
    assert_int_equal(misuses, 0);
    NdisReleaseReadWriteLock(lock, &state[0]);
    assert_int_equal(irql_get(), IRQL_PASSIVE);
    irql_raise(IRQL_DISPATCH);
    NdisDprReleaseReadWriteLock(lock, &state[1]);
    assert_int_equal(misuses, 1);
    irql_lower(IRQL_PASSIVE);
}

TEST(ndis_rw_lock, its_writer_may_come_again_and_a_second_release_is_told)
{
    assert_int_equal(run(old_lock, NULL), RUN_DONE);
}

static void
lists(void *arg)
{
    NDIS_SPIN_LOCK *lock = heap_alloc(sizeof(*lock), 'tset');
    LIST_ENTRY *e = heap_alloc(3 * sizeof(*e), 'tset');

    (void)arg;
    NdisAllocateSpinLock(lock);
    e[0].Flink = e[0].Blink = &e[0];
    assert_null(NdisInterlockedInsertTailList(&e[0], &e[1], lock));
    assert_ptr_equal(NdisInterlockedInsertHeadList(&e[0], &e[2], lock), &e[1]);
    assert_ptr_equal(NdisInterlockedRemoveHeadList(&e[0], lock), &e[2]);
    assert_ptr_equal(NdisInterlockedRemoveHeadList(&e[0], lock), &e[1]);
    assert_null(NdisInterlockedRemoveHeadList(&e[0], lock));
    NdisFreeSpinLock(lock);
}

TEST(ndis_list, inserts_at_both_ends)
{
    assert_int_equal(run(lists, NULL), RUN_DONE);
    assert_int_equal(misuses, 0);
}

/* ------------------------------------------------------------------ configuration */

static NDIS_HANDLE
open_configuration(void)
{
    NDIS_CONFIGURATION_OBJECT *object = heap_alloc(sizeof(*object), 'tset');
    NDIS_HANDLE handle;

    memset(object, 0, sizeof(*object));
    ndis_header_set(&object->Header, NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1,
                    NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1);
    object->NdisHandle = driver;
    assert_int_equal(NdisOpenConfigurationEx(object, &handle), NDIS_STATUS_SUCCESS);
    return handle;
}

static NDIS_CONFIGURATION_PARAMETER *
read_parameter(NDIS_HANDLE handle, const char *name, NDIS_PARAMETER_TYPE type)
{
    NDIS_CONFIGURATION_PARAMETER *p = NULL;
    NDIS_STATUS status;

    NdisReadConfiguration(&status, &p, handle, ndis_string(name), type);
    assert_true((status == NDIS_STATUS_SUCCESS) == (p != NULL));
    return p;
}

static void
configuration(void *arg)
{
    static const char path[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\svc\\Parameters";
    NDIS_CONFIGURATION_PARAMETER *p, *q;
    NDIS_HANDLE handle, sub;
    NDIS_STATUS status;
    PVOID address;
    UINT length;

    (void)arg;
    assert_int_equal(cm_set_dword(path, "Number", 42), 0);
    assert_int_equal(cm_set_string(path, "Text", "1f"), 0);
    assert_int_equal(cm_set_string(path, "NetworkAddress", "02-00-5E-00-53-aF"), 0);
    assert_int_equal(
        cm_set_dword("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\svc\\Parameters\\Sub", "Deep", 7), 0);
    handle = open_configuration();
    p = read_parameter(handle, "number", NdisParameterInteger);
    assert_int_equal(p->ParameterData.IntegerData, 42);
    q = read_parameter(handle, "Text", NdisParameterHexInteger);
    assert_int_equal(q->ParameterType, NdisParameterInteger);
    assert_int_equal(q->ParameterData.IntegerData, 0x1f);
    q = read_parameter(handle, "Text", NdisParameterString);
    assert_int_equal(q->ParameterData.StringData.Length, 4);
    assert_null(read_parameter(handle, "Nothing", NdisParameterInteger));
    q = read_parameter(handle, "NdisVersion", NdisParameterInteger);
    assert_int_equal(q->ParameterData.IntegerData, NdisGetVersion());
    NdisReadNetworkAddress(&status, &address, &length, handle);
    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    assert_int_equal(length, 6);
    assert_memory_equal(address, "\x02\x00\x5e\x00\x53\xaf", 6);
    NdisWriteConfiguration(&status, handle, ndis_string("Copy"), p);
    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    assert_int_equal(read_parameter(handle, "Copy", NdisParameterInteger)->ParameterData.IntegerData, 42);
    NdisOpenConfigurationKeyByName(&status, handle, ndis_string("Sub"), &sub);
    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    assert_int_equal(read_parameter(sub, "Deep", NdisParameterInteger)->ParameterData.IntegerData, 7);
    NdisCloseConfiguration(sub);
    NdisOpenConfigurationKeyByName(&status, handle, ndis_string("Other"), &sub);
    assert_int_equal(status, NDIS_STATUS_FAILURE);
    NdisCloseConfiguration(handle);
}

TEST(ndis_configuration, reads_numbers_text_and_addresses)
{
    assert_int_equal(run(configuration, NULL), RUN_DONE);
}

/* ------------------------------------------------------------------ devices */

static DEVICE_OBJECT *
register_device(const char *name, const char *link, uint64_t create, NDIS_HANDLE *handle)
{
    NDIS_DEVICE_OBJECT_ATTRIBUTES *a = heap_alloc(sizeof(*a), 'tset');
    PDRIVER_DISPATCH *table = heap_alloc(28 * sizeof(*table), 'tset');
    DEVICE_OBJECT *device;

    memset(a, 0, sizeof(*a));
    memset(table, 0, 28 * sizeof(*table));
    ndis_header_set(&a->Header, NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES, 1,
                    NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1);
    a->DeviceName = ndis_string(name);
    a->SymbolicName = ndis_string(link);
    a->MajorFunctions = table;
    a->ExtensionSize = 24;
    table[IRP_MJ_CREATE] = (PDRIVER_DISPATCH)create;
    if (NdisRegisterDeviceEx(driver, a, &device, handle) != NDIS_STATUS_SUCCESS)
        assert_null(device);
    return device;
}

static void
devices(void *arg)
{
    DRIVER_OBJECT *object = driver->driver.driver_object;
    DEVICE_OBJECT *first, *second;
    NDIS_HANDLE handle, other;

    (void)arg;
    first = register_device("\\Device\\One", "\\DosDevices\\One", 0x1000, &handle);
    assert_non_null(first);
    assert_int_equal(first->Flags & DO_DEVICE_INITIALIZING, 0);
    assert_non_null(NdisGetDeviceReservedExtension(first));
    assert_int_equal((uint64_t)object->MajorFunction[IRP_MJ_CREATE], 0x1000);
    assert_null(register_device("\\Device\\One", "\\DosDevices\\Two", 0x1000, &other));
    assert_null(register_device("\\Device\\Two", "\\DosDevices\\One", 0x1000, &other));
    second = register_device("\\Device\\Two", "\\DosDevices\\Two", 0x2000, &other);
    assert_non_null(second);
    assert_int_equal((uint64_t)object->MajorFunction[IRP_MJ_CREATE], ndis_misc()->dispatch);
    NdisDeregisterDeviceEx(other);
    NdisDeregisterDeviceEx(handle);
    assert_non_null(register_device("\\Device\\One", "\\DosDevices\\One", 0x1000, &handle));
}

TEST(ndis_device, has_a_name_a_link_and_the_drivers_table)
{
    assert_int_equal(run(devices, NULL), RUN_DONE);
}

/* ------------------------------------------------------------------ the rest */

static void
strings(void *arg)
{
    UNICODE_STRING *s = heap_alloc(sizeof(*s), 'tset');

    (void)arg;
    NdisInitializeString(s, (PUCHAR) "abc");
    assert_int_equal(s->Length, 6);
    assert_true(NdisEqualString(s, ndis_string("ABC"), TRUE));
    assert_false(NdisEqualString(s, ndis_string("ABC"), FALSE));
    NdisFreeMemory(s->Buffer, s->MaximumLength, 0);
    assert_int_equal((uint64_t)NdisGetRoutineAddress(ndis_string("NdisSetEvent")),
                     ddi_address((unsigned)ddi_lookup("ndis", "NdisSetEvent")));
    assert_null(NdisGetRoutineAddress(ndis_string("NdisNoSuchRoutine")));
    assert_null(NdisGetRoutineAddress(ndis_string("ndisInvokeStatus")));
    assert_int_equal(NdisSystemProcessorCount(), 2);
}

TEST(ndis_string, is_made_compared_and_freed)
{
    assert_int_equal(run(strings, NULL), RUN_DONE);
}

static void
if_stack_loop(void *arg)
{
    (void)arg;
    for (NET_IFINDEX i = 1; i <= 3; i++) {
        struct ndis_nic *nic = mon_alloc(sizeof(*nic));

        list_init(&nic->links);
        nic->if_index = i;
        list_add_tail(&ndis_root()->nics, &nic->node);
    }
    assert_int_equal(NdisIfAddIfStackEntry(3, 4), NDIS_STATUS_INTERFACE_NOT_FOUND);
    assert_int_equal(NdisIfAddIfStackEntry(3, 2), NDIS_STATUS_SUCCESS);
    NdisIfAddIfStackEntry(2, 1);
    assert_int_equal(NdisIfDeleteIfStackEntry(3, 1), NDIS_STATUS_INTERFACE_NOT_FOUND);
    NdisIfAddIfStackEntry(1, 3);
}

TEST(ndis_interface, a_cycle_in_the_stack_table_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(run(if_stack_loop, &result), RUN_BUGCHECK);
    assert_int_equal(result.p[0], 0x1b);
}

#define CASE(area, name) TEST_CASE_WITH(area, name, restore, NULL)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ndis_event, is_a_notification_event),
        CASE(ndis_event, waiting_at_dispatch_level_is_a_bugcheck),
        CASE(ndis_timer, fires_periodically_until_cancelled),
        CASE(ndis_timer, freeing_one_that_runs_is_a_bugcheck),
        CASE(ndis_work_item, runs_at_passive_level_and_may_free_itself),
        CASE(ndis_rw_lock, a_writer_waits_for_all_readers),
        CASE(ndis_rw_lock, its_writer_may_come_again_and_a_second_release_is_told),
        CASE(ndis_list, inserts_at_both_ends),
        CASE(ndis_configuration, reads_numbers_text_and_addresses),
        CASE(ndis_device, has_a_name_a_link_and_the_drivers_table),
        CASE(ndis_string, is_made_compared_and_freed),
        CASE(ndis_interface, a_cycle_in_the_stack_table_is_a_bugcheck),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
