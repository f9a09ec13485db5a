/* SPDX-License-Identifier: MIT */
/* entry_fails.c - a driver that refuses to load: what it lacks is its own business, and a result about it. */
#include "../common/plain.h"

static NTSTATUS
EntryLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"EntryFails"),
    .Load = EntryLoad,
};
