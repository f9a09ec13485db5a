/* SPDX-License-Identifier: MIT */
/* paged_raises.c - a pageable dispatch routine that takes a spin lock: what follows runs at DISPATCH_LEVEL. */
#include "../common/plain.h"

static DRIVER_DISPATCH PagedWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"PagedRaises"),
    .Write = PagedWrite,
};

static KSPIN_LOCK Lock;
static ULONG Total;

#pragma alloc_text(PAGE, PagedWrite)

_Use_decl_annotations_ static NTSTATUS
PagedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();

    KeAcquireSpinLock(&Lock, &irql);
    Total += length;
    KeReleaseSpinLock(&Lock, irql);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
