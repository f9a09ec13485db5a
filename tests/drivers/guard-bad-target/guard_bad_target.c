/* SPDX-License-Identifier: MIT */
/* guard_bad_target.c - a write calls through a pointer that was damaged: it leads into a function, not to its start. */
#include "../common/plain.h"

static DRIVER_DISPATCH GuardWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"GuardBadTarget"),
    .Write = GuardWrite,
};

static ULONG
Count(ULONG Length)
{
    DbgPrint("%u bytes\n", Length);
    return Length;
}

static ULONG (*volatile Handler)(ULONG Length) = Count;

_Use_decl_annotations_ static NTSTATUS
GuardWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    UNREFERENCED_PARAMETER(DeviceObject);

    length = Handler(length);
    *(volatile UCHAR *)&Handler |= 2; /* an overrun of one byte, as it may come from anywhere */
    __try {
        length = Handler(length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        length = 0; /* no handler sees a fast fail */
    }
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
