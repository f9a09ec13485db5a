/* SPDX-License-Identifier: MIT */
/* bugcheck_itself.c - a write that stops the machine on purpose. */
#include "../common/plain.h"

static DRIVER_DISPATCH BugWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"BugcheckItself"),
    .Write = BugWrite,
};

_Use_decl_annotations_ static NTSTATUS
BugWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);

    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, 1, 2, 3, 4);
}
