/* SPDX-License-Identifier: MIT */
/* deadlock_abba.c - read takes lock A, then B; write takes B, then A. One switch between the two is enough. */
#include "../common/plain.h"

static KSPIN_LOCK LockA, LockB;

static DRIVER_DISPATCH AbbaRead;
static DRIVER_DISPATCH AbbaWrite;
static NTSTATUS AbbaLoad(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"DeadlockAbba"),
    .Load = AbbaLoad,
    .Read = AbbaRead,
    .Write = AbbaWrite,
};

static NTSTATUS
AbbaLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    KeInitializeSpinLock(&LockA);
    KeInitializeSpinLock(&LockB);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ static NTSTATUS
AbbaRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeAcquireSpinLock(&LockA, &irql);
    KeAcquireSpinLockAtDpcLevel(&LockB);
    KeReleaseSpinLockFromDpcLevel(&LockB);
    KeReleaseSpinLock(&LockA, irql);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ static NTSTATUS
AbbaWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeAcquireSpinLock(&LockB, &irql);
    KeAcquireSpinLockAtDpcLevel(&LockA);
    KeReleaseSpinLockFromDpcLevel(&LockA);
    KeReleaseSpinLock(&LockB, irql);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
