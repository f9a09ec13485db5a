/* SPDX-License-Identifier: MIT */
/* entries.c - a driver with an entry point that is called, one that is not, and one that only it calls itself. */
#include "../drivers/common/plain.h"

static DRIVER_DISPATCH EntriesWrite;
static DRIVER_DISPATCH EntriesShutdown;

static NTSTATUS
EntriesLoad(PDRIVER_OBJECT DriverObject)
{
    DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = EntriesShutdown;
    return STATUS_SUCCESS;
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Entries"),
    .Load = EntriesLoad,
    .Write = EntriesWrite,
};

_Use_decl_annotations_ static NTSTATUS
EntriesWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PlainComplete(Irp, STATUS_SUCCESS, IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length);
}

_Use_decl_annotations_ static NTSTATUS
EntriesShutdown(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PlainComplete(Irp, STATUS_NOT_SUPPORTED, 0);
}
