/* SPDX-License-Identifier: MIT */
/* spins_stalling.c - a write polls for ever for something nobody does, politely, with KeStallExecutionProcessor. */
#include "../common/plain.h"

static volatile LONG Ready; /* nobody sets it */

static DRIVER_DISPATCH SpinsWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"SpinsStalling"),
    .Write = SpinsWrite,
};

_Use_decl_annotations_ static NTSTATUS
SpinsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    while (Ready == 0)
        KeStallExecutionProcessor(10);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
