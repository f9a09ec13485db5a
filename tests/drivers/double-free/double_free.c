/* SPDX-License-Identifier: MIT */
/* double_free.c - a write frees its buffer on the way out, after it was freed already. */
#include "../common/plain.h"

static DRIVER_DISPATCH TwiceWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"DoubleFree"),
    .Write = TwiceWrite,
};

_Use_decl_annotations_ static NTSTATUS
TwiceWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVOID volatile buffer = ExAllocatePoolWithTag(NonPagedPoolNx, 64, PLAIN_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);

    if (buffer != NULL) {
        ExFreePoolWithTag(buffer, PLAIN_TAG);
        ExFreePoolWithTag(buffer, PLAIN_TAG);
    }
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
