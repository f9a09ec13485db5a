/* SPDX-License-Identifier: MIT */
/* paged_at_dispatch.c - a helper in a PAGE section is called with a spin lock held: well until it is paged out. */
#include "../common/plain.h"

static DRIVER_DISPATCH PagedWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"PagedAtDispatch"),
    .Write = PagedWrite,
};

static KSPIN_LOCK Lock;
static ULONG Total;

static __attribute__((section("PAGE"), noinline)) ULONG
Sum(ULONG Length)
{
    Total += Length;
    return Total;
}

_Use_decl_annotations_ static NTSTATUS
PagedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeAcquireSpinLock(&Lock, &irql);
    Sum(length);
    KeReleaseSpinLock(&Lock, irql);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
