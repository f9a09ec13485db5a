/* SPDX-License-Identifier: MIT */
/*
 * base/doserror.c - from NTSTATUS to the Win32 error that programs see. documented: [MS-ERREF] and the Win32 error
 * lists. For libundis, which stands alone, and for the kernel's own RtlNtStatusToDosError.
 */
#include "base/doserror.h"

#include <stddef.h>

static const struct {
    uint32_t status;
    uint32_t error;
} table[] = {
    { 0x00000103, 997 }, /* PENDING: ERROR_IO_PENDING */
    { 0x80000005, 234 }, /* BUFFER_OVERFLOW: ERROR_MORE_DATA */
    { 0x8000000d, 299 }, /* PARTIAL_COPY */
    { 0x80000011, 170 }, /* DEVICE_BUSY: ERROR_BUSY */
    { 0x8000001a, 259 }, /* NO_MORE_ENTRIES: ERROR_NO_MORE_ITEMS */
    { 0xc0000001, 31 }, /* UNSUCCESSFUL: ERROR_GEN_FAILURE */
    { 0xc0000002, 1 }, /* NOT_IMPLEMENTED: ERROR_INVALID_FUNCTION */
    { 0xc0000004, 24 }, /* INFO_LENGTH_MISMATCH: ERROR_BAD_LENGTH */
    { 0xc0000005, 998 }, /* ACCESS_VIOLATION: ERROR_NOACCESS */
    { 0xc0000008, 6 }, /* INVALID_HANDLE: ERROR_INVALID_HANDLE */
    { 0xc000000d, 87 }, /* INVALID_PARAMETER: ERROR_INVALID_PARAMETER */
    { 0xc000000e, 2 }, /* NO_SUCH_DEVICE: ERROR_FILE_NOT_FOUND */
    { 0xc000000f, 2 }, /* NO_SUCH_FILE: ERROR_FILE_NOT_FOUND */
    { 0xc0000010, 1 }, /* INVALID_DEVICE_REQUEST: ERROR_INVALID_FUNCTION */
    { 0xc0000011, 38 }, /* END_OF_FILE: ERROR_HANDLE_EOF */
    { 0xc0000017, 8 }, /* NO_MEMORY: ERROR_NOT_ENOUGH_MEMORY */
    { 0xc0000022, 5 }, /* ACCESS_DENIED: ERROR_ACCESS_DENIED */
    { 0xc0000023, 122 }, /* BUFFER_TOO_SMALL: ERROR_INSUFFICIENT_BUFFER */
    { 0xc0000024, 6 }, /* OBJECT_TYPE_MISMATCH: ERROR_INVALID_HANDLE */
    { 0xc0000033, 123 }, /* OBJECT_NAME_INVALID: ERROR_INVALID_NAME */
    { 0xc0000034, 2 }, /* OBJECT_NAME_NOT_FOUND: ERROR_FILE_NOT_FOUND */
    { 0xc0000035, 183 }, /* OBJECT_NAME_COLLISION: ERROR_ALREADY_EXISTS */
    { 0xc000003a, 3 }, /* OBJECT_PATH_NOT_FOUND */
    { 0xc000003b, 161 }, /* OBJECT_PATH_SYNTAX_BAD: ERROR_BAD_PATHNAME */
    { 0xc0000043, 32 }, /* SHARING_VIOLATION */
    { 0xc0000056, 5 }, /* DELETE_PENDING: ERROR_ACCESS_DENIED */
    { 0xc000009a, 1450 }, /* INSUFFICIENT_RESOURCES: ERROR_NO_SYSTEM_RESOURCES */
    { 0xc000009d, 1167 }, /* DEVICE_NOT_CONNECTED: ERROR_DEVICE_NOT_CONNECTED */
    { 0xc00000a3, 21 }, /* DEVICE_NOT_READY: ERROR_NOT_READY */
    { 0xc00000b5, 121 }, /* IO_TIMEOUT: ERROR_SEM_TIMEOUT */
    { 0xc00000bb, 50 }, /* NOT_SUPPORTED: ERROR_NOT_SUPPORTED */
    { 0xc00000c0, 55 }, /* DEVICE_DOES_NOT_EXIST: ERROR_DEV_NOT_EXIST */
    { 0xc00000e8, 1784 }, /* INVALID_USER_BUFFER: ERROR_INVALID_USER_BUFFER */
    { 0xc0000120, 995 }, /* CANCELLED: ERROR_OPERATION_ABORTED */
    { 0xc0000128, 6 }, /* FILE_CLOSED: ERROR_INVALID_HANDLE */
    { 0xc0000184, 22 }, /* INVALID_DEVICE_STATE: ERROR_BAD_COMMAND */
    { 0xc0000185, 1117 }, /* IO_DEVICE_ERROR: ERROR_IO_DEVICE */
    { 0xc0000206, 1784 }, /* INVALID_BUFFER_SIZE: ERROR_INVALID_USER_BUFFER */
    { 0xc0000225, 1168 }, /* NOT_FOUND: ERROR_NOT_FOUND */
    { 0xc000010a, 5 }, /* PROCESS_IS_TERMINATING: ERROR_ACCESS_DENIED */
    { 0xc00002b6, 1617 }, /* DEVICE_REMOVED: ERROR_DEVICE_REMOVED */
};

uint32_t
dos_error(int32_t status)
{
    if (status >= 0 && status != 0x103)
        return 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].status == (uint32_t)status)
            return table[i].error;
    if ((uint32_t)status >> 16 == 0xc023) /* STATUS_NDIS_*; assumed: each becomes the ERROR_NDIS_* of its number */
        return 0x80340000u | ((uint32_t)status & 0xffff);
    return 317; /* documented: ERROR_MR_MID_NOT_FOUND for one that has no counterpart */
}
