/* SPDX-License-Identifier: MIT */
/* po.c - power states, and a power request sent to a device of our own. */
#include "ddi.h"

static PDRIVER_DISPATCH OldPower;
static UCHAR SeenMinor;
static KEVENT Completed;
static NTSTATUS CompletedWith;
static POWER_STATE CompletedState;

static NTSTATUS NTAPI
DispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    SeenMinor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    PoStartNextPowerIrp(Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID NTAPI
PowerDone(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState, PVOID Context,
          PIO_STATUS_BLOCK IoStatus)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    CHECK(MinorFunction == IRP_MN_SET_POWER && Context == &Completed);
    CompletedState = PowerState;
    CompletedWith = IoStatus->Status;
    KeSetEvent(&Completed, IO_NO_INCREMENT, FALSE);
}

static VOID
PowerRequest(VOID)
{
    PDEVICE_OBJECT device;
    POWER_STATE state, before;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    device->Flags |= DO_POWER_PAGABLE;
    OldPower = DdiDriverObject->MajorFunction[IRP_MJ_POWER];
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    KeInitializeEvent(&Completed, NotificationEvent, FALSE);
    state.DeviceState = PowerDeviceD3;
    CHECK(PoRequestPowerIrp(device, IRP_MN_POWER_SEQUENCE, state, PowerDone, &Completed, NULL) ==
          STATUS_INVALID_PARAMETER_2);
    CHECK(PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, PowerDone, &Completed, NULL) == STATUS_PENDING);
    CHECK(KeWaitForSingleObject(&Completed, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(SeenMinor == IRP_MN_SET_POWER && CompletedWith == STATUS_SUCCESS);
    CHECK(CompletedState.DeviceState == PowerDeviceD3);

    before = PoSetPowerState(device, DevicePowerState, state);
    state.DeviceState = PowerDeviceD0;
    CHECK(before.DeviceState != PowerDeviceD3);
    CHECK(PoSetPowerState(device, DevicePowerState, state).DeviceState == PowerDeviceD3); /* documented: the old one */
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = OldPower;
    IoDeleteDevice(device);
}

static NTSTATUS NTAPI
StopsThere(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID
PowerByCall(VOID)
{
    DDI_EXPORT(NTSTATUS, PoCallDriver, (PDEVICE_OBJECT, PIRP));
    PDEVICE_OBJECT device;
    PIRP irp;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    OldPower = DdiDriverObject->MajorFunction[IRP_MJ_POWER];
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    irp = IoAllocateIrp(device->StackSize, FALSE);
    if (irp != NULL) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        next->MajorFunction = IRP_MJ_POWER;
        next->MinorFunction = IRP_MN_QUERY_POWER;
        next->Parameters.Power.Type = SystemPowerState;
        next->Parameters.Power.State.SystemState = PowerSystemSleeping3;
        SeenMinor = 0xff;
        IoSetCompletionRoutine(irp, StopsThere, NULL, TRUE, TRUE, TRUE);
        CHECK(pPoCallDriver(device, irp) == STATUS_SUCCESS && SeenMinor == IRP_MN_QUERY_POWER);
        CHECK(irp->IoStatus.Status == STATUS_SUCCESS);
        IoFreeIrp(irp);
    } else {
        CHECK(!"IoAllocateIrp");
    }
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = OldPower;
    IoDeleteDevice(device);
}

DDI_TESTS(po, { "power_request", PowerRequest }, { "power_by_call", PowerByCall });
