/* SPDX-License-Identifier: MIT */
/*
 * programs/ndisprot_wrong.c - asks ndisprot wrongly, and looks that each time the right NTSTATUS comes.
 *
 *     ndisprot_wrong [HANDLE]      HANDLE: a number that another program has open; here it must be nothing
 *
 * Lengths from nothing to more than enough for each code, pointers that may not be read or written, requests of a
 * handle that is closed, was never opened, or is closed by another thread meanwhile. Prints the handle it ends with.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "undis/undis.h"

#include <ndisprotioctl.h>

#define SUCCESS                0u
#define NO_MORE_ENTRIES        0x8000001au
#define INVALID_HANDLE         0xc0000008u
#define INVALID_DEVICE_REQUEST 0xc0000010u
#define BUFFER_TOO_SMALL       0xc0000023u
#define OBJECT_NAME_NOT_FOUND  0xc0000034u
#define DEVICE_NOT_READY       0xc00000a3u
#define INVALID_BUFFER_SIZE    0xc0000206u
#define CANCELLED              0xc0000120u
#define ANY                    0xffffffffu /* the driver's own affair, as long as it comes back */

static unsigned asked;
static HANDLE file;

static void
expect(const char *what, unsigned detail, BOOL fine, uint32_t status)
{
    uint32_t came = fine ? SUCCESS : (uint32_t)undis_last_status();

    asked++;
    if (status == ANY || came == status)
        return;
    printf("%s %u: 0x%08x, not 0x%08x (error %u)\n", what, detail, (unsigned)came, (unsigned)status,
           (unsigned)GetLastError());
    exit(1);
}

static void
expect_error(const char *what, BOOL fine, DWORD error)
{
    asked++;
    if (!fine && GetLastError() == error)
        return;
    printf("%s: %s, error %u, not %u\n", what, fine ? "fine" : "refused", (unsigned)GetLastError(), (unsigned)error);
    exit(1);
}

static HANDLE
open_device(DWORD flags)
{
    HANDLE h = CreateFileA("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);

    if (h == INVALID_HANDLE_VALUE) {
        printf("open: error %u\n", (unsigned)GetLastError());
        exit(1);
    }
    return h;
}

/* Every length of input and output that could make a difference. */
static void
lengths(void)
{
    static uint8_t in[700], out[700];
    DWORD bytes;

    for (DWORD i = 0; i < 64; i++)
        for (DWORD o = 0; o < 64; o += 1 + o / 8) {
            memset(in, 0, sizeof(in));
            expect("QUERY_BINDING, input", i,
                   DeviceIoControl(file, IOCTL_NDISPROT_QUERY_BINDING, in, i, out, o, &bytes, NULL), BUFFER_TOO_SMALL);
            expect("OPEN_ADAPTER, input", i,
                   DeviceIoControl(file, IOCTL_NDISPROT_OPEN_ADAPTER, in, i, out, o, &bytes, NULL),
                   OBJECT_NAME_NOT_FOUND);
            expect("QUERY_OID, output", o, DeviceIoControl(file, IOCTL_NDISPROT_QUERY_OID, in, i, out, o, &bytes, NULL),
                   i < NDISPROT_OID_HEADER || o < NDISPROT_OID_HEADER ? BUFFER_TOO_SMALL : DEVICE_NOT_READY);
            expect("SET_OID, input", i, DeviceIoControl(file, IOCTL_NDISPROT_SET_OID, in, i, out, o, &bytes, NULL),
                   i < NDISPROT_OID_HEADER ? BUFFER_TOO_SMALL : DEVICE_NOT_READY);
            expect("INDICATE_STATUS, output", o,
                   DeviceIoControl(file, IOCTL_NDISPROT_INDICATE_STATUS, in, i, out, o, &bytes, NULL),
                   o < sizeof(NDISPROT_STATUS) ? BUFFER_TOO_SMALL : DEVICE_NOT_READY);
        }
    for (DWORD method = METHOD_IN_DIRECT; method <= METHOD_NEITHER; method++)
        for (DWORD code = 0; code < 8; code++)
            expect("a code of another method", code,
                   DeviceIoControl(file, NDISPROT_IOCTL(code, method), in, 100, out, 100, &bytes, NULL),
                   INVALID_DEVICE_REQUEST);
    expect("an unknown code", 0, DeviceIoControl(file, 0, NULL, 0, NULL, 0, &bytes, NULL), INVALID_DEVICE_REQUEST);
    expect("too much", 0,
           DeviceIoControl(file, IOCTL_NDISPROT_QUERY_OID, in, sizeof(in), out, sizeof(out), &bytes, NULL),
           DEVICE_NOT_READY);
}

static void
pointers(void)
{
    uint8_t *none = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NDISPROT_BINDING b = { .Index = 0 };
    DWORD bytes;

    munmap(edge + 4096, 4096);
    expect_error("write from nowhere", WriteFile(file, NULL, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("write from PROT_NONE", WriteFile(file, none, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("write from 1", WriteFile(file, (void *)1, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("write from the end", WriteFile(file, (void *)-60, 100, &bytes, NULL), ERROR_NOACCESS);
    expect_error("write across an edge", WriteFile(file, edge + 4080, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("read to PROT_READ", ReadFile(file, constant, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("read to nowhere", ReadFile(file, NULL, 60, &bytes, NULL), ERROR_NOACCESS);
    expect_error("output to PROT_READ",
                 DeviceIoControl(file, IOCTL_NDISPROT_QUERY_BINDING, &b, sizeof(b), constant, sizeof(b), &bytes, NULL),
                 ERROR_NOACCESS);
    expect_error("input from PROT_NONE",
                 DeviceIoControl(file, IOCTL_NDISPROT_QUERY_BINDING, none, sizeof(b), &b, sizeof(b), &bytes, NULL),
                 ERROR_NOACCESS);
}

static void
bind_adapter(HANDLE h, NDISPROT_BINDING *b)
{
    DWORD bytes;

    memset(b, 0, sizeof(*b));
    expect("query binding", 0,
           DeviceIoControl(h, IOCTL_NDISPROT_QUERY_BINDING, b, sizeof(*b), b, sizeof(*b), &bytes, NULL), SUCCESS);
    expect("open adapter", 0,
           DeviceIoControl(h, IOCTL_NDISPROT_OPEN_ADAPTER, b->Name, b->NameLength, NULL, 0, &bytes, NULL), SUCCESS);
}

static void
frames(void)
{
    static uint8_t frame[4096];
    NDISPROT_BINDING b;
    DWORD bytes;

    expect("read without adapter", 0, ReadFile(file, frame, 100, &bytes, NULL), DEVICE_NOT_READY);
    expect("write without adapter", 0, WriteFile(file, frame, 100, &bytes, NULL), DEVICE_NOT_READY);
    bind_adapter(file, &b);
    for (DWORD i = 0; i < 14; i++)
        expect("write of bytes", i, WriteFile(file, frame, i, &bytes, NULL), INVALID_BUFFER_SIZE);
    expect("write of bytes", b.MaxFrame + 1, WriteFile(file, frame, b.MaxFrame + 1, &bytes, NULL), INVALID_BUFFER_SIZE);
    expect("write of bytes", b.MaxFrame, WriteFile(file, frame, b.MaxFrame, &bytes, NULL), SUCCESS);
    expect("read of bytes", 0, ReadFile(file, frame, 0, &bytes, NULL), INVALID_BUFFER_SIZE);
}

static void
not_a_handle(HANDLE h)
{
    OVERLAPPED o = { 0 };
    uint8_t bytes_of[64] = { 0 };
    HANDLE other;
    DWORD bytes;

    expect("read", 1, ReadFile(h, bytes_of, 64, &bytes, NULL), INVALID_HANDLE);
    expect("write", 1, WriteFile(h, bytes_of, 64, &bytes, NULL), INVALID_HANDLE);
    expect("control", 1, DeviceIoControl(h, IOCTL_NDISPROT_BIND_WAIT, NULL, 0, NULL, 0, &bytes, NULL), INVALID_HANDLE);
    expect("CancelIo", 1, CancelIo(h), INVALID_HANDLE);
    expect("CancelIoEx", 1, CancelIoEx(h, NULL), INVALID_HANDLE);
    expect("DuplicateHandle", 1,
           DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &other, 0, FALSE, DUPLICATE_SAME_ACCESS),
           INVALID_HANDLE);
    expect("CloseHandle", 1, CloseHandle(h), INVALID_HANDLE);
    expect_error("CancelIoEx of nothing", CancelIoEx(h, &o), ERROR_NOT_FOUND);
    expect_error("CancelSynchronousIo", CancelSynchronousIo(h), ERROR_INVALID_HANDLE);
    expect_error("SetEvent", SetEvent(h), ERROR_INVALID_HANDLE);
}

static void *
wait_for_frame(void *arg)
{
    static uint8_t room[2000];
    DWORD bytes;

    *(DWORD *)arg = GetCurrentThreadId();
    return ReadFile(file, room, sizeof(room), &bytes, NULL) ? NULL : (void *)(uintptr_t)(uint32_t)undis_last_status();
}

/* A synchronous read waits; another thread ends it: by CancelSynchronousIo, and by closing the handle. */
static void
another_thread(BOOL close_it)
{
    volatile DWORD number = 0;
    NDISPROT_BINDING b;
    pthread_t thread;
    void *status;
    HANDLE h;

    file = open_device(0);
    bind_adapter(file, &b);
    pthread_create(&thread, NULL, wait_for_frame, (void *)&number);
    while (number == 0)
        usleep(1000);
    usleep(50000);
    if (close_it) {
        expect("close under a read", 0, CloseHandle(file), SUCCESS);
    } else {
        h = OpenThread(THREAD_TERMINATE, FALSE, number);
        while (!CancelSynchronousIo(h) && GetLastError() == ERROR_NOT_FOUND)
            usleep(1000);
        CloseHandle(h);
    }
    pthread_join(thread, &status);
    asked++;
    if ((uint32_t)(uintptr_t)status != CANCELLED) {
        printf("a read ended by another thread: 0x%08x\n", (unsigned)(uintptr_t)status);
        exit(1);
    }
    if (!close_it)
        CloseHandle(file);
}

/* What waits belongs to the file, not to a handle: a duplicate keeps it, the last close ends it. */
static void
duplicates(void)
{
    OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
    HANDLE two[2] = { CreateEventA(NULL, FALSE, FALSE, NULL), o.hEvent };
    static uint8_t room[2000];
    HANDLE other, h = open_device(FILE_FLAG_OVERLAPPED);
    NDISPROT_BINDING b = { .Index = 0 };
    OVERLAPPED bind = { 0 };
    DWORD bytes;

    DeviceIoControl(h, IOCTL_NDISPROT_QUERY_BINDING, &b, sizeof(b), &b, sizeof(b), NULL, &bind);
    expect("query", 0, GetOverlappedResult(h, &bind, &bytes, TRUE), SUCCESS);
    DeviceIoControl(h, IOCTL_NDISPROT_OPEN_ADAPTER, b.Name, b.NameLength, NULL, 0, NULL, &bind);
    expect("bind", 0, GetOverlappedResult(h, &bind, &bytes, TRUE), SUCCESS);
    expect_error("overlapped read", ReadFile(h, room, sizeof(room), NULL, &o), ERROR_IO_PENDING);
    expect("duplicate", 0,
           DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &other, 0, FALSE, DUPLICATE_SAME_ACCESS),
           SUCCESS);
    expect("close one", 0, CloseHandle(h), SUCCESS);
    expect_error("it goes on", GetOverlappedResultEx(other, &o, &bytes, 50, FALSE), WAIT_TIMEOUT);
    expect_error("it goes on", GetOverlappedResult(other, &o, &bytes, FALSE), ERROR_IO_INCOMPLETE);
    if (WaitForMultipleObjects(2, two, FALSE, 0) != WAIT_TIMEOUT) {
        printf("nothing has happened yet\n");
        exit(1);
    }
    SetEvent(two[0]);
    expect("close the other", 0, CloseHandle(other), SUCCESS);
    if (WaitForMultipleObjects(2, two, TRUE, 10000) != WAIT_OBJECT_0 ||
        WaitForSingleObject(two[0], 0) != WAIT_TIMEOUT) {
        printf("both events were to be set, and the first to reset itself\n");
        exit(1);
    }
    expect("the read", 0, GetOverlappedResult(other, &o, &bytes, TRUE), CANCELLED);
    CloseHandle(two[0]);
    CloseHandle(two[1]);
}

int
main(int argc, char **argv)
{
    HANDLE again;

    if (argc > 1) {     /* a handle of another program is none here */
        open_device(0); /* the connection, and a handle with another number */
        not_a_handle((HANDLE)(uintptr_t)(strtoull(argv[1], NULL, 0) + 400));
        not_a_handle((HANDLE)(uintptr_t)strtoull(argv[1], NULL, 0));
        printf("%u asked, all right\n", asked);
        return 0;
    }
    file = open_device(0);
    lengths();
    pointers();
    frames();
    expect("close", 0, CloseHandle(file), SUCCESS);
    not_a_handle(file);
    another_thread(FALSE);
    another_thread(TRUE);
    duplicates();
    for (unsigned i = 0; i < 5; i++)
        open_device(0);
    again = open_device(0);
    printf("%u asked, all right; handle %llu\n", asked, (unsigned long long)(uintptr_t)again);
    fflush(stdout);
    sleep(argc > 1 ? 0 : 2); /* keeps its handles for the other program */
    return 0;
}
