/* SPDX-License-Identifier: MIT */
/* uses.c - a driver that counts with counter.sys; it stops the machine when the library is not as it should be. */
#include "counter.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD UsesUnload;

#define EXPECT(condition)                                                        \
    do {                                                                         \
        if (!(condition))                                                        \
            KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, __LINE__, 0, 0, 0); \
    } while (0)

_Use_decl_annotations_ static VOID
UsesUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    EXPECT(CounterAdd(1) == 6);
}

NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    EXPECT(CounterAdd(0) == 0 && CounterTotal == 0); /* loaded again: fresh */
    EXPECT(CounterAdd(2) == 2 && CounterAdd(3) == 5 && CounterTotal == 5);
    DriverObject->DriverUnload = UsesUnload;
    return STATUS_SUCCESS;
}
