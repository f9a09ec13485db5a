/* SPDX-License-Identifier: MIT */
/* asks_version.c - a driver that is not for Windows 7, and asks for the version to know. */
#include "../common/plain.h"

static NTSTATUS
AskLoad(PDRIVER_OBJECT DriverObject)
{
    ULONG major, minor;

    UNREFERENCED_PARAMETER(DriverObject);

    PsGetVersion(&major, &minor, NULL, NULL);
    return major == 6 && minor == 1 ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"AsksVersion"),
    .Load = AskLoad,
};
