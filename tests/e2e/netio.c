/* SPDX-License-Identifier: MIT */
/* netio.c - a driver that asks the IP helper for its routes when it is unloaded; undis has none. */
#include <ndis.h>
#include <netioapi.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    PMIB_IPFORWARD_TABLE2 table = NULL;

    UNREFERENCED_PARAMETER(DriverObject);
    if (NT_SUCCESS(GetIpForwardTable2(AF_UNSPEC, &table)))
        FreeMibTable(table);
}
