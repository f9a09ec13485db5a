/* SPDX-License-Identifier: MIT */
/* alloc_unchecked.c - a write uses a pool block without asking whether it got one. ../alloc-checked asks. */
#include "../common/plain.h"

static DRIVER_DISPATCH UncheckedWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"AllocUnchecked"),
    .Write = UncheckedWrite,
};

_Use_decl_annotations_ static NTSTATUS
UncheckedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG_PTR volatile *length;
    ULONG_PTR written;

    UNREFERENCED_PARAMETER(DeviceObject);

    length = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*length), PLAIN_TAG);
    *length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    written = *length;
    ExFreePoolWithTag((PVOID)length, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, written);
}
