/* SPDX-License-Identifier: MIT */
/*
 * device.c - the device that programs open.
 *
 * Model: one device for all adapters. FileObject->FsContext is the NP_OPEN, made by create.
 *
 * The bug: it is freed by cleanup, which comes when the last handle is closed. Requests of other threads may be on
 * their way then: a read or a write that entered before still looks into the NP_OPEN.
 */
#include "../../drivers/ndisprot/ndisprot.h"

#include <wdmsec.h>

static DRIVER_DISPATCH NpCreate;
static DRIVER_DISPATCH NpCleanup;
static DRIVER_DISPATCH NpClose;

static const UNICODE_STRING NpDeviceName = RTL_CONSTANT_STRING(L"\\Device\\NdisProt");
static const UNICODE_STRING NpLinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\NdisProt");
static PDEVICE_OBJECT NpDeviceObject; /* const after DriverEntry */

NTSTATUS
NpCreateDevice(PDRIVER_OBJECT DriverObject)
{
    NTSTATUS status;

    status = IoCreateDeviceSecure(DriverObject, 0, (PUNICODE_STRING)&NpDeviceName, FILE_DEVICE_NETWORK,
                                  FILE_DEVICE_SECURE_OPEN, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &NpDeviceObject);
    if (status != STATUS_SUCCESS)
        return status;
    status = IoCreateSymbolicLink((PUNICODE_STRING)&NpLinkName, (PUNICODE_STRING)&NpDeviceName);
    if (status != STATUS_SUCCESS) {
        IoDeleteDevice(NpDeviceObject);
        return status;
    }
    NpDeviceObject->Flags |= DO_DIRECT_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = NpCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = NpCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = NpClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = NpRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = NpWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = NpDeviceControl;
    return STATUS_SUCCESS;
}

VOID
NpDeleteDevice(VOID)
{
    IoDeleteSymbolicLink((PUNICODE_STRING)&NpLinkName);
    IoDeleteDevice(NpDeviceObject);
}

NTSTATUS
NpCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return Status;
}

_Use_decl_annotations_
static NTSTATUS
NpCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_OPEN open = NpAllocate(sizeof(*open));

    UNREFERENCED_PARAMETER(DeviceObject);

    if (open == NULL)
        return NpCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    NdisZeroMemory(open, sizeof(*open));
    NpQueueInitialize(&open->Reads);
    NpQueueInitialize(&open->Statuses);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = open;
    return NpCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* The program has closed its handle: nothing is left to do for it. */
_Use_decl_annotations_
static NTSTATUS
NpCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PNP_OPEN open = file->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);

    NpLeaveAdapter(open);
    file->FsContext = NULL;
    NdisFreeMemory(open, 0, 0);
    return NpCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS
NpClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    return NpCompleteIrp(Irp, STATUS_SUCCESS, 0);
}
