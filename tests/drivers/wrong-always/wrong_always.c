/* SPDX-License-Identifier: MIT */
/*
 * wrong_always.c - every request breaks a rule, and nothing comes of it; two things besides need a switch.
 *
 * Each request releases a spin lock by the form that leaves the IRQL alone, and lowers the IRQL itself. After that a
 * request adds to a plain counter, so of two that meet one addition is lost; and a read forgets the buffer that a
 * write looks at twice, so the second look finds nothing.
 */
#include "../common/plain.h"

static KSPIN_LOCK Lock;
static ULONG Buffer[4];
static ULONG *volatile Current = Buffer;
static volatile ULONG Transferred;

static DRIVER_DISPATCH AlwaysRead;
static DRIVER_DISPATCH AlwaysWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"WrongAlways"),
    .Read = AlwaysRead,
    .Write = AlwaysWrite,
};

static VOID
CountBytes(ULONG Bytes)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lock, &irql);
    KeReleaseSpinLockFromDpcLevel(&Lock);
    KeLowerIrql(irql);
    Transferred = Transferred + Bytes;
}

_Use_decl_annotations_ static NTSTATUS
AlwaysRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    CountBytes(1);
    InterlockedExchangePointer((PVOID *)&Current, NULL);
    KeMemoryBarrier();
    InterlockedExchangePointer((PVOID *)&Current, Buffer);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ static NTSTATUS
AlwaysWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    CountBytes(2);
    if (InterlockedCompareExchangePointer((PVOID *)&Current, NULL, NULL) != NULL)
        *(ULONG *)InterlockedCompareExchangePointer((PVOID *)&Current, NULL, NULL) = 1;
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
