/* SPDX-License-Identifier: MIT */
/*
 * What drivers do wrong with IRPs: each mistake is told once, and its right twin says nothing.
 *
 * `lower` owns the device `base` and pends reads (`held`); `upper` is attached and sends reads on with a completion
 * routine. The mistakes are made by a thread that sends IRPs of its own.
 */
#include "test.h"

#include "machine/testing.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

#define DDI(name) ((__typeof__(&name))ddi_address((unsigned)ddi_lookup("ntoskrnl", #name)))

static unsigned io_misuse[32], irp_misuse[0x400];
static unsigned misuses;
static bool wrong;
static struct run_result ended;
static PDEVICE_OBJECT base, top;
static PIRP held;

static NTSTATUS NTAPI
lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_READ) {
        IoMarkIrpPending(irp);
        held = irp;
        return STATUS_PENDING;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    DDI(IofCompleteRequest)(irp, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
on_up(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    if (irp->PendingReturned && !wrong)
        IoMarkIrpPending(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
upper_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, (PIO_COMPLETION_ROUTINE)on_up, NULL, TRUE, TRUE, TRUE);
    return DDI(IofCallDriver)(base, irp);
}

static NTSTATUS NTAPI
entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    static const WCHAR text[] = u"\\Device\\base";
    UNICODE_STRING name = { sizeof(text) - 2, sizeof(text), (PWCH)(uintptr_t)text };

    (void)path;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        object->MajorFunction[i] = (PDRIVER_DISPATCH)(base == NULL ? lower_dispatch : upper_dispatch);
    if (base == NULL)
        return DDI(IoCreateDevice)(object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &base);
    if (DDI(IoCreateDevice)(object, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top) == STATUS_SUCCESS)
        DDI(IoAttachDeviceToDeviceStack)(top, base);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
take_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* An IRP of our own for base, with its stack location filled. */
static PIRP
own_irp(UCHAR major, CCHAR locations)
{
    PIRP irp = IoAllocateIrp(locations, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = major;
    IoSetCompletionRoutine(irp, (PIO_COMPLETION_ROUTINE)take_back, NULL, TRUE, TRUE, TRUE);
    return irp;
}

static void
finish_held(void)
{
    held->IoStatus.Status = STATUS_SUCCESS;
    IofCompleteRequest(held, 0);
}

/* ------------------------------------------------------------------ the mistakes */

static void
free_in_flight(void)
{
    PIRP irp = own_irp(IRP_MJ_READ, 1);

    IofCallDriver(base, irp);
    if (!wrong)
        finish_held();
    IoFreeIrp(irp);
}

static void
reuse_in_flight(void)
{
    PIRP irp = own_irp(IRP_MJ_READ, 1);

    IofCallDriver(base, irp);
    if (!wrong)
        finish_held();
    IoReuseIrp(irp, STATUS_SUCCESS);
}

static void
reuse_of_a_built_irp(void)
{
    PIRP irp = wrong ? IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, base, NULL, 0, NULL, NULL)
                     : IoAllocateIrp(1, FALSE);

    IoReuseIrp(irp, STATUS_SUCCESS);
}

static void
send_without_a_location(void)
{
    PIRP irp = own_irp(IRP_MJ_DEVICE_CONTROL, 2);

    if (wrong)
        memset(IoGetNextIrpStackLocation(irp), 0, sizeof(IO_STACK_LOCATION));
    irp->Tail.Overlay.Thread = ps_current_thread();
    io_irp_issue(irp); /* so that it may run off the top */
    IofCallDriver(base, irp);
}

static void
send_too_high(void)
{
    PIRP irp = own_irp(wrong ? IRP_MJ_PNP : IRP_MJ_DEVICE_CONTROL, 1);
    uint8_t old = irql_raise(IRQL_DISPATCH);

    IofCallDriver(base, irp);
    irql_lower(old);
}

static VOID NTAPI
keep_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (!wrong)
        DDI(IoReleaseCancelSpinLock)(irp->CancelIrql);
}

static void
send_with_a_cancel_routine(void)
{
    PIRP irp = own_irp(IRP_MJ_DEVICE_CONTROL, 1);

    IoSetCancelRoutine(irp, wrong ? (PDRIVER_CANCEL)keep_lock : NULL);
    IofCallDriver(base, irp);
}

static void
lose_the_pending_mark(void)
{
    PIRP irp = own_irp(IRP_MJ_READ, 2);

    IofCallDriver(top, irp);
    finish_held();
}

static void
complete_under_a_lock(void)
{
    PKSPIN_LOCK lock = heap_alloc(sizeof(*lock), 'tset');
    KIRQL old;

    IofCallDriver(base, own_irp(IRP_MJ_READ, 1));
    KeInitializeSpinLock(lock);
    old = KeAcquireSpinLockRaiseToDpc(lock);
    if (wrong)
        finish_held();
    KeReleaseSpinLock(lock, old);
    if (!wrong)
        finish_held();
}

static void
keep_the_cancel_lock(void)
{
    PIRP irp = own_irp(IRP_MJ_READ, 1);

    IoSetNextIrpStackLocation(irp);
    IoSetCancelRoutine(irp, (PDRIVER_CANCEL)keep_lock);
    IoCancelIrp(irp);
    if (wrong)
        IoReleaseCancelSpinLock(irp->CancelIrql);
}

static void
cancel_anothers_irp(void)
{
    WCHAR text[32];
    UNICODE_STRING name = ob_text("\\Device\\base", text, 32);
    IO_STATUS_BLOCK *iosb = heap_alloc(sizeof(*iosb), 'tset');
    OBJECT_ATTRIBUTES oa;
    HANDLE h;

    if (!wrong) {
        IofCallDriver(base, own_irp(IRP_MJ_READ, 1));
        IoCancelIrp(held);
        return;
    }
    InitializeObjectAttributes(&oa, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    ZwOpenFile(&h, GENERIC_READ, &oa, iosb, 0, 0);
    wrong = false; /* upper marks properly */
    ZwReadFile(h, NULL, NULL, NULL, iosb, heap_alloc(16, 'tset'), 16, NULL, NULL);
    IoCancelIrp(held);
}

/* ------------------------------------------------------------------ running them */

static void
boot(void *arg)
{
    DRIVER_OBJECT *driver;

    io_driver_create(u"lower", (uint64_t)entry, LAYOUT_IMAGE_BASE, 0x1000, &driver);
    io_driver_start(driver);
    io_driver_create(u"upper", (uint64_t)entry, LAYOUT_IMAGE_BASE + 0x1000, 0x1000, &driver);
    io_driver_start(driver);
    ((void (*)(void))arg)();
}

static void
listen(void *context, const struct event *ev)
{
    (void)context;
    misuses++;
    if (ev->kind == EV_IO_MISUSE && ev->a[0] < 32)
        io_misuse[ev->a[0]]++;
    if (ev->kind == EV_IRP_MISUSE && ev->a[0] < 0x400)
        irp_misuse[ev->a[0]]++;
}

static struct event_listener listener = { .on_event = listen };

static void
run(void (*what)(void), bool wrongly)
{
    machine_restore();
    memset(io_misuse, 0, sizeof(io_misuse));
    memset(irp_misuse, 0, sizeof(irp_misuse));
    misuses = 0;
    base = top = NULL;
    held = NULL;
    wrong = wrongly;
    CHECK_EQ(machine_test(boot, (void *)what, FIBER_SYSTEM, &ended), RUN_DONE);
}

/* The mistake is told once and nothing else is; the twin is quiet. */
static void
check(void (*what)(void), unsigned *count)
{
    run(what, true);
    CHECK_EQ(*count, 1);
    CHECK_EQ(misuses, 1);
    run(what, false);
    CHECK_EQ(misuses, 0);
}

TEST(misuse, freeing_an_irp_that_a_lower_driver_has)
{
    check(free_in_flight, &io_misuse[IO_MISUSE_FREED_IN_FLIGHT]);
}

TEST(misuse, reusing_an_irp_that_a_lower_driver_has)
{
    check(reuse_in_flight, &io_misuse[IO_MISUSE_REUSED]);
}

TEST(misuse, reusing_an_irp_that_was_built)
{
    check(reuse_of_a_built_irp, &io_misuse[IO_MISUSE_REUSED]);
}

TEST(misuse, sending_an_irp_without_a_stack_location)
{
    check(send_without_a_location, &io_misuse[IO_MISUSE_STACK_NOT_SET]);
}

TEST(misuse, sending_a_pnp_irp_at_dispatch_level)
{
    check(send_too_high, &io_misuse[IO_MISUSE_FORWARD_IRQL]);
}

TEST(misuse, sending_an_irp_with_a_cancel_routine)
{
    run(send_with_a_cancel_routine, true);
    CHECK_EQ(irp_misuse[IO_RULE_FORWARD_CANCEL_SET], 1);
    CHECK_EQ(irp_misuse[IO_RULE_CANCEL_ROUTINE_SET], 1); /* and below it is completed so */
    run(send_with_a_cancel_routine, false);
    CHECK_EQ(misuses, 0);
}

TEST(misuse, letting_a_pended_irp_go_on_without_the_mark)
{
    run(lose_the_pending_mark, true);
    CHECK_EQ(irp_misuse[IO_RULE_PENDING_LOST], 1);
    CHECK_EQ(irp_misuse[IO_RULE_NOT_MARKED], 1); /* so the upper driver's location was left unmarked */
    run(lose_the_pending_mark, false);
    CHECK_EQ(misuses, 0);
}

TEST(misuse, completing_an_irp_with_a_spin_lock_held)
{
    check(complete_under_a_lock, &io_misuse[IO_MISUSE_COMPLETED_LOCKED]);
}

TEST(misuse, returning_from_a_cancel_routine_with_the_cancel_lock)
{
    check(keep_the_cancel_lock, &io_misuse[IO_MISUSE_CANCEL_LOCK_KEPT]);
}

TEST(misuse, cancelling_an_irp_of_the_io_manager)
{
    check(cancel_anothers_irp, &io_misuse[IO_MISUSE_CANCEL_FOREIGN]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(misuse, freeing_an_irp_that_a_lower_driver_has),
        TEST_CASE(misuse, reusing_an_irp_that_a_lower_driver_has),
        TEST_CASE(misuse, reusing_an_irp_that_was_built),
        TEST_CASE(misuse, sending_an_irp_without_a_stack_location),
        TEST_CASE(misuse, sending_a_pnp_irp_at_dispatch_level),
        TEST_CASE(misuse, sending_an_irp_with_a_cancel_routine),
        TEST_CASE(misuse, letting_a_pended_irp_go_on_without_the_mark),
        TEST_CASE(misuse, completing_an_irp_with_a_spin_lock_held),
        TEST_CASE(misuse, returning_from_a_cancel_routine_with_the_cancel_lock),
        TEST_CASE(misuse, cancelling_an_irp_of_the_io_manager),
    };

    listener.mask[EV_IRP_MISUSE / 64] |= EV_BIT(EV_IRP_MISUSE);
    listener.mask[EV_IO_MISUSE / 64] |= EV_BIT(EV_IO_MISUSE);
    trace_listen(&listener);
    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
