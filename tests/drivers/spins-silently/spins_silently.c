/* SPDX-License-Identifier: MIT */
/* spins_silently.c - a write polls for ever, and calls nothing that anybody could notice. */
#include "../common/plain.h"

static volatile LONG Ready; /* nobody sets it */

static DRIVER_DISPATCH SpinsWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"SpinsSilently"),
    .Write = SpinsWrite,
};

_Use_decl_annotations_ static NTSTATUS
SpinsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    while (Ready == 0)
        ;
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
