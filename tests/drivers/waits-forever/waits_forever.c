/* SPDX-License-Identifier: MIT */
/* waits_forever.c - unload waits for an event that nobody sets. */
#include "../common/plain.h"

static KEVENT Done;

static NTSTATUS WaitsLoad(PDRIVER_OBJECT DriverObject);
static VOID WaitsUnload(VOID);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"WaitsForever"),
    .Load = WaitsLoad,
    .Unload = WaitsUnload,
};

static NTSTATUS
WaitsLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    return STATUS_SUCCESS;
}

static VOID
WaitsUnload(VOID)
{
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
}
