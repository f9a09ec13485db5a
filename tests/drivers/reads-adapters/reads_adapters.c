/* SPDX-License-Identifier: MIT */
/*
 * reads_adapters.c - a protocol that wants to know in DriverEntry which adapters there are, as protocols did before
 * NDIS bound them: it reads the Export value of the first adapter's Linkage key, and will not load without one.
 */
#include "../common/onlooker.h"

DRIVER_INITIALIZE DriverEntry;

/* Is it a list that begins with a device's name? */
static BOOLEAN
IsExport(const KEY_VALUE_PARTIAL_INFORMATION *Value)
{
    static const WCHAR prefix[] = L"\\Device\\{";

    return Value->Type == REG_MULTI_SZ && Value->DataLength > sizeof(prefix) &&
           RtlCompareMemory(Value->Data, prefix, sizeof(prefix) - sizeof(WCHAR)) == sizeof(prefix) - sizeof(WCHAR);
}

static NTSTATUS
FindAdapter(VOID)
{
    static UNICODE_STRING linkage =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
                            L"{4D36E972-E325-11CE-BFC1-08002BE10318}\\0001\\Linkage");
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"Export");
    OBJECT_ATTRIBUTES attributes;
    union {
        KEY_VALUE_PARTIAL_INFORMATION Value;
        UCHAR Bytes[256];
    } read;
    ULONG length;
    HANDLE key;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &linkage, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, &read, sizeof(read), &length);
    ZwClose(key);
    if (NT_SUCCESS(status) && !IsExport(&read.Value))
        status = STATUS_OBJECT_TYPE_MISMATCH;
    return status;
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status = FindAdapter();

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status))
        return status;
    return OnlookerRegister(DriverObject, L"ReadsAdapters", NULL, NULL);
}
