/* SPDX-License-Identifier: MIT */
/* io.c - devices and links, IRPs of our own, completion, cancel, work items. */
#include "ddi.h"

#define IOCTL_DDI_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

static VOID
DeviceByName(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\DdiByName");
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT again;

    REQUIRE(IoCreateDevice(DdiDriverObject, 16, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    CHECK(device->DriverObject == DdiDriverObject);
    CHECK(device->DeviceExtension != NULL);
    CHECK((device->Flags & DO_DEVICE_INITIALIZING) != 0);
    CHECK(device->StackSize == 1);
    CHECK(IoCreateDevice(DdiDriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &again) ==
          STATUS_OBJECT_NAME_COLLISION);
    IoDeleteDevice(device);
    REQUIRE(IoCreateDevice(DdiDriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    IoDeleteDevice(device);
}

static VOID
SymbolicLink(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\DdiLinked");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\DdiLinked");
    PDEVICE_OBJECT device;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    CHECK(IoCreateSymbolicLink(&link, &name) == STATUS_SUCCESS);
    CHECK(IoCreateSymbolicLink(&link, &name) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_OBJECT_NAME_NOT_FOUND);
    IoDeleteDevice(device);
}

static NTSTATUS NTAPI
DoubleIt(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;

    UNREFERENCED_PARAMETER(DeviceObject);

    Irp->IoStatus.Information = 0;
    if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_DDI_DOUBLE &&
        stack->Parameters.DeviceIoControl.InputBufferLength == sizeof(ULONG) &&
        stack->Parameters.DeviceIoControl.OutputBufferLength >= sizeof(ULONG)) {
        *(ULONG *)Irp->AssociatedIrp.SystemBuffer *= 2;
        Irp->IoStatus.Information = sizeof(ULONG);
        status = STATUS_SUCCESS;
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static VOID
ControlIsBuffered(VOID)
{
    PDRIVER_DISPATCH before = DdiDriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL];
    PDEVICE_OBJECT device;
    IO_STATUS_BLOCK *iosb;
    KEVENT *event;
    ULONG *number; /* driver's own stack would do, too: the request ends before we return */
    PIRP irp;
    NTSTATUS status;

    struct {
        IO_STATUS_BLOCK Iosb;
        KEVENT Event;
        ULONG In, Out;
    } *block;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    DdiDriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DoubleIt;
    block = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*block), DDI_TAG);
    if (block == NULL) {
        CHECK(!"allocated");
        goto out;
    }
    iosb = &block->Iosb;
    event = &block->Event;
    number = &block->In;
    *number = 21;
    block->Out = 0;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_DDI_DOUBLE, device, number, sizeof(ULONG), &block->Out, sizeof(ULONG),
                                        FALSE, event, iosb);
    if (irp != NULL) {
        status = IoCallDriver(device, irp);
        if (status == STATUS_PENDING)
            KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        CHECK(iosb->Status == STATUS_SUCCESS);
        CHECK(iosb->Information == sizeof(ULONG));
        CHECK(block->Out == 42 && block->In == 21);
    } else {
        CHECK(!"IoBuildDeviceIoControlRequest");
    }
    ExFreePoolWithTag(block, DDI_TAG);
out:
    DdiDriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = before;
    IoDeleteDevice(device);
}

static NTSTATUS NTAPI
Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    *(NTSTATUS *)Context = Irp->IoStatus.Status;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID
UnhandledRequestFails(VOID)
{
    static NTSTATUS seen;
    PDEVICE_OBJECT device;
    PIO_STACK_LOCATION stack;
    PIRP irp;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    irp = IoAllocateIrp(device->StackSize, FALSE);
    if (irp != NULL) {
        CHECK(irp->StackCount == 1 && irp->CurrentLocation == 2);
        stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_SHUTDOWN;
        IoSetCompletionRoutine(irp, Completed, &seen, TRUE, TRUE, TRUE);
        CHECK(IoCallDriver(device, irp) == STATUS_INVALID_DEVICE_REQUEST);
        CHECK(seen == STATUS_INVALID_DEVICE_REQUEST);
        IoFreeIrp(irp);
    } else {
        CHECK(!"IoAllocateIrp");
    }
    IoDeleteDevice(device);
}

static volatile LONG CancelCalls;

static VOID NTAPI
CancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->Cancel && KeGetCurrentIrql() == DISPATCH_LEVEL)
        InterlockedIncrement(&CancelCalls);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static VOID
CancelCallsRoutineOnce(VOID)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    REQUIRE(irp != NULL);
    CancelCalls = 0;
    CHECK(!IoCancelIrp(irp));
    CHECK(irp->Cancel);
    irp->Cancel = FALSE;
    CHECK(IoSetCancelRoutine(irp, CancelRoutine) == NULL);
    CHECK(IoCancelIrp(irp));
    CHECK(CancelCalls == 1);
    CHECK(IoSetCancelRoutine(irp, NULL) == NULL); /* it was cleared before it was called */
    IoFreeIrp(irp);
}

static KEVENT WorkDone;
static KIRQL WorkIrql;
static PVOID WorkContext;

static VOID NTAPI
WorkRoutine(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    WorkIrql = KeGetCurrentIrql();
    WorkContext = Context;
    KeSetEvent(&WorkDone, IO_NO_INCREMENT, FALSE);
}

static VOID
WorkItemRunsAtPassive(VOID)
{
    PDEVICE_OBJECT device;
    PIO_WORKITEM item;
    KIRQL old;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    KeInitializeEvent(&WorkDone, NotificationEvent, FALSE);
    WorkIrql = HIGH_LEVEL;
    item = IoAllocateWorkItem(device);
    if (item != NULL) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        IoQueueWorkItem(item, WorkRoutine, DelayedWorkQueue, &WorkDone);
        KeLowerIrql(old);
        KeWaitForSingleObject(&WorkDone, Executive, KernelMode, FALSE, NULL);
        CHECK(WorkIrql == PASSIVE_LEVEL);
        CHECK(WorkContext == &WorkDone);
        IoFreeWorkItem(item);
    } else {
        CHECK(!"IoAllocateWorkItem");
    }
    IoDeleteDevice(device);
}

static VOID
RemoveLockWaits(VOID)
{
    static IO_REMOVE_LOCK lock;

    IoInitializeRemoveLock(&lock, DDI_TAG, 0, 0);
    CHECK(IoAcquireRemoveLock(&lock, NULL) == STATUS_SUCCESS);
    CHECK(IoAcquireRemoveLock(&lock, &lock) == STATUS_SUCCESS);
    IoReleaseRemoveLock(&lock, &lock);
    IoReleaseRemoveLockAndWait(&lock, NULL); /* would wait for ever for another holder */
    CHECK(IoAcquireRemoveLock(&lock, NULL) == STATUS_DELETE_PENDING);
}

DDI_TESTS(io, { "device_by_name", DeviceByName }, { "symbolic_link", SymbolicLink },
          { "control_is_buffered", ControlIsBuffered }, { "unhandled_request_fails", UnhandledRequestFails },
          { "cancel_calls_routine_once", CancelCallsRoutineOnce },
          { "work_item_runs_at_passive", WorkItemRunsAtPassive }, { "remove_lock_waits", RemoveLockWaits });
