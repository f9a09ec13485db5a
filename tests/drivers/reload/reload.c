/* SPDX-License-Identifier: MIT */
/* reload.c - a driver that wants its variables fresh each time it is loaded, and an INIT section each time, too. */
#include "../common/plain.h"

static NTSTATUS ReloadLoad(PDRIVER_OBJECT DriverObject);
static VOID ReloadUnload(VOID);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Reload"),
    .Load = ReloadLoad,
    .Unload = ReloadUnload,
};

static volatile ULONG Loads;        /* .bss */
static volatile ULONG Initial = 17; /* .data */
static volatile PULONG Relocated = (volatile PULONG)&Initial;

static __attribute__((section("INIT"), noinline)) NTSTATUS
Check(VOID)
{
    return Loads == 0 && Initial == 17 && Relocated == &Initial ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

static NTSTATUS
ReloadLoad(PDRIVER_OBJECT DriverObject)
{
    NTSTATUS status = Check();

    UNREFERENCED_PARAMETER(DriverObject);

    if (!NT_SUCCESS(status))
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Loads, Initial, 0, 0);
    Loads++;
    Initial = 18;
    Relocated = NULL;
    return status;
}

static VOID
ReloadUnload(VOID)
{
    if (Loads != 1)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Loads, Initial, 1, 0);
    DbgPrint("reload: unloaded\n");
}
