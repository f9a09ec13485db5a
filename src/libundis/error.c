/* SPDX-License-Identifier: MIT */
/* libundis/error.c - from NTSTATUS to what GetLastError() says. documented: [MS-ERREF] and the Win32 error lists. */
#include "libundis/lib.h"

#include <stddef.h>

static _Thread_local DWORD last_error;
static _Thread_local int32_t last_status;

static const struct {
    uint32_t status;
    DWORD error;
} table[] = {
    { 0x00000103, ERROR_IO_PENDING },           /* PENDING */
    { 0x80000005, ERROR_MORE_DATA },            /* BUFFER_OVERFLOW */
    { 0x8000000d, 299 },                        /* PARTIAL_COPY */
    { 0x80000011, ERROR_BUSY },                 /* DEVICE_BUSY */
    { 0x8000001a, ERROR_NO_MORE_ITEMS },        /* NO_MORE_ENTRIES */
    { 0xc0000001, ERROR_GEN_FAILURE },          /* UNSUCCESSFUL */
    { 0xc0000002, ERROR_INVALID_FUNCTION },     /* NOT_IMPLEMENTED */
    { 0xc0000004, ERROR_BAD_LENGTH },           /* INFO_LENGTH_MISMATCH */
    { 0xc0000005, ERROR_NOACCESS },             /* ACCESS_VIOLATION */
    { 0xc0000008, ERROR_INVALID_HANDLE },       /* INVALID_HANDLE */
    { 0xc000000d, ERROR_INVALID_PARAMETER },    /* INVALID_PARAMETER */
    { 0xc000000e, ERROR_FILE_NOT_FOUND },       /* NO_SUCH_DEVICE */
    { 0xc000000f, ERROR_FILE_NOT_FOUND },       /* NO_SUCH_FILE */
    { 0xc0000010, ERROR_INVALID_FUNCTION },     /* INVALID_DEVICE_REQUEST */
    { 0xc0000011, ERROR_HANDLE_EOF },           /* END_OF_FILE */
    { 0xc0000017, ERROR_NOT_ENOUGH_MEMORY },    /* NO_MEMORY */
    { 0xc0000022, ERROR_ACCESS_DENIED },        /* ACCESS_DENIED */
    { 0xc0000023, ERROR_INSUFFICIENT_BUFFER },  /* BUFFER_TOO_SMALL */
    { 0xc0000024, ERROR_INVALID_HANDLE },       /* OBJECT_TYPE_MISMATCH */
    { 0xc0000033, ERROR_INVALID_NAME },         /* OBJECT_NAME_INVALID */
    { 0xc0000034, ERROR_FILE_NOT_FOUND },       /* OBJECT_NAME_NOT_FOUND */
    { 0xc0000035, 183 },                        /* OBJECT_NAME_COLLISION: ERROR_ALREADY_EXISTS */
    { 0xc000003a, 3 },                          /* OBJECT_PATH_NOT_FOUND */
    { 0xc000003b, 161 },                        /* OBJECT_PATH_SYNTAX_BAD: ERROR_BAD_PATHNAME */
    { 0xc0000043, 32 },                         /* SHARING_VIOLATION */
    { 0xc0000056, ERROR_ACCESS_DENIED },        /* DELETE_PENDING */
    { 0xc000009a, ERROR_NO_SYSTEM_RESOURCES },  /* INSUFFICIENT_RESOURCES */
    { 0xc000009d, ERROR_DEVICE_NOT_CONNECTED }, /* DEVICE_NOT_CONNECTED */
    { 0xc00000a3, ERROR_NOT_READY },            /* DEVICE_NOT_READY */
    { 0xc00000b5, ERROR_SEM_TIMEOUT },          /* IO_TIMEOUT */
    { 0xc00000bb, ERROR_NOT_SUPPORTED },        /* NOT_SUPPORTED */
    { 0xc00000c0, 55 },                         /* DEVICE_DOES_NOT_EXIST: ERROR_DEV_NOT_EXIST */
    { 0xc00000e8, 1784 },                       /* INVALID_USER_BUFFER: ERROR_INVALID_USER_BUFFER */
    { 0xc0000120, ERROR_OPERATION_ABORTED },    /* CANCELLED */
    { 0xc0000128, ERROR_INVALID_HANDLE },       /* FILE_CLOSED */
    { 0xc0000184, 22 },                         /* INVALID_DEVICE_STATE: ERROR_BAD_COMMAND */
    { 0xc0000185, ERROR_IO_DEVICE },            /* IO_DEVICE_ERROR */
    { 0xc0000206, 1784 },                       /* INVALID_BUFFER_SIZE: ERROR_INVALID_USER_BUFFER */
    { 0xc0000225, ERROR_NOT_FOUND },            /* NOT_FOUND */
    { 0xc000010a, ERROR_ACCESS_DENIED },        /* PROCESS_IS_TERMINATING */
    { 0xc00002b6, ERROR_DEVICE_REMOVED },       /* DEVICE_REMOVED */
};

DWORD
error_of_status(int32_t status)
{
    if (status >= 0 && status != 0x103)
        return ERROR_SUCCESS;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].status == (uint32_t)status)
            return table[i].error;
    if ((uint32_t)status >> 16 == 0xc023) /* STATUS_NDIS_*; assumed: each becomes the ERROR_NDIS_* of its number */
        return 0x80340000u | ((uint32_t)status & 0xffff);
    return ERROR_MR_MID_NOT_FOUND; /* documented: what RtlNtStatusToDosError gives for one it does not know */
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
