/* SPDX-License-Identifier: MIT */
/*
 * unit/nt/echo.h - a driver for tests of requests from a program to a driver and back, and a machine to run it in.
 *
 * The driver is code of this file, entered and calling as a driver does: GUEST_CALL in, export slots out. Its device
 * \Device\echo keeps reads until a write comes, completes writes at once, and does per test what `script` says.
 */
#ifndef UNIT_NT_ECHO_H
#define UNIT_NT_ECHO_H

#include "test.h"

#include "machine/testing.h"
#include "nt/ex/ex.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/io/user.h"
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

#define DDI(name) ((__typeof__(&name))ddi_address((unsigned)ddi_lookup("ntoskrnl", #name)))

/* What the driver should get wrong, or how it should work. */
static enum {
    PROPER,
    WRITE_PENDS_UNMARKED, /* returns STATUS_PENDING, completed, never marked */
    WRITE_MARKS_ONLY,     /* marks, completes, returns the status */
    WRITE_WRONG_STATUS,
    WRITE_FORGETS, /* returns success without completing */
    WRITE_COMPLETES_TWICE,
    READ_IGNORES_CANCEL,
    CLEANUP_NOTHING,
    CREATE_REFUSES,
} script;

/* Driver-side state; lives in the test, not in the arena, so setup clears it. */
static struct {
    PDEVICE_OBJECT device;
    PIRP queue[8];
    unsigned queued;
    char log[256];
    uint64_t stack[6];
    PVOID system_buffer, user_buffer;
    PMDL mdl;
} drv;

static unsigned misuse[8], misuses;
static NTSTATUS status[16];
static uint64_t information[16];
static struct run_result ended;
static DRIVER_OBJECT *driver;
static void *shared_handle; /* between the programs of a test */

static void
note(const char *what)
{
    strcat(drv.log, what);
    strcat(drv.log, " ");
}

/* ------------------------------------------------------------------ the driver */

static NTSTATUS
complete(PIRP irp, NTSTATUS with, ULONG_PTR info)
{
    irp->IoStatus.Status = with;
    irp->IoStatus.Information = info;
    DDI(IofCompleteRequest)(irp, 0);
    return with;
}

static NTSTATUS NTAPI
on_create(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("create");
    return complete(irp, script == CREATE_REFUSES ? STATUS_ACCESS_DENIED : STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI
on_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("cleanup");
    while (script != CLEANUP_NOTHING && drv.queued > 0) {
        PIRP old = drv.queue[--drv.queued];

        if (IoSetCancelRoutine(old, NULL) != NULL)
            complete(old, STATUS_CANCELLED, 0);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI
on_close(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("close");
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI
on_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("cancel");
    for (unsigned i = 0; i < drv.queued; i++)
        if (drv.queue[i] == irp)
            drv.queue[i] = drv.queue[--drv.queued];
    DDI(IoReleaseCancelSpinLock)(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI
on_read(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    note("read");
    IoMarkIrpPending(irp);
    drv.queue[drv.queued++] = irp;
    if (script != READ_IGNORES_CANCEL)
        IoSetCancelRoutine(irp, (PDRIVER_CANCEL)on_cancel);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI
on_write(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sl = IoGetCurrentIrpStackLocation(irp);
    ULONG length = sl->Parameters.Write.Length;
    struct fiber *f = fiber_self();

    (void)device;
    note("write");
    drv.system_buffer = irp->AssociatedIrp.SystemBuffer;
    drv.user_buffer = irp->UserBuffer;
    drv.mdl = irp->MdlAddress;
    for (unsigned i = 0; i < f->frame_count && i < 6; i++)
        drv.stack[i] = f->frame[i].site;
    if (drv.queued > 0) {
        PIRP read = drv.queue[--drv.queued];

        if (IoSetCancelRoutine(read, NULL) != NULL) {
            memcpy(read->AssociatedIrp.SystemBuffer, drv.system_buffer, length);
            complete(read, STATUS_SUCCESS, length);
        }
    }
    switch (script) {
    case WRITE_PENDS_UNMARKED:
        complete(irp, STATUS_SUCCESS, length);
        return STATUS_PENDING;
    case WRITE_MARKS_ONLY:
        IoMarkIrpPending(irp);
        return complete(irp, STATUS_SUCCESS, length);
    case WRITE_WRONG_STATUS:
        complete(irp, STATUS_UNSUCCESSFUL, 0);
        return STATUS_SUCCESS;
    case WRITE_FORGETS:
        return STATUS_SUCCESS;
    case WRITE_COMPLETES_TWICE:
        complete(irp, STATUS_SUCCESS, length);
        DDI(IofCompleteRequest)(irp, 0);
        return STATUS_SUCCESS;
    default:
        return complete(irp, STATUS_SUCCESS, length);
    }
}

static NTSTATUS NTAPI
on_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sl = IoGetCurrentIrpStackLocation(irp);
    ULONG out = sl->Parameters.DeviceIoControl.OutputBufferLength;

    (void)device;
    note("control");
    drv.system_buffer = irp->AssociatedIrp.SystemBuffer;
    drv.user_buffer = irp->UserBuffer;
    drv.mdl = irp->MdlAddress;
    if (METHOD_FROM_CTL_CODE(sl->Parameters.DeviceIoControl.IoControlCode) == METHOD_BUFFERED && out != 0)
        memset(irp->AssociatedIrp.SystemBuffer, 'o', out);
    return complete(irp, STATUS_SUCCESS, out);
}

static VOID NTAPI
on_unload(PDRIVER_OBJECT object)
{
    static const WCHAR link[] = u"\\\?\?\\echo";
    UNICODE_STRING name = { sizeof(link) - 2, sizeof(link), (PWCH)(uintptr_t)link };

    (void)object;
    note("unload");
    DDI(IoDeleteSymbolicLink)(&name);
    DDI(IoDeleteDevice)(drv.device);
}

static NTSTATUS NTAPI
driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    static const WCHAR name_text[] = u"\\Device\\echo", link_text[] = u"\\\?\?\\echo";
    UNICODE_STRING name = { sizeof(name_text) - 2, sizeof(name_text), (PWCH)(uintptr_t)name_text };
    UNICODE_STRING link = { sizeof(link_text) - 2, sizeof(link_text), (PWCH)(uintptr_t)link_text };
    NTSTATUS result;

    (void)path;
    object->MajorFunction[IRP_MJ_CREATE] = (PDRIVER_DISPATCH)on_create;
    object->MajorFunction[IRP_MJ_CLEANUP] = (PDRIVER_DISPATCH)on_cleanup;
    object->MajorFunction[IRP_MJ_CLOSE] = (PDRIVER_DISPATCH)on_close;
    object->MajorFunction[IRP_MJ_READ] = (PDRIVER_DISPATCH)on_read;
    object->MajorFunction[IRP_MJ_WRITE] = (PDRIVER_DISPATCH)on_write;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = (PDRIVER_DISPATCH)on_control;
    object->DriverUnload = (PDRIVER_UNLOAD)on_unload;
    result = DDI(IoCreateDevice)(object, 64, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &drv.device);
    if (!NT_SUCCESS(result))
        return result;
    drv.device->Flags |= DO_BUFFERED_IO;
    return DDI(IoCreateSymbolicLink)(&link, &name);
}

/* ------------------------------------------------------------------ running */

static void
listen(void *context, const struct event *ev)
{
    (void)context;
    if (misuses < 8)
        misuse[misuses++] = (unsigned)ev->a[0];
}

static struct event_listener listener = { .on_event = listen };

static void *process;

static void
start_driver(void)
{
    status[0] = io_driver_create(u"echo", (uint64_t)driver_entry, LAYOUT_IMAGE_BASE, 0x10000, &driver);
    status[1] = io_driver_start(driver);
    process = ps_process_create("prog.exe");
}

static void
program(const char *name, void (*fn)(void *))
{
    CHECK(ps_thread_create(name, FIBER_USER, process, fn, NULL, false, NULL) != NULL);
}

static void (*programs[2])(void *);

static void
boot(void *arg)
{
    (void)arg;
    start_driver();
    for (unsigned i = 0; i < 2; i++)
        if (programs[i] != NULL)
            program(i == 0 ? "first" : "second", programs[i]);
}

static enum run_end
run(void (*first)(void *), void (*second)(void *))
{
    programs[0] = first;
    programs[1] = second;
    return machine_test(boot, NULL, FIBER_SYSTEM, &ended);
}

static int
setup(void **state)
{
    (void)state;
    machine_restore();
    memset(&drv, 0, sizeof(drv));
    memset(status, 0xee, sizeof(status));
    memset(information, 0, sizeof(information));
    misuses = 0;
    script = PROPER;
    return 0;
}

#define CASE(name) TEST_CASE_WITH(io, name, setup, NULL)

static int
echo_main(const struct CMUnitTest *tests, size_t count)
{
    listener.mask[EV_IRP_MISUSE / 64] = EV_BIT(EV_IRP_MISUSE);
    trace_listen(&listener);
    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return _cmocka_run_group_tests("io", tests, count, NULL, NULL);
}

/* The tests of a file, in this order. */
#define ECHO_MAIN(...)                                             \
    int main(void)                                                 \
    {                                                              \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };         \
                                                                   \
        return echo_main(tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
