/* SPDX-License-Identifier: MIT */
/*
 * Requests from a program to a driver and back.
 *
 * The driver is code of this file, entered and calling as a driver does: GUEST_CALL in, export slots out. Its device
 * \Device\echo keeps reads until a write comes, completes writes at once, and does per test what `script` says.
 */
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

/* ------------------------------------------------------------------ tests */

static void
open_write_close(void *arg)
{
    char *buffer = user_alloc(16);
    void *h;

    (void)arg;
    memcpy(buffer, "hello", 6);
    status[2] = user_open("\\\\.\\echo", 0, &h);
    status[3] = user_write(h, buffer, 6, &information[3]);
    status[4] =
        user_ioctl(h, CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, 0), buffer, 6, buffer, 12, &information[4]);
    status[5] = buffer[11];
    status[6] = user_close(h);
    status[7] = user_close(h);
}

TEST(io, a_program_opens_writes_controls_and_closes_in_that_order)
{
    CHECK_EQ(run(open_write_close, NULL), RUN_DONE);
    CHECK_EQ(status[0], STATUS_SUCCESS);
    CHECK_EQ(status[1], STATUS_SUCCESS);
    CHECK_EQ(status[2], STATUS_SUCCESS);
    CHECK_EQ(status[3], STATUS_SUCCESS);
    CHECK_EQ(information[3], 6);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(information[4], 12);
    CHECK_EQ(status[5], 'o');
    CHECK_EQ(status[6], STATUS_SUCCESS);
    CHECK_EQ(status[7], STATUS_INVALID_HANDLE);
    CHECK_STR(drv.log, "create write control cleanup close ");
    CHECK_EQ(misuses, 0);
    CHECK_EQ(drv.stack[0], io_site.KiSystemServiceCopyEnd);
    CHECK_EQ(drv.stack[1], io_site.NtWriteFile);
}

TEST(io, a_refused_create_sends_neither_cleanup_nor_close)
{
    script = CREATE_REFUSES;
    CHECK_EQ(run(open_write_close, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_ACCESS_DENIED);
    CHECK_EQ(status[3], STATUS_INVALID_HANDLE);
    CHECK_STR(drv.log, "create ");
}

static void *shared_handle;

static void
reader(void *arg)
{
    char *buffer = user_alloc(16);

    (void)arg;
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &shared_handle);
    struct user_async *a = mon_alloc(sizeof(*a));
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[3] = user_read_start(shared_handle, buffer, 16, a);
    status[4] = user_wait(a, &information[4]);
    status[5] = buffer[1];
    status[6] = user_close(shared_handle);
}

static void
writer(void *arg)
{
    char *buffer = user_alloc(16);
    struct user_async *a = mon_alloc(sizeof(*a));

    (void)arg;
    memcpy(buffer, "wxyz", 4);
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[7] = user_write_start(shared_handle, buffer, 4, a);
    status[8] = user_wait(a, &information[8]);
}

TEST(io, a_pended_read_is_completed_by_another_threads_write)
{
    CHECK_EQ(run(reader, writer), RUN_DONE);
    CHECK_EQ(status[3], STATUS_PENDING);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(information[4], 4);
    CHECK_EQ(status[5], 'x');
    CHECK_EQ(status[8], STATUS_SUCCESS);
    CHECK_STR(drv.log, "create read write cleanup close ");
    CHECK_EQ(misuses, 0);
}

static void
sync_reader(void *arg)
{
    (void)arg;
    status[2] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[3] = user_read(shared_handle, user_alloc(16), 16, &information[3]);
    status[4] = user_close(shared_handle);
}

static void
killer(void *arg)
{
    (void)arg;
    user_process_exit(process);
    status[7] = STATUS_SUCCESS;
}

TEST(io, the_end_of_a_program_cancels_waits_and_closes)
{
    CHECK_EQ(run(sync_reader, killer), RUN_DONE);
    CHECK_EQ(status[3], STATUS_CANCELLED);
    CHECK_EQ(status[4], STATUS_PROCESS_IS_TERMINATING);
    CHECK_EQ(status[7], STATUS_SUCCESS);
    CHECK_STR(drv.log, "create read cancel cleanup close ");
}

TEST(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_program)
{
    script = READ_IGNORES_CANCEL;
    CHECK_EQ(run(sync_reader, killer), RUN_HANG);
}

static void
canceller(void *arg)
{
    (void)arg;
    status[7] = user_cancel_io_ex(shared_handle, NULL);
    status[8] = user_cancel_io_ex(shared_handle, NULL);
}

TEST(io, cancel_io_ex_reaches_another_threads_read)
{
    CHECK_EQ(run(sync_reader, canceller), RUN_DONE);
    CHECK_EQ(status[3], STATUS_CANCELLED);
    CHECK_EQ(status[7], STATUS_SUCCESS);
    CHECK_EQ(status[8], STATUS_NOT_FOUND);
    CHECK_STR(drv.log, "create read cancel cleanup close ");
}

static struct fiber *first_thread;

static void
overlapped_and_synchronous(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a)), *b = mon_alloc(sizeof(*b));
    char *buffer = user_alloc(64);
    void *h;

    (void)arg;
    first_thread = fiber_self();
    a->block = user_alloc(USER_ASYNC_BYTES);
    b->block = user_alloc(USER_ASYNC_BYTES);
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    status[3] = user_read_start(h, buffer, 16, a);
    status[4] = user_read_start(h, buffer + 16, 16, b);
    status[5] = user_cancel_io_ex(h, b);
    status[6] = user_poll(a);
    status[7] = user_poll(b);
    status[8] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[9] = user_read(shared_handle, buffer + 32, 16, NULL);
    status[10] = user_poll(a);
    user_thread_exit();
    status[11] = user_poll(a);
}

static void
synchronous_canceller(void *arg)
{
    (void)arg;
    status[12] = user_cancel_synchronous(first_thread);
    status[13] = user_cancel_synchronous(first_thread);
    status[14] = user_write(shared_handle, user_alloc(8), 4, NULL);
}

TEST(io, cancelling_one_request_or_a_synchronous_one_leaves_the_others)
{
    CHECK_EQ(run(overlapped_and_synchronous, synchronous_canceller), RUN_DONE);
    CHECK_EQ(status[3], STATUS_PENDING);
    CHECK_EQ(status[4], STATUS_PENDING);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_PENDING);
    CHECK_EQ(status[7], STATUS_CANCELLED);
    CHECK_EQ(status[9], STATUS_CANCELLED);
    CHECK_EQ(status[10], STATUS_PENDING);
    CHECK_EQ(status[12], STATUS_SUCCESS);
    CHECK_EQ(status[13], STATUS_NOT_FOUND);
}

TEST(io, the_end_of_a_thread_cancels_its_requests_and_leaves_the_handles)
{
    CHECK_EQ(run(overlapped_and_synchronous, synchronous_canceller), RUN_DONE);
    CHECK_EQ(status[11], STATUS_CANCELLED);
    CHECK_EQ(status[14], STATUS_SUCCESS);
    CHECK(strstr(drv.log, "cleanup") == NULL);
}

static void
closes_first(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    status[2] = user_read_start(h, user_alloc(16), 16, a);
    status[3] = user_close(h);
    status[4] = user_poll(a);
    note("closed");
    user_thread_exit();
    status[5] = user_poll(a);
}

/* CLEANUP comes with the last handle though a request is under way; CLOSE waits for the request. */
TEST(io, cleanup_comes_with_the_handle_and_close_with_the_last_request)
{
    script = CLEANUP_NOTHING;
    CHECK_EQ(run(closes_first, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_PENDING);
    CHECK_EQ(status[3], STATUS_SUCCESS);
    CHECK_EQ(status[4], STATUS_PENDING);
    CHECK_EQ(status[5], STATUS_CANCELLED);
    CHECK_STR(drv.log, "create read cleanup closed cancel close ");
}

static void
stuck_reader(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    user_read_start(h, user_alloc(16), 16, a);
    user_thread_exit();
}

TEST(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_thread)
{
    script = READ_IGNORES_CANCEL;
    CHECK_EQ(run(stuck_reader, NULL), RUN_HANG);
    CHECK(strstr(ended.text, "the end of a thread waits for IRP") != NULL);
}

static unsigned
reuses(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    (void)s;
    (void)n;
    (void)key;
    return kind == CHOICE_VALUE;
}

static PIRP seen_irp[3];

static void
three_reads(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    for (unsigned i = 0; i < 3; i++) {
        status[2 + i] = user_read_start(h, user_alloc(16), 16, a);
        seen_irp[i] = drv.queue[0];
        user_cancel_io(h);
        status[5 + i] = user_wait(a, NULL);
    }
    user_close(h);
}

/* Without the choice an IRP's address never comes again; with it the next one has it, as good as new. */
TEST(io, a_freed_irp_may_be_the_threads_next)
{
    CHECK_EQ(run(three_reads, NULL), RUN_DONE);
    CHECK(seen_irp[0] != seen_irp[1] && seen_irp[1] != seen_irp[2]);
    setup(NULL);
    strategy_dull.choose = reuses;
    CHECK_EQ(run(three_reads, NULL), RUN_DONE);
    strategy_dull.choose = NULL;
    CHECK(seen_irp[0] == seen_irp[1] && seen_irp[1] == seen_irp[2]);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(status[2 + i], STATUS_PENDING);
        CHECK_EQ(status[5 + i], STATUS_CANCELLED);
    }
    CHECK_EQ(misuses, 0);
    CHECK(heap_check() == NULL);
}

static void
misuse_gives(int how, unsigned rule)
{
    enum run_end end;

    script = how;
    end = run(open_write_close, NULL);
    if (rule != 0x226 && rule != 0x23d) /* those may leave the writer waiting */
        CHECK_EQ(end, RUN_DONE);
    CHECK(misuses >= 1);
    CHECK_EQ(misuse[0], rule);
}

TEST(io, pending_returned_without_a_mark_is_noticed)
{
    misuse_gives(WRITE_PENDS_UNMARKED, 0x23d);
}

TEST(io, a_mark_without_pending_is_noticed)
{
    misuse_gives(WRITE_MARKS_ONLY, 0x23e);
}

TEST(io, another_status_than_completed_with_is_noticed)
{
    misuse_gives(WRITE_WRONG_STATUS, 0x224);
}

TEST(io, an_irp_nobody_completed_is_noticed)
{
    misuse_gives(WRITE_FORGETS, 0x226);
}

TEST(io, a_second_completion_is_bugcheck_44)
{
    script = WRITE_COMPLETES_TWICE;
    CHECK_EQ(run(open_write_close, NULL), RUN_BUGCHECK);
    CHECK_EQ(ended.code, 0x44);
}

static void
bad_buffers(void *arg)
{
    char *buffer = user_alloc(16);
    void *h;

    (void)arg;
    user_open("\\Device\\echo", 0, &h);
    status[2] = user_write(h, (void *)0x1000, 6, NULL);
    status[3] = user_write(h, drv.device, 6, NULL);
    status[4] = user_ioctl(h, CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_NEITHER, 0), (void *)0x1000, 6, buffer, 16,
                           &information[4]);
    status[5] = drv.user_buffer == buffer && drv.system_buffer == NULL;
    status[6] =
        user_ioctl(h, CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_OUT_DIRECT, 0), buffer, 6, buffer, 16, &information[6]);
    status[7] = drv.mdl != NULL && drv.system_buffer != NULL;
    status[8] = user_open("\\\\.\\none", 0, &h);
}

TEST(io, a_bad_user_buffer_is_refused_unless_the_driver_must_check_it)
{
    CHECK_EQ(run(bad_buffers, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_ACCESS_VIOLATION);
    CHECK_EQ(status[3], STATUS_ACCESS_VIOLATION);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], 1);
    CHECK_EQ(status[6], STATUS_SUCCESS);
    CHECK_EQ(status[7], 1);
    CHECK_EQ(status[8], STATUS_OBJECT_NAME_NOT_FOUND);
}

static void
unload_open_device(void *arg)
{
    void *h;

    (void)arg;
    user_open("\\Device\\echo", 0, &h);
    status[2] = io_driver_unload(driver);
    IoDeleteDevice(drv.device);
    status[3] = user_write(h, user_alloc(8), 4, NULL);
    status[4] = drv.device->ReferenceCount;
    status[5] = user_open("\\Device\\echo", 0, &shared_handle);
    user_close(h);
    status[6] = heap_find((uint64_t)drv.device)->freed;
    status[7] = driver->DeviceObject == NULL;
}

TEST(io, a_deleted_device_stays_until_its_last_file_is_closed)
{
    CHECK_EQ(run(unload_open_device, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_DEVICE_BUSY);
    CHECK_EQ(status[3], STATUS_SUCCESS);
    CHECK_EQ(status[4], 1);
    CHECK_EQ(status[5], STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(status[6], 1);
    CHECK_EQ(status[7], 1);
}

static void
unload(void *arg)
{
    (void)arg;
    status[2] = io_driver_unload(driver);
    status[3] = io_driver_find("echo") == NULL;
}

TEST(io, unloading_deletes_the_device_and_the_driver_object)
{
    CHECK_EQ(run(unload, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_SUCCESS);
    CHECK_EQ(status[3], 1);
    CHECK(heap_find((uint64_t)driver)->freed);
    CHECK(heap_find((uint64_t)drv.device)->freed);
}

static void
kernel_client(void *arg)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    KEVENT *event = heap_alloc(sizeof(*event), 'tset');
    IO_STATUS_BLOCK *iosb = heap_alloc(sizeof(*iosb), 'tset');
    char *out = heap_alloc(16, 'tset');
    WCHAR text[32];
    UNICODE_STRING name = ob_text("\\Device\\echo", text, 32);
    PIRP irp;

    (void)arg;
    start_driver();
    status[2] = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device);
    status[3] = device == drv.device;
    ke_event_init(event, 0, false);
    irp = IoBuildDeviceIoControlRequest(CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, 0), device, NULL, 0, out, 16,
                                        FALSE, event, iosb);
    status[4] = IofCallDriver(device, irp);
    status[5] = iosb->Status;
    status[6] = (NTSTATUS)iosb->Information;
    status[7] = ke_event_read(event);
    status[8] = out[15];
    status[9] = heap_find((uint64_t)irp)->freed;
    /* a major function the driver has none for */
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL, event, iosb);
    status[10] = IofCallDriver(device, irp);
    ob_dereference(file);
}

TEST(io, a_kernel_client_gets_the_device_and_a_request_through)
{
    CHECK_EQ(machine_test(kernel_client, NULL, FIBER_SYSTEM, &ended), RUN_DONE);
    CHECK_EQ(status[2], STATUS_SUCCESS);
    CHECK_EQ(status[3], 1);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], 16);
    CHECK_EQ(status[7], 1);
    CHECK_EQ(status[8], 'o');
    CHECK_EQ(status[9], 1);
    CHECK_EQ(status[10], STATUS_INVALID_DEVICE_REQUEST);
    CHECK_STR(drv.log, "create cleanup control close ");
}

static VOID NTAPI
worker(PDEVICE_OBJECT device, PVOID context)
{
    note("work");
    status[3] = device == drv.device;
    DDI(IoFreeWorkItem)(context);
}

static void
queue_work(void *arg)
{
    PIO_WORKITEM item;

    (void)arg;
    start_driver();
    item = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(item, (PIO_WORKITEM_ROUTINE)worker, DelayedWorkQueue, item);
    status[2] = (NTSTATUS)ob_header(drv.device)->pointer_count;
}

TEST(io, a_work_item_keeps_its_device_and_may_free_itself)
{
    CHECK_EQ(machine_test(queue_work, NULL, FIBER_SYSTEM, &ended), RUN_DONE);
    CHECK_EQ(status[2], 3);
    CHECK_EQ(status[3], 1);
    CHECK_EQ(ob_header(drv.device)->pointer_count, 2);
    CHECK_STR(drv.log, "work ");
}

static VOID NTAPI
slow_worker(PDEVICE_OBJECT device, PVOID context)
{
    LARGE_INTEGER second = { .QuadPart = -10000000 };

    (void)device;
    DDI(KeDelayExecutionThread)(KernelMode, FALSE, &second);
    note("worked");
    DDI(IoFreeWorkItem)(context);
}

static void
unload_during_work(void *arg)
{
    PIO_WORKITEM item;

    (void)arg;
    start_driver();
    item = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(item, (PIO_WORKITEM_ROUTINE)slow_worker, DelayedWorkQueue, item);
    io_driver_unload(driver);
    note("unloaded");
}

TEST(io, a_drivers_image_stays_until_its_work_items_are_done)
{
    CHECK_EQ(machine_test(unload_during_work, NULL, FIBER_SYSTEM, &ended), RUN_DONE);
    CHECK_STR(drv.log, "unload worked unloaded ");
}

/* ------------------------------------------------------------------ a cancel-safe queue */

static struct {
    IO_CSQ *csq;
    KSPIN_LOCK *lock;
    LIST_ENTRY *list;
} csq;

static VOID NTAPI
csq_insert(PIO_CSQ q, PIRP irp)
{
    (void)q;
    InsertTailList(csq.list, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI
csq_remove(PIO_CSQ q, PIRP irp)
{
    (void)q;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI
csq_peek(PIO_CSQ q, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : csq.list->Flink;

    (void)q;
    (void)context;
    return next == csq.list ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI
csq_acquire(PIO_CSQ q, PKIRQL irql)
{
    (void)q;
    *irql = DDI(KeAcquireSpinLockRaiseToDpc)(csq.lock);
}

static VOID NTAPI
csq_release(PIO_CSQ q, KIRQL irql)
{
    (void)q;
    DDI(KeReleaseSpinLock)(csq.lock, irql);
}

static VOID NTAPI
csq_cancelled(PIO_CSQ q, PIRP irp)
{
    (void)q;
    note("cancelled");
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI
csq_read(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    DDI(IoCsqInsertIrp)(csq.csq, irp, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI
csq_write(PDEVICE_OBJECT device, PIRP irp)
{
    PIRP read = DDI(IoCsqRemoveNextIrp)(csq.csq, NULL);

    (void)device;
    if (read != NULL) {
        note("served");
        complete(read, STATUS_SUCCESS, 0);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static void
csq_boot(void *arg)
{
    (void)arg;
    csq.csq = heap_alloc(sizeof(*csq.csq), 'tset');
    csq.lock = heap_alloc(sizeof(*csq.lock), 'tset');
    csq.list = heap_alloc(sizeof(*csq.list), 'tset');
    *csq.lock = 0;
    InitializeListHead(csq.list);
    IoCsqInitialize(csq.csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
    start_driver();
    driver->MajorFunction[IRP_MJ_READ] = (PDRIVER_DISPATCH)csq_read;
    driver->MajorFunction[IRP_MJ_WRITE] = (PDRIVER_DISPATCH)csq_write;
    for (unsigned i = 0; i < 2; i++)
        if (programs[i] != NULL)
            program(i == 0 ? "first" : "second", programs[i]);
}

/* Two threads, in an order that a generator picks; with faults, memory fails at random too. */
static enum run_end
run_random(void (*start)(void *), void (*first)(void *), void (*second)(void *), uint64_t seed, bool faults)
{
    struct strategy strategy = *machine_test_random(seed);

    if (!faults)
        strategy.choose = NULL;
    programs[0] = first;
    programs[1] = second;
    fiber_create("test", FIBER_SYSTEM, start, NULL, false);
    machine_run(&strategy, &ended);
    return ended.end;
}

static void
write_or_cancel(void *arg)
{
    (void)arg;
    status[8] = user_write(shared_handle, user_alloc(8), 4, NULL);
}

static void
overlapped_reader(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &shared_handle);
    status[3] = user_read_start(shared_handle, user_alloc(16), 16, a);
    status[5] = user_cancel_io(shared_handle);
    status[4] = user_wait(a, NULL);
    status[6] = user_close(shared_handle);
}

TEST(io, a_queued_read_is_served_or_cancelled_but_never_both)
{
    bool served = false, cancelled = false;

    for (uint64_t seed = 1; seed <= 300; seed++) {
        setup(NULL);
        shared_handle = NULL;
        CHECK_EQ(run_random(csq_boot, overlapped_reader, write_or_cancel, seed, false), RUN_DONE);
        CHECK(status[4] == STATUS_SUCCESS || status[4] == STATUS_CANCELLED);
        CHECK((strstr(drv.log, "served") != NULL) == (status[4] == STATUS_SUCCESS));
        CHECK((strstr(drv.log, "cancelled") != NULL) == (status[4] == STATUS_CANCELLED));
        CHECK_EQ(misuses, 0);
        served |= status[4] == STATUS_SUCCESS;
        cancelled |= status[4] == STATUS_CANCELLED;
    }
    CHECK(served);
    CHECK(cancelled);
}

static void
two_reads(void *arg)
{
    (void)arg;
    status[2] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[3] = user_read(shared_handle, user_alloc(16), 16, NULL);
    status[4] = user_read(shared_handle, user_alloc(16), 16, NULL);
    status[5] = user_close(shared_handle);
}

TEST(io, a_program_ends_at_any_moment)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        setup(NULL);
        CHECK_EQ(run_random(csq_boot, two_reads, killer, seed, true), RUN_DONE);
        CHECK_EQ(status[7], STATUS_SUCCESS);
        CHECK(status[5] != STATUS_SUCCESS);
        CHECK_EQ(strstr(drv.log, "create") != NULL, strstr(drv.log, "close") != NULL);
        CHECK(heap_check() == NULL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(io, a_drivers_image_stays_until_its_work_items_are_done, setup, NULL),
        TEST_CASE_WITH(io, a_queued_read_is_served_or_cancelled_but_never_both, setup, NULL),
        TEST_CASE_WITH(io, a_program_ends_at_any_moment, setup, NULL),
        TEST_CASE_WITH(io, a_program_opens_writes_controls_and_closes_in_that_order, setup, NULL),
        TEST_CASE_WITH(io, a_refused_create_sends_neither_cleanup_nor_close, setup, NULL),
        TEST_CASE_WITH(io, a_pended_read_is_completed_by_another_threads_write, setup, NULL),
        TEST_CASE_WITH(io, the_end_of_a_program_cancels_waits_and_closes, setup, NULL),
        TEST_CASE_WITH(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_program, setup, NULL),
        TEST_CASE_WITH(io, cancel_io_ex_reaches_another_threads_read, setup, NULL),
        TEST_CASE_WITH(io, cancelling_one_request_or_a_synchronous_one_leaves_the_others, setup, NULL),
        TEST_CASE_WITH(io, the_end_of_a_thread_cancels_its_requests_and_leaves_the_handles, setup, NULL),
        TEST_CASE_WITH(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_thread, setup, NULL),
        TEST_CASE_WITH(io, cleanup_comes_with_the_handle_and_close_with_the_last_request, setup, NULL),
        TEST_CASE_WITH(io, a_freed_irp_may_be_the_threads_next, setup, NULL),
        TEST_CASE_WITH(io, pending_returned_without_a_mark_is_noticed, setup, NULL),
        TEST_CASE_WITH(io, a_mark_without_pending_is_noticed, setup, NULL),
        TEST_CASE_WITH(io, another_status_than_completed_with_is_noticed, setup, NULL),
        TEST_CASE_WITH(io, an_irp_nobody_completed_is_noticed, setup, NULL),
        TEST_CASE_WITH(io, a_second_completion_is_bugcheck_44, setup, NULL),
        TEST_CASE_WITH(io, a_bad_user_buffer_is_refused_unless_the_driver_must_check_it, setup, NULL),
        TEST_CASE_WITH(io, a_deleted_device_stays_until_its_last_file_is_closed, setup, NULL),
        TEST_CASE_WITH(io, unloading_deletes_the_device_and_the_driver_object, setup, NULL),
        TEST_CASE_WITH(io, a_kernel_client_gets_the_device_and_a_request_through, setup, NULL),
        TEST_CASE_WITH(io, a_work_item_keeps_its_device_and_may_free_itself, setup, NULL),
    };

    listener.mask[EV_IRP_MISUSE / 64] = EV_BIT(EV_IRP_MISUSE);
    trace_listen(&listener);
    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
