/* SPDX-License-Identifier: MIT */
/*
 * reads_processor.c - what happens depends on which processor a thread was on, and no call says so.
 *
 * Control codes: the first two note the processor, each in a place of its own; the third, that the second has been
 * through; the fourth stops the machine if it has, and the first was on another processor than the boot processor.
 */
#include "../common/plain.h"

#define CODE(n) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (n), METHOD_BUFFERED, FILE_ANY_ACCESS)

static ULONG Seen[2]; /* the processor, + 1 */
static ULONG Through;

static DRIVER_DISPATCH Control;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"ReadsProcessor"),
    .DeviceControl = Control,
};

_Use_decl_annotations_ static NTSTATUS
Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case CODE(0):
        Seen[0] = KeGetCurrentProcessorNumber() + 1;
        break;
    case CODE(1):
        Seen[1] = KeGetCurrentProcessorNumber() + 1;
        break;
    case CODE(2):
        Through = Seen[1];
        break;
    case CODE(3):
        if (Through != 0 && Seen[0] > 1)
            KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Seen[0], Seen[1], 0, 0);
        break;
    default:
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
