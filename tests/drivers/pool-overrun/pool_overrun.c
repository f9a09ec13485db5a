/* SPDX-License-Identifier: MIT */
/* pool_overrun.c - a write copies a frame and a terminating zero into a buffer that has room for the frame. */
#include "../common/plain.h"

static DRIVER_DISPATCH OverrunWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"PoolOverrun"),
    .Write = OverrunWrite,
};

_Use_decl_annotations_ static NTSTATUS
OverrunWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PUCHAR frame;
    PUCHAR copy;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL)
        return PlainComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    frame = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    copy = frame != NULL ? ExAllocatePoolWithTag(NonPagedPoolNx, length, PLAIN_TAG) : NULL;
    if (copy == NULL)
        return PlainComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlCopyMemory(copy, frame, length);
    copy[length] = 0;
    ExFreePoolWithTag(copy, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
