/* SPDX-License-Identifier: MIT */
/* libundis/error.c - what GetLastError() says. */
#include "libundis/lib.h"

#include "base/doserror.h"

static _Thread_local DWORD last_error;
static _Thread_local int32_t last_status;

DWORD
error_of_status(int32_t status)
{
    return dos_error(status);
}

BOOL
lib_fail(DWORD error)
{
    last_error = error;
    return FALSE;
}

BOOL
lib_result(int32_t status)
{
    last_status = status;
    /* documented: warnings are failures to Win32 callers; informational statuses are not */
    if ((uint32_t)status >> 30 < 2)
        return TRUE;
    return lib_fail(error_of_status(status));
}

DWORD
GetLastError(void)
{
    return last_error;
}

void
SetLastError(DWORD ErrCode)
{
    last_error = ErrCode;
}

LONG
undis_last_status(void)
{
    return last_status;
}
