/* SPDX-License-Identifier: MIT */
/*
 * counter.c - an export driver: a counter for other drivers. With -DREFUSES its DllInitialize fails; with -DLEAKS its
 * DllUnload forgets what DllInitialize allocated.
 */
#define COUNTER_API
#include "counter.h"

DRIVER_INITIALIZE DriverEntry;

ULONG CounterTotal;
static UNICODE_STRING Path;

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING RegistryPath);
NTSTATUS NTAPI DllUnload(VOID);

NTSTATUS NTAPI
DllInitialize(PUNICODE_STRING RegistryPath)
{
#ifdef REFUSES
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_DEVICE_NOT_READY;
#else
    Path.Buffer = ExAllocatePoolWithTag(PagedPool, RegistryPath->Length, 'tnuC');
    if (Path.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Path.MaximumLength = RegistryPath->Length;
    RtlCopyUnicodeString(&Path, RegistryPath);
    DbgPrint("counter: initialized, %wZ\n", &Path);
    return STATUS_SUCCESS;
#endif
}

NTSTATUS NTAPI
DllUnload(VOID)
{
    DbgPrint("counter: unloaded at %u\n", CounterTotal);
#ifndef LEAKS
    ExFreePoolWithTag(Path.Buffer, 'tnuC');
#endif
    return STATUS_SUCCESS;
}

ULONG NTAPI
CounterAdd(ULONG Value)
{
    return CounterTotal += Value;
}

/* An export driver is not started; the linker wants an entry. */
NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
