/* SPDX-License-Identifier: MIT */
/*
 * unload_missing.c - a driver that does nothing. Choice 0: it has AddDevice and no DriverUnload; 1: neither, as a
 * driver that is no WDM driver may; 2: both.
 */
#include "../common/choice.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_ADD_DEVICE AddDevice;
static DRIVER_UNLOAD Unload;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG choice = ReadChoice(RegistryPath);

    if (choice != 1)
        DriverObject->DriverExtension->AddDevice = AddDevice;
    if (choice == 2)
        DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

/* There is no device of its kind. */
_Use_decl_annotations_ static NTSTATUS
AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(PhysicalDeviceObject);

    return STATUS_NO_SUCH_DEVICE;
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}
