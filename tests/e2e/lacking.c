/* SPDX-License-Identifier: MIT */
/* lacking.c - a driver that imports a function undis does not have, and with -DCALLED calls it in unload. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static PDEVICE_OBJECT Device;
static volatile LONG Always = 1;

__declspec(dllimport) VOID VfFailDeviceNode(PDEVICE_OBJECT PhysicalDeviceObject, ULONG BugCheckMajorCode,
                                            ULONG BugCheckMinorCode, ULONG FailureClass, PULONG AssertionControl,
                                            PSTR DebuggerMessageText, PSTR ParameterFormatString, ...);

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverUnload = Unload;
    return IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    ULONG control = 0;
#ifdef CALLED
    LONG call = 1;
#else
    LONG call = 2; /* never what Always is */
#endif

    UNREFERENCED_PARAMETER(DriverObject);

    if (call == Always)
        VfFailDeviceNode(Device, 0xC4, 1, 0, &control, (PSTR) "", (PSTR) "");
    IoDeleteDevice(Device);
}
