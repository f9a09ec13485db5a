/* SPDX-License-Identifier: MIT */
/* libundis/file.c - files: open, close, read, write, control, cancel. */
#include "libundis/lib.h"

#include <stdlib.h>
#include <string.h>

#define OVERLAPPED_MAX 65536u

/* By handle / 4: opened with FILE_FLAG_OVERLAPPED. The machine's handles are small multiples of four. */
static bool overlapped_file[OVERLAPPED_MAX];

static bool *
flag_of(HANDLE h)
{
    uint64_t at = (uint64_t)h / 4;

    return &overlapped_file[at < OVERLAPPED_MAX ? at : 0];
}

/* ------------------------------------------------------------------ open and close */

/*
 * name as Win32 hands it on: '/' is '\\' and several in a row are one, but for the two a device's name begins with
 * (observed: the test program of the NDISPROT sample opens "\\\\.\\\\Name").
 */
static void
normalise(const char *name, char *out)
{
    size_t n = 0;

    for (size_t i = 0; name[i] != 0; i++) {
        char c = name[i] == '/' ? '\\' : name[i];

        if (c != '\\' || n < 2 || out[n - 1] != '\\')
            out[n++] = c;
    }
    out[n] = 0;
}

static HANDLE
open_file(const char *name, DWORD access, DWORD flags)
{
    struct lib_request r = { .q.op = UNDIS_OPEN };
    size_t length = strlen(name);

    if (length == 0 || length >= sizeof(r.q.path)) {
        lib_fail(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    normalise(name, r.q.path);
    if ((access & (GENERIC_READ | GENERIC_WRITE)) == GENERIC_READ)
        r.q.flags |= UNDIS_OPEN_READ_ONLY;
    if ((access & (GENERIC_READ | GENERIC_WRITE)) == GENERIC_WRITE)
        r.q.flags |= UNDIS_OPEN_WRITE_ONLY;
    if (flags & FILE_FLAG_OVERLAPPED)
        r.q.flags |= UNDIS_OPEN_OVERLAPPED;
    if (!lib_call(&r) || !lib_result(r.a.status))
        return INVALID_HANDLE_VALUE;
    *flag_of((HANDLE)r.a.handle) = (flags & FILE_FLAG_OVERLAPPED) != 0;
    return (HANDLE)r.a.handle;
}

/* A device's name is the driver's own text: characters outside ASCII become UTF-8. */
static bool
narrow(const WCHAR *name, char *out, size_t room)
{
    size_t n = 0;

    for (; *name != 0; name++) {
        uint32_t u = *name;

        if (u >= 0xd800 && u < 0xdc00 && name[1] >= 0xdc00 && name[1] < 0xe000) {
            u = 0x10000 + ((u - 0xd800) << 10) + (name[1] - 0xdc00u);
            name++;
        }
        if (n + 4 >= room)
            return false;
        if (u < 0x80) {
            out[n++] = (char)u;
        } else if (u < 0x800) {
            out[n++] = (char)(0xc0 | u >> 6);
            out[n++] = (char)(0x80 | (u & 63));
        } else if (u < 0x10000) {
            out[n++] = (char)(0xe0 | u >> 12);
            out[n++] = (char)(0x80 | (u >> 6 & 63));
            out[n++] = (char)(0x80 | (u & 63));
        } else {
            out[n++] = (char)(0xf0 | u >> 18);
            out[n++] = (char)(0x80 | (u >> 12 & 63));
            out[n++] = (char)(0x80 | (u >> 6 & 63));
            out[n++] = (char)(0x80 | (u & 63));
        }
    }
    out[n] = 0;
    return true;
}

HANDLE
CreateFileA(const char *FileName, DWORD DesiredAccess, DWORD ShareMode, LPVOID SecurityAttributes,
            DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile)
{
    (void)ShareMode;
    (void)SecurityAttributes;
    (void)CreationDisposition;
    (void)TemplateFile;
    if (FileName == NULL) {
        lib_fail(ERROR_INVALID_PARAMETER);
        return INVALID_HANDLE_VALUE;
    }
    return open_file(FileName, DesiredAccess, FlagsAndAttributes);
}

HANDLE
CreateFileW(const WCHAR *FileName, DWORD DesiredAccess, DWORD ShareMode, LPVOID SecurityAttributes,
            DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile)
{
    char name[UNDIS_PATH_MAX];

    if (FileName == NULL || !narrow(FileName, name, sizeof(name))) {
        lib_fail(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    return CreateFileA(name, DesiredAccess, ShareMode, SecurityAttributes, CreationDisposition, FlagsAndAttributes,
                       TemplateFile);
}

BOOL
CloseHandle(HANDLE Object)
{
    struct lib_request r = { .q.op = UNDIS_CLOSE, .q.handle = (uint64_t)Object };

    if (object_close(Object) == OBJECT_OURS)
        return TRUE;
    return lib_call(&r) ? lib_result(r.a.status) : FALSE;
}

BOOL
DuplicateHandle(HANDLE SourceProcess, HANDLE Source, HANDLE TargetProcess, HANDLE *Target, DWORD DesiredAccess,
                BOOL InheritHandle, DWORD Options)
{
    struct lib_request r = { .q.op = UNDIS_DUPLICATE, .q.handle = (uint64_t)Source };
    BOOL done;

    (void)DesiredAccess;
    (void)InheritHandle;
    if (SourceProcess != GetCurrentProcess() || TargetProcess != GetCurrentProcess() ||
        !(Options & DUPLICATE_SAME_ACCESS))
        return lib_fail(ERROR_NOT_SUPPORTED);
    if (Target == NULL)
        return lib_fail(ERROR_INVALID_PARAMETER);
    if (object_duplicate(Source, Target)) {
        done = *Target != NULL;
    } else {
        done = lib_call(&r) ? lib_result(r.a.status) : FALSE;
        *Target = done ? (HANDLE)r.a.handle : NULL;
        if (done)
            *flag_of(*Target) = *flag_of(Source);
    }
    if (Options & DUPLICATE_CLOSE_SOURCE && Source != GetCurrentThread())
        CloseHandle(Source); /* documented: whether or not there is a duplicate */
    return done;
}

/* ------------------------------------------------------------------ requests */

/* r is prepared; proto is its kind. Synchronous: wait, and tell the bytes. */
static BOOL
finish(struct lib_request *r, DWORD *bytes)
{
    if (bytes != NULL)
        *bytes = 0;
    if (!lib_call(r))
        return FALSE;
    if (bytes != NULL)
        *bytes = (DWORD)r->a.information;
    return lib_result(r->a.status);
}

/*
 * One request, overlapped if the file is. Overlapped ones live in the heap until they have ended.
 */
static BOOL
submit(const struct undis_request *q, LPCVOID in, DWORD in_length, LPVOID out, DWORD out_length, bool shared,
       DWORD *bytes, LPOVERLAPPED overlapped)
{
    struct lib_request here = { .q = *q, .copy_all = shared }, *r = &here;

    if (!*flag_of((HANDLE)q->handle))
        overlapped = NULL; /* its offset means nothing to a device */
    else if (overlapped == NULL)
        return lib_fail(ERROR_INVALID_PARAMETER);
    if (overlapped != NULL) {
        r = malloc(sizeof(*r));
        if (r == NULL)
            return lib_fail(ERROR_NOT_ENOUGH_MEMORY);
        *r = here;
        r->overlapped = overlapped;
        r->q.flags |= UNDIS_OPEN_OVERLAPPED;
    }
    if (!lib_prepare(r, in, in_length, out, out_length, shared)) {
        if (r != &here)
            free(r);
        return FALSE;
    }
    if (overlapped == NULL)
        return finish(r, bytes);
    if (bytes != NULL)
        *bytes = 0;
    if (!lib_start(r)) {
        free(r);
        return FALSE;
    }
    return lib_fail(ERROR_IO_PENDING);
}

BOOL
ReadFile(HANDLE File, LPVOID Buffer, DWORD BytesToRead, DWORD *BytesRead, LPOVERLAPPED Overlapped)
{
    struct undis_request q = { .op = UNDIS_READ, .handle = (uint64_t)File };

    return submit(&q, NULL, 0, Buffer, BytesToRead, false, BytesRead, Overlapped);
}

BOOL
WriteFile(HANDLE File, LPCVOID Buffer, DWORD BytesToWrite, DWORD *BytesWritten, LPOVERLAPPED Overlapped)
{
    struct undis_request q = { .op = UNDIS_WRITE, .handle = (uint64_t)File };

    return submit(&q, Buffer, BytesToWrite, NULL, 0, false, BytesWritten, Overlapped);
}

BOOL
DeviceIoControl(HANDLE Device, DWORD IoControlCode, LPVOID InBuffer, DWORD InBufferSize, LPVOID OutBuffer,
                DWORD OutBufferSize, DWORD *BytesReturned, LPOVERLAPPED Overlapped)
{
    struct undis_request q = { .op = UNDIS_IOCTL, .handle = (uint64_t)Device, .code = IoControlCode };
    bool buffered = (IoControlCode & 3) == 0; /* METHOD_BUFFERED: the system copies, else the driver sees the buffer */

    return submit(&q, InBuffer, InBufferSize, OutBuffer, OutBufferSize, !buffered, BytesReturned, Overlapped);
}

/* ------------------------------------------------------------------ overlapped requests */

BOOL
GetOverlappedResultEx(HANDLE File, LPOVERLAPPED Overlapped, DWORD *Bytes, DWORD Milliseconds, BOOL Alertable)
{
    (void)File;
    (void)Alertable; /* nothing here queues calls to a thread */
    if (!lib_wait_overlapped(Overlapped, Milliseconds))
        return lib_fail(Milliseconds == 0 ? ERROR_IO_INCOMPLETE : WAIT_TIMEOUT);
    if (Bytes != NULL)
        *Bytes = (DWORD)Overlapped->InternalHigh;
    return lib_result((int32_t)(uint32_t)Overlapped->Internal);
}

BOOL
GetOverlappedResult(HANDLE File, LPOVERLAPPED Overlapped, DWORD *Bytes, BOOL Wait)
{
    return GetOverlappedResultEx(File, Overlapped, Bytes, Wait ? INFINITE : 0, FALSE);
}

BOOL
CancelIo(HANDLE File)
{
    struct lib_request r = { .q.op = UNDIS_CANCEL, .q.handle = (uint64_t)File };

    return lib_call(&r) ? lib_result(r.a.status) : FALSE;
}

BOOL
CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped)
{
    struct lib_request r = { .q.op = UNDIS_CANCEL_EX, .q.handle = (uint64_t)File };

    if (Overlapped != NULL && (r.q.target = lib_find(Overlapped)) == 0)
        return lib_fail(ERROR_NOT_FOUND);
    return lib_call(&r) ? lib_result(r.a.status) : FALSE;
}

BOOL
CancelSynchronousIo(HANDLE Thread)
{
    struct lib_request r = { .q.op = UNDIS_CANCEL_SYNC, .q.target = thread_number(Thread) };

    if (r.q.target == 0)
        return lib_fail(ERROR_INVALID_HANDLE);
    return lib_call(&r) ? lib_result(r.a.status) : FALSE;
}
