/* SPDX-License-Identifier: MIT */
/* alloc_checked.c - ../alloc-unchecked as it should be. */
#include "../common/plain.h"

static DRIVER_DISPATCH CheckedWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"AllocChecked"),
    .Write = CheckedWrite,
};

_Use_decl_annotations_ static NTSTATUS
CheckedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG_PTR volatile *length;
    ULONG_PTR written;

    UNREFERENCED_PARAMETER(DeviceObject);

    length = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*length), PLAIN_TAG);
    if (length == NULL)
        return PlainComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    *length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    written = *length;
    ExFreePoolWithTag((PVOID)length, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, written);
}
