/* SPDX-License-Identifier: MIT */
/*
 * Device stacks, completion routines, remove locks, timers, StartIo, interfaces, power, kernel-mode files.
 *
 * Two drivers of this file: `lower` owns \Device\base and does what `lower_pends` says, `upper` is attached to it and
 * passes requests on.
 */
#include "test.h"

#include "machine/testing.h"
#include "nt/cm/cm.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/po/po.h"
#include "nt/ps/ps.h"
#include "nt/se/se.h"
#include "trace/event.h"

#define DDI(name) ((__typeof__(&name))ddi_address((unsigned)ddi_lookup("ntoskrnl", #name)))

static char log_text[256];
static NTSTATUS status[24];
static unsigned misuses;
static struct run_result ended;
static DRIVER_OBJECT *lower, *upper;
static PDEVICE_OBJECT base, top;
static bool lower_pends;
static PIRP held;

static void
note(const char *what)
{
    strcat(log_text, what);
    strcat(log_text, " ");
}

static NTSTATUS NTAPI
lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("lower");
    if (lower_pends && IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_READ) {
        IoMarkIrpPending(irp);
        held = irp;
        return STATUS_PENDING;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 7;
    DDI(IofCompleteRequest)(irp, 0);
    return STATUS_SUCCESS;
}

static VOID NTAPI
lower_start(PDEVICE_OBJECT device, PIRP irp)
{
    note("start");
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    DDI(IoStartNextPacket)(device, FALSE);
    DDI(IofCompleteRequest)(irp, 0);
}

static NTSTATUS NTAPI
queue_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    DDI(IoStartPacket)(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI
on_up(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)context;
    note(device == top ? "up" : "up?");
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
upper_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("upper");
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_READ: /* with a routine */
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, (PIO_COMPLETION_ROUTINE)on_up, NULL, TRUE, TRUE, TRUE);
        return DDI(IofCallDriver)(base, irp);
    case IRP_MJ_WRITE: { /* waiting */
        NTSTATUS result;

        DDI(IoForwardIrpSynchronously)(base, irp);
        note("back");
        result = irp->IoStatus.Status;
        DDI(IofCompleteRequest)(irp, 0);
        return result;
    }
    default:
        IoSkipCurrentIrpStackLocation(irp);
        return DDI(IofCallDriver)(base, irp);
    }
}

static NTSTATUS NTAPI
lower_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    static const WCHAR text[] = u"\\Device\\base";
    UNICODE_STRING name = { sizeof(text) - 2, sizeof(text), (PWCH)(uintptr_t)text };

    (void)path;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        object->MajorFunction[i] = (PDRIVER_DISPATCH)lower_dispatch;
    object->DriverStartIo = (PDRIVER_STARTIO)lower_start;
    return DDI(IoCreateDevice)(object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &base);
}

static NTSTATUS NTAPI
upper_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    NTSTATUS result;

    (void)path;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        object->MajorFunction[i] = (PDRIVER_DISPATCH)upper_dispatch;
    result = DDI(IoCreateDevice)(object, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top);
    if (NT_SUCCESS(result) && DDI(IoAttachDeviceToDeviceStack)(top, base) != base)
        result = STATUS_NO_SUCH_DEVICE;
    return result;
}

static void
boot(void)
{
    io_driver_create(u"lower", (uint64_t)lower_entry, LAYOUT_IMAGE_BASE, 0x1000, &lower);
    io_driver_create(u"upper", (uint64_t)upper_entry, LAYOUT_IMAGE_BASE + 0x1000, 0x1000, &upper);
    status[0] = io_driver_start(lower);
    status[1] = io_driver_start(upper);
}

static HANDLE
open_base(void)
{
    WCHAR text[32];
    UNICODE_STRING name = ob_text("\\Device\\base", text, 32);
    OBJECT_ATTRIBUTES oa;
    IO_STATUS_BLOCK iosb;
    HANDLE h;

    InitializeObjectAttributes(&oa, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    status[2] = ZwOpenFile(&h, GENERIC_READ | GENERIC_WRITE, &oa, &iosb, 0, FILE_SYNCHRONOUS_IO_NONALERT);
    return h;
}

static int
setup(void **state)
{
    (void)state;
    machine_restore();
    memset(status, 0xee, sizeof(status));
    log_text[0] = 0;
    misuses = 0;
    lower_pends = false;
    held = NULL;
    return 0;
}

static void
in_thread(void (*fn)(void *))
{
    CHECK_EQ(machine_test(fn, NULL, FIBER_SYSTEM, &ended), RUN_DONE);
}

/* ------------------------------------------------------------------ tests */

static void
forward(void *arg)
{
    IO_STATUS_BLOCK *iosb = heap_alloc(sizeof(*iosb), 'tset');
    char *buffer = heap_alloc(16, 'tset');
    HANDLE h;

    (void)arg;
    boot();
    status[3] = top->StackSize;
    h = open_base();
    log_text[0] = 0;
    status[4] = ZwReadFile(h, NULL, NULL, NULL, iosb, buffer, 16, NULL, NULL);
    status[5] = (NTSTATUS)iosb->Information;
    status[6] = ZwWriteFile(h, NULL, NULL, NULL, iosb, buffer, 16, NULL, NULL);
    status[7] = ZwDeviceIoControlFile(h, NULL, NULL, NULL, iosb, 0x22c000, NULL, 0, NULL, 0);
    ZwClose(h);
}

TEST(stack, a_request_goes_down_and_its_completion_comes_up_through_the_routine)
{
    in_thread(forward);
    CHECK_EQ(status[1], STATUS_SUCCESS);
    CHECK_EQ(status[2], STATUS_SUCCESS);
    CHECK_EQ(status[3], 2);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 7);
    CHECK_EQ(status[6], STATUS_SUCCESS);
    CHECK_EQ(status[7], STATUS_SUCCESS);
    CHECK_STR(log_text, "upper lower up upper lower back upper lower upper lower upper lower ");
    CHECK_EQ(misuses, 0);
}

static void
completer(void *arg)
{
    (void)arg;
    held->IoStatus.Status = STATUS_SUCCESS;
    held->IoStatus.Information = 3;
    IofCompleteRequest(held, 0);
}

static void
forward_pended(void *arg)
{
    IO_STATUS_BLOCK *iosb = heap_alloc(sizeof(*iosb), 'tset');
    char *buffer = heap_alloc(16, 'tset');
    HANDLE h;

    (void)arg;
    lower_pends = true;
    boot();
    h = open_base();
    ps_thread_create("completer", FIBER_SYSTEM, NULL, completer, NULL, false, NULL);
    status[4] = ZwReadFile(h, NULL, NULL, NULL, iosb, buffer, 16, NULL, NULL);
    status[5] = (NTSTATUS)iosb->Information;
    ZwClose(h);
}

TEST(stack, a_pending_mark_travels_up_and_the_caller_waits)
{
    in_thread(forward_pended);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 3);
    CHECK_EQ(misuses, 0);
}

static void
start_io(void *arg)
{
    IO_STATUS_BLOCK *iosb = heap_alloc(sizeof(*iosb), 'tset');
    HANDLE h;

    (void)arg;
    boot();
    lower->MajorFunction[IRP_MJ_DEVICE_CONTROL] = (PDRIVER_DISPATCH)queue_dispatch;
    h = open_base();
    status[4] = ZwDeviceIoControlFile(h, NULL, NULL, NULL, iosb, 0x22c000, NULL, 0, NULL, 0);
    status[5] = base->CurrentIrp == NULL && !base->DeviceQueue.Busy;
    ZwClose(h);
}

TEST(stack, start_io_gets_the_packet_and_the_queue_is_idle_again)
{
    in_thread(start_io);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 1);
    CHECK(strstr(log_text, "start") != NULL);
}

static IO_REMOVE_LOCK *remove_lock;

static void
lock_holder(void *arg)
{
    LARGE_INTEGER second = { .QuadPart = -10000000 };

    (void)arg;
    status[4] = IoAcquireRemoveLockEx(remove_lock, NULL, "", 1, sizeof(*remove_lock));
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    note("release");
    IoReleaseRemoveLockEx(remove_lock, NULL, sizeof(*remove_lock));
}

static void
lock_remover(void *arg)
{
    LARGE_INTEGER moment = { .QuadPart = -1000 };

    (void)arg;
    remove_lock = heap_alloc(sizeof(*remove_lock), 'tset');
    IoInitializeRemoveLockEx(remove_lock, 0, 0, 0, sizeof(*remove_lock));
    ps_thread_create("holder", FIBER_SYSTEM, NULL, lock_holder, NULL, false, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    status[5] = IoAcquireRemoveLockEx(remove_lock, NULL, "", 1, sizeof(*remove_lock));
    IoReleaseRemoveLockAndWaitEx(remove_lock, NULL, sizeof(*remove_lock));
    note("removed");
    status[6] = IoAcquireRemoveLockEx(remove_lock, NULL, "", 1, sizeof(*remove_lock));
}

TEST(stack, removal_waits_for_the_last_holder_and_then_refuses)
{
    in_thread(lock_remover);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_DELETE_PENDING);
    CHECK_STR(log_text, "release removed ");
}

static unsigned ticks;

static VOID NTAPI
on_tick(PDEVICE_OBJECT device, PVOID context)
{
    (void)context;
    if (++ticks == 2)
        DDI(IoStopTimer)(device);
}

static void
timer(void *arg)
{
    LARGE_INTEGER five = { .QuadPart = -50000000 };

    (void)arg;
    boot();
    ticks = 0;
    status[4] = IoInitializeTimer(base, (PIO_TIMER_ROUTINE)on_tick, NULL);
    IoStartTimer(base);
    KeDelayExecutionThread(KernelMode, FALSE, &five);
    status[5] = (NTSTATUS)ticks;
}

TEST(stack, a_device_timer_ticks_each_second_until_stopped)
{
    in_thread(timer);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 2);
}

static VOID NTAPI
on_power(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK iosb)
{
    (void)context;
    note(device == base && minor == IRP_MN_SET_POWER && state.DeviceState == PowerDeviceD3 ? "power" : "power?");
    status[5] = iosb->Status;
}

static void
power(void *arg)
{
    POWER_STATE d3 = { .DeviceState = PowerDeviceD3 };

    (void)arg;
    boot();
    status[4] = PoRequestPowerIrp(base, IRP_MN_SET_POWER, d3, (PREQUEST_POWER_COMPLETE)on_power, NULL, NULL);
    status[6] = PoRequestPowerIrp(base, 0x77, d3, NULL, NULL, NULL);
    PoSetPowerState(base, DevicePowerState, d3);
    status[7] = PoSetPowerState(base, DevicePowerState, d3).DeviceState;
    status[8] = po_send(base, IRP_MN_QUERY_POWER, DevicePowerState, d3, PowerActionNone);
}

TEST(stack, a_power_request_passes_the_stack_and_calls_back)
{
    in_thread(power);
    CHECK_EQ(status[4], STATUS_PENDING);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(status[7], PowerDeviceD3);
    CHECK_EQ(status[8], STATUS_SUCCESS);
    CHECK_STR(log_text, "upper lower power upper lower ");
}

static NTSTATUS NTAPI
on_interface(PVOID message, PVOID context)
{
    const DEVICE_INTERFACE_CHANGE_NOTIFICATION *m = message;

    (void)context;
    note(m->SymbolicLinkName->Length != 0 ? "notified" : "notified?");
    return STATUS_SUCCESS;
}

static void
interfaces(void *arg)
{
    static const GUID guid = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
    UNICODE_STRING link = { 0, 0, NULL };
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    PVOID entry;

    (void)arg;
    boot();
    status[4] = IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)(uintptr_t)&guid, upper,
                                               (PDRIVER_NOTIFICATION_CALLBACK_ROUTINE)on_interface, NULL, &entry);
    base->Flags |= DO_BUS_ENUMERATED_DEVICE; /* as its bus would */
    status[5] = IoRegisterDeviceInterface(base, &guid, NULL, &link);
    status[6] = IoSetDeviceInterfaceState(&link, TRUE);
    status[7] = IoSetDeviceInterfaceState(&link, TRUE);
    status[8] = IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &device);
    ob_dereference(file);
    status[9] = IoUnregisterPlugPlayNotificationEx(entry);
    status[10] = IoSetDeviceInterfaceState(&link, FALSE);
    status[11] = IoSetDeviceInterfaceState(&link, FALSE);
    RtlFreeUnicodeString(&link);
    status[12] = IoRegisterShutdownNotification(base);
    log_text[0] = 0;
    io_shutdown();
}

TEST(stack, an_interface_can_be_opened_while_it_is_enabled)
{
    in_thread(interfaces);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_SUCCESS);
    CHECK_EQ(status[7], STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(status[8], STATUS_SUCCESS);
    CHECK_EQ(status[9], STATUS_SUCCESS);
    CHECK_EQ(status[10], STATUS_SUCCESS);
    CHECK_EQ(status[11], STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_STR(log_text, "upper lower ");
}

static void
secured(void *arg)
{
    WCHAR a[64], b[32];
    UNICODE_STRING sddl = ob_text("D:P(A;;GA;;;SY)", a, 64), name = ob_text("\\Device\\secret", b, 32);
    OBJECT_NAME_INFORMATION *info = heap_alloc(128, 'tset');
    GENERIC_MAPPING *mapping = IoGetFileObjectGenericMapping();
    PDEVICE_OBJECT device;
    ULONG length;

    (void)arg;
    boot();
    status[4] = IoCreateDeviceSecure(lower, 0, &name, FILE_DEVICE_UNKNOWN, 0, TRUE, &sddl, NULL, &device);
    status[5] = se_check(NT->se->admin_token, device->SecurityDescriptor, FILE_READ_DATA, mapping, NULL);
    status[6] = se_check(NT->se->system_token, device->SecurityDescriptor, GENERIC_WRITE, mapping, NULL);
    status[7] = ObQueryNameString(device, info, 8, &length);
    status[8] = ObQueryNameString(device, info, 128, &length);
    status[9] = memcmp(info->Name.Buffer, u"\\Device\\secret", 28) == 0 && info->Name.Length == 28;
    status[10] = IoAllocateDriverObjectExtension(lower, info, 8, (PVOID *)&device);
    status[11] = IoGetDriverObjectExtension(lower, info) == device;
    status[12] = IoAllocateDriverObjectExtension(lower, info, 8, (PVOID *)&device);
}

TEST(stack, a_secured_device_refuses_who_is_not_named)
{
    in_thread(secured);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 0);
    CHECK_EQ(status[6], 1);
    CHECK_EQ(status[7], STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(status[8], STATUS_SUCCESS);
    CHECK_EQ(status[9], 1);
    CHECK_EQ(status[10], STATUS_SUCCESS);
    CHECK_EQ(status[11], 1);
    CHECK_EQ(status[12], STATUS_OBJECT_NAME_COLLISION);
}

static void
listen(void *context, const struct event *ev)
{
    (void)context;
    (void)ev;
    misuses++;
}

static struct event_listener listener = { .on_event = listen };

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(stack, a_request_goes_down_and_its_completion_comes_up_through_the_routine, setup, NULL),
        TEST_CASE_WITH(stack, a_pending_mark_travels_up_and_the_caller_waits, setup, NULL),
        TEST_CASE_WITH(stack, start_io_gets_the_packet_and_the_queue_is_idle_again, setup, NULL),
        TEST_CASE_WITH(stack, removal_waits_for_the_last_holder_and_then_refuses, setup, NULL),
        TEST_CASE_WITH(stack, a_device_timer_ticks_each_second_until_stopped, setup, NULL),
        TEST_CASE_WITH(stack, a_power_request_passes_the_stack_and_calls_back, setup, NULL),
        TEST_CASE_WITH(stack, an_interface_can_be_opened_while_it_is_enabled, setup, NULL),
        TEST_CASE_WITH(stack, a_secured_device_refuses_who_is_not_named, setup, NULL),
    };

    listener.mask[EV_IRP_MISUSE / 64] = EV_BIT(EV_IRP_MISUSE);
    trace_listen(&listener);
    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
