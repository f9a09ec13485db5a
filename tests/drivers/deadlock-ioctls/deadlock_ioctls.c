/* SPDX-License-Identifier: MIT */
/*
 * deadlock_ioctls.c - three control codes: one takes lock B, one takes A and then B, one takes B and then A. One switch
 * between the two locks of the last two is enough; who comes with the first code waits for B before it gets there.
 */
#include "../common/plain.h"

#define CODE(n) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (n), METHOD_BUFFERED, FILE_ANY_ACCESS)

static KSPIN_LOCK LockA, LockB;

static DRIVER_DISPATCH Control;
static NTSTATUS Load(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"DeadlockIoctls"),
    .Load = Load,
    .DeviceControl = Control,
};

static NTSTATUS
Load(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    KeInitializeSpinLock(&LockA);
    KeInitializeSpinLock(&LockB);
    return STATUS_SUCCESS;
}

static VOID
TakeBoth(PKSPIN_LOCK First, PKSPIN_LOCK Second)
{
    KIRQL irql;

    KeAcquireSpinLock(First, &irql);
    KeAcquireSpinLockAtDpcLevel(Second);
    KeReleaseSpinLockFromDpcLevel(Second);
    KeReleaseSpinLock(First, irql);
}

_Use_decl_annotations_ static NTSTATUS
Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case CODE(0):
        KeAcquireSpinLock(&LockB, &irql);
        KeReleaseSpinLock(&LockB, irql);
        break;
    case CODE(1):
        TakeBoth(&LockA, &LockB);
        break;
    case CODE(2):
        TakeBoth(&LockB, &LockA);
        break;
    default:
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
