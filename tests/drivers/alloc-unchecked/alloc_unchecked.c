/* SPDX-License-Identifier: MIT */
/*
 * alloc_unchecked.c - a write copies into a pool block without asking whether it got one. ../alloc-checked asks
 * before it writes there.
 */
#include "../common/plain.h"

static DRIVER_DISPATCH UncheckedWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"AllocUnchecked"),
    .Write = UncheckedWrite,
};

_Use_decl_annotations_ static NTSTATUS
UncheckedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PIRP copy = ExAllocatePoolWithTag(NonPagedPoolNx, Irp->Size, PLAIN_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);

    RtlCopyMemory(copy, Irp, Irp->Size); /* in ntoskrnl: the driver is to blame one frame below */
    if (copy->Cancel)
        length = 0;
    ExFreePoolWithTag(copy, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
