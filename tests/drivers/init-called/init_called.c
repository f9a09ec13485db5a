/* SPDX-License-Identifier: MIT */
/* init_called.c - a helper in the INIT section, which is gone after DriverEntry, is called by a write. */
#include "../common/plain.h"

static DRIVER_DISPATCH InitWrite;
static NTSTATUS InitLoad(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"InitCalled"),
    .Load = InitLoad,
    .Write = InitWrite,
};

static __attribute__((section("INIT"), noinline)) ULONG
Twice(ULONG Length)
{
    return 2 * Length;
}

static NTSTATUS
InitLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    return Twice(1) == 2 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

_Use_decl_annotations_ static NTSTATUS
InitWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    UNREFERENCED_PARAMETER(DeviceObject);

    return PlainComplete(Irp, STATUS_SUCCESS, Twice(length) / 2);
}
