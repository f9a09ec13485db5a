/* SPDX-License-Identifier: MIT */
/* reads_version.c - a driver that is not for Windows 7, and reads the version from the page that every driver sees. */
#include "../common/plain.h"

static NTSTATUS
ReadLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    return SharedUserData->NtMajorVersion == 6 && SharedUserData->NtMinorVersion == 1 ? STATUS_NOT_SUPPORTED
                                                                                      : STATUS_SUCCESS;
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"ReadsVersion"),
    .Load = ReadLoad,
};
