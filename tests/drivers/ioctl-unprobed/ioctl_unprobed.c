/* SPDX-License-Identifier: MIT */
/*
 * ioctl_unprobed.c - an IOCTL with METHOD_NEITHER writes through the program's pointer as it comes. ../ioctl-probed
 * asks first.
 */
#include "../common/plain.h"

#define IOCTL_UNPROBED_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_NEITHER, FILE_ANY_ACCESS)

static DRIVER_DISPATCH UnprobedControl;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"IoctlUnprobed"),
    .DeviceControl = UnprobedControl,
};

_Use_decl_annotations_ static NTSTATUS
UnprobedControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_UNPROBED_COUNT)
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return PlainComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    *(volatile ULONG *)Irp->UserBuffer = 1;
    return PlainComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}
