/* SPDX-License-Identifier: MIT */
/*
 * common/device.c - a device per adapter, which programs open to write frames.
 *
 * Model: FileObject->FsContext is the referenced ZOO_FILTER, from create to close. What a write does is the driver's.
 */
#include "zoo.h"

static DRIVER_DISPATCH ZooCreate;
static DRIVER_DISPATCH ZooCleanup;
static DRIVER_DISPATCH ZooClose;

/*
 * ZooCreateDevice - \Device\<Prefix>{guid} and its link, named after the miniport's \DEVICE\{guid}.
 * Sets Filter->DeviceHandle and ->DeviceObject. Returns what failed.
 */
NDIS_STATUS
ZooCreateDevice(PZOO_FILTER Filter, PUNICODE_STRING MiniportName, PCWSTR Prefix, PDRIVER_DISPATCH Write)
{
    DECLARE_CONST_UNICODE_STRING(onlyAdministrators, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    WCHAR deviceNameBuffer[ZOO_NAME_CHARS];
    WCHAR linkNameBuffer[ZOO_NAME_CHARS];
    UNICODE_STRING deviceName = { 0, sizeof(deviceNameBuffer) - sizeof(WCHAR), deviceNameBuffer };
    UNICODE_STRING linkName = { 0, sizeof(linkNameBuffer) - sizeof(WCHAR), linkNameBuffer };
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING guid = *MiniportName;
    USHORT i;
    NDIS_STATUS status;

    for (i = guid.Length / sizeof(WCHAR); i > 0 && guid.Buffer[i - 1] != L'\\'; i--)
        ;
    guid.Buffer += i;
    guid.Length -= i * sizeof(WCHAR);

    NdisZeroMemory(deviceNameBuffer, sizeof(deviceNameBuffer));
    NdisZeroMemory(linkNameBuffer, sizeof(linkNameBuffer));
    status = RtlAppendUnicodeToString(&deviceName, L"\\Device\\");
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(&deviceName, Prefix);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(&deviceName, &guid);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(&linkName, L"\\DosDevices\\");
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(&linkName, Prefix);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(&linkName, &guid);
    if (status != STATUS_SUCCESS)
        return status;

    NdisZeroMemory(dispatch, sizeof(dispatch));
    dispatch[IRP_MJ_CREATE] = ZooCreate;
    dispatch[IRP_MJ_CLEANUP] = ZooCleanup;
    dispatch[IRP_MJ_CLOSE] = ZooClose;
    dispatch[IRP_MJ_WRITE] = Write;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.DeviceName = &deviceName;
    attributes.SymbolicName = &linkName;
    attributes.MajorFunctions = dispatch;
    attributes.DefaultSDDLString = &onlyAdministrators;
    status = NdisRegisterDeviceEx(ZooDriverHandle, &attributes, &Filter->DeviceObject, &Filter->DeviceHandle);
    if (status == NDIS_STATUS_SUCCESS)
        Filter->DeviceObject->Flags |= DO_DIRECT_IO; /* before ZooFindFilter knows it, so before any handle */
    else
        Filter->DeviceHandle = NULL;
    return status;
}

PZOO_FILTER
ZooFilterOfIrp(PIRP Irp)
{
    return IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
}

_Use_decl_annotations_
static NTSTATUS
ZooCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PZOO_FILTER filter = ZooFindFilter(DeviceObject);

    if (filter == NULL)
        return ZooCompleteIrp(Irp, STATUS_DEVICE_NOT_READY, 0);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = filter;
    return ZooCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* Writes that are out come back by themselves. */
_Use_decl_annotations_
static NTSTATUS
ZooCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    return ZooCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS
ZooClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    ZooDereferenceFilter(ZooFilterOfIrp(Irp));
    return ZooCompleteIrp(Irp, STATUS_SUCCESS, 0);
}
