/* SPDX-License-Identifier: MIT */
/* Requests from a program to a driver and back: order, what a driver gets wrong, buffers, devices, work items. */
#include "echo.h"

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

ECHO_MAIN(CASE(a_drivers_image_stays_until_its_work_items_are_done),
          CASE(a_program_opens_writes_controls_and_closes_in_that_order),
          CASE(a_refused_create_sends_neither_cleanup_nor_close), CASE(pending_returned_without_a_mark_is_noticed),
          CASE(a_mark_without_pending_is_noticed), CASE(another_status_than_completed_with_is_noticed),
          CASE(an_irp_nobody_completed_is_noticed), CASE(a_second_completion_is_bugcheck_44),
          CASE(a_bad_user_buffer_is_refused_unless_the_driver_must_check_it),
          CASE(a_deleted_device_stays_until_its_last_file_is_closed),
          CASE(unloading_deletes_the_device_and_the_driver_object),
          CASE(a_kernel_client_gets_the_device_and_a_request_through),
          CASE(a_work_item_keeps_its_device_and_may_free_itself))
