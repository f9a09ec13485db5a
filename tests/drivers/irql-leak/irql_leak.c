/* SPDX-License-Identifier: MIT */
/* irql_leak.c - a write of an odd path returns without lowering the IRQL it raised. */
#include "../common/plain.h"

static DRIVER_DISPATCH LeakWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"IrqlLeak"),
    .Write = LeakWrite,
};

_Use_decl_annotations_ static NTSTATUS
LeakWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
