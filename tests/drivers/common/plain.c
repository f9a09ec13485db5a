/* SPDX-License-Identifier: MIT */
/* plain.c - entry, unload, open and close of a small WDM driver; see plain.h. */
#include "plain.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD PlainUnload;
static DRIVER_DISPATCH PlainSucceed;

static PDEVICE_OBJECT PlainDevice;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);

    if (PlainDriver.Load != NULL) {
        status = PlainDriver.Load(DriverObject);
        if (!NT_SUCCESS(status))
            return status;
    }
    status = IoCreateDevice(DriverObject, 0, &PlainDriver.DeviceName, FILE_DEVICE_UNKNOWN, 0, FALSE, &PlainDevice);
    if (!NT_SUCCESS(status))
        goto fail;
    status = IoCreateSymbolicLink(&PlainDriver.LinkName, &PlainDriver.DeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(PlainDevice);
        goto fail;
    }

    DriverObject->MajorFunction[IRP_MJ_CREATE] = PlainSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = PlainSucceed;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PlainSucceed;
    DriverObject->MajorFunction[IRP_MJ_READ] = PlainDriver.Read != NULL ? PlainDriver.Read : PlainSucceed;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = PlainDriver.Write != NULL ? PlainDriver.Write : PlainSucceed;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] =
        PlainDriver.DeviceControl != NULL ? PlainDriver.DeviceControl : PlainSucceed;
    DriverObject->DriverUnload = PlainUnload;
    PlainDevice->Flags |= DO_DIRECT_IO;
    return STATUS_SUCCESS;

fail:
    if (PlainDriver.Unload != NULL)
        PlainDriver.Unload();
    return status;
}

_Use_decl_annotations_ static VOID
PlainUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    IoDeleteSymbolicLink(&PlainDriver.LinkName);
    IoDeleteDevice(PlainDevice);
    if (PlainDriver.Unload != NULL)
        PlainDriver.Unload();
}

NTSTATUS
PlainComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

_Use_decl_annotations_ static NTSTATUS
PlainSucceed(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
