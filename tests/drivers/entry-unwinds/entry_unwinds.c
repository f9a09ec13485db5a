/* SPDX-License-Identifier: MIT */
/* entry_unwinds.c - ../entry-leaks as it should be. */
#include "../common/plain.h"

static NTSTATUS TwoLoad(PDRIVER_OBJECT DriverObject);
static VOID TwoUnload(VOID);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"EntryUnwinds"),
    .Load = TwoLoad,
    .Unload = TwoUnload,
};

static PVOID First, Second;

static NTSTATUS
TwoLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    First = ExAllocatePoolWithTag(NonPagedPoolNx, 64, PLAIN_TAG);
    if (First == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Second = ExAllocatePoolWithTag(NonPagedPoolNx, 64, PLAIN_TAG);
    if (Second == NULL) {
        ExFreePoolWithTag(First, PLAIN_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static VOID
TwoUnload(VOID)
{
    ExFreePoolWithTag(Second, PLAIN_TAG);
    ExFreePoolWithTag(First, PLAIN_TAG);
}
