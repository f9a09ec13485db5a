/* SPDX-License-Identifier: MIT */
/* pool_leak.c - what load allocates, unload does not free. */
#include "../common/plain.h"

static PVOID Table;

static NTSTATUS LeakLoad(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"PoolLeak"),
    .Load = LeakLoad,
};

static NTSTATUS
LeakLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    Table = ExAllocatePoolWithTag(NonPagedPoolNx, 512, PLAIN_TAG);
    return Table != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
