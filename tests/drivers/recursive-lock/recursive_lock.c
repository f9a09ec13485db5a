/* SPDX-License-Identifier: MIT */
/* recursive_lock.c - a write takes its spin lock and calls a helper that takes it, too. */
#include "../common/plain.h"

static KSPIN_LOCK Lock;
static ULONG Count; /* Lock */

static NTSTATUS RecursiveLoad(PDRIVER_OBJECT DriverObject);
static DRIVER_DISPATCH RecursiveWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"RecursiveLock"),
    .Load = RecursiveLoad,
    .Write = RecursiveWrite,
};

static NTSTATUS
RecursiveLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    KeInitializeSpinLock(&Lock);
    return STATUS_SUCCESS;
}

static VOID
CountOne(VOID)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock, &irql);
    Count++;
    KeReleaseSpinLock(&Lock, irql);
}

_Use_decl_annotations_ static NTSTATUS
RecursiveWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeAcquireSpinLock(&Lock, &irql);
    CountOne();
    KeReleaseSpinLock(&Lock, irql);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
