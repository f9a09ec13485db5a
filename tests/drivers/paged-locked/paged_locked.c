/* SPDX-License-Identifier: MIT */
/*
 * paged_locked.c - pageable code as it should be: called below DISPATCH_LEVEL, or locked while it goes above.
 */
#include "../common/plain.h"

static DRIVER_DISPATCH PagedWrite;
static NTSTATUS PagedLoad(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"PagedLocked"),
    .Load = PagedLoad,
    .Write = PagedWrite,
};

static KSPIN_LOCK Lock;
static ULONG Total;

static VOID Count(ULONG Length);
#pragma alloc_text(PAGELK, Count)
#pragma alloc_text(PAGE, PagedLoad)

static VOID
Count(ULONG Length)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock, &irql);
    Total += Length;
    KeReleaseSpinLock(&Lock, irql);
}

static NTSTATUS
PagedLoad(PDRIVER_OBJECT DriverObject)
{
    PVOID handle;

    UNREFERENCED_PARAMETER(DriverObject);
    PAGED_CODE();

    handle = MmLockPagableCodeSection((PVOID)(ULONG_PTR)Count);
    Count(1);
    MmUnlockPagableImageSection(handle);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ static NTSTATUS
PagedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PVOID handle = MmLockPagableCodeSection((PVOID)(ULONG_PTR)Count);

    UNREFERENCED_PARAMETER(DeviceObject);

    Count(length);
    MmUnlockPagableImageSection(handle);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
