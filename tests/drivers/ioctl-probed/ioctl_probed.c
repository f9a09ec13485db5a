/* SPDX-License-Identifier: MIT */
/* ioctl_probed.c - ../ioctl-unprobed as it should be: with a direct method the I/O manager probes and locks. */
#include "../common/plain.h"

#define IOCTL_PROBED_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

static DRIVER_DISPATCH ProbedControl;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"IoctlProbed"),
    .DeviceControl = ProbedControl,
};

_Use_decl_annotations_ static NTSTATUS
ProbedControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    volatile ULONG *out;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_PROBED_COUNT)
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return PlainComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    out = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    if (out == NULL)
        return PlainComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    *out = 1;
    return PlainComplete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}
