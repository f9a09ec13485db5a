/* SPDX-License-Identifier: MIT */
/* nt/rtl/doserror.c - the Win32 error of an NTSTATUS; the table is base/doserror.c. */
#include "base/doserror.h"
#include "nt/rtl/rtl.h"

/*
 * RtlNtStatusToDosError - what GetLastError() would say.
 *
 * Source:    documented
 * IRQL:      any
 * Returns:   the error; ERROR_MR_MID_NOT_FOUND if the status has no counterpart (here: if the table lacks it)
 * Tests:     tests/ddi/rtl_misc.c
 */
ULONG NTAPI
RtlNtStatusToDosError(NTSTATUS Status)
{
    return dos_error(Status);
}

/* documented: the same at any IRQL, and leaves the thread's last status alone, which kernel threads do not have. */
ULONG NTAPI
RtlNtStatusToDosErrorNoTeb(NTSTATUS Status)
{
    return dos_error(Status);
}
