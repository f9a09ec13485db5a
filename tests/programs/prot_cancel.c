/* SPDX-License-Identifier: MIT */
/*
 * prot_cancel.c - writes a frame through ndisprot, overlapped, and cancels it while it may still be out.
 *
 * One file for both worlds: a Linux program beside `undis run` (libundis), and an actor of a scenario, built by
 * `undis cc --program`. Exit code 0: each request ended, and in a way that is allowed; else which step was wrong.
 */
#include <stddef.h>

#include "undis/undis.h"

#include "../../drivers/ndisprot/ndisprotioctl.h"

#define FRAME 60

/* "\\.\NdisProt", without a wide literal: the two compilers disagree on how long its characters are. */
static const WCHAR device[] = { '\\', '\\', '.', '\\', 'N', 'd', 'i', 's', 'P', 'r', 'o', 't', 0 };

static NDISPROT_BINDING binding;
static UCHAR frame[FRAME];

static void
make_frame(void)
{
    for (unsigned i = 0; i < FRAME; i++)
        frame[i] = (UCHAR)(i < 6 ? 0xff : i < 12 ? binding.MacAddress[i - 6] : i == 12 ? 0x88 : i == 13 ? 0xb5 : i);
}

/* What a write that somebody cancels may end as: sent, or cancelled. */
static BOOL
allowed(HANDLE h, OVERLAPPED *o)
{
    DWORD bytes = 0;

    if (GetOverlappedResult(h, o, &bytes, TRUE))
        return bytes == FRAME;
    return GetLastError() == ERROR_OPERATION_ABORTED;
}

/* The step that went wrong; lack of memory may stop a program anywhere and is nobody's fault. */
static int
wrong(int step)
{
    return GetLastError() == ERROR_NO_SYSTEM_RESOURCES ? 0 : step;
}

static BOOL
control(HANDLE h, OVERLAPPED *o, DWORD code, void *buffer, DWORD in, DWORD out)
{
    DWORD bytes;

    return DeviceIoControl(h, code, buffer, in, buffer, out, &bytes, o) ||
           (GetLastError() == ERROR_IO_PENDING && GetOverlappedResult(h, o, &bytes, TRUE));
}

int
main(void)
{
    HANDLE h = CreateFileW(device, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    OVERLAPPED o = { .hEvent = NULL };

    if (h == INVALID_HANDLE_VALUE)
        return wrong(1);
    o.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (o.hEvent == NULL)
        return wrong(2);
    if (!control(h, &o, IOCTL_NDISPROT_QUERY_BINDING, &binding, sizeof(binding), sizeof(binding)))
        return wrong(3);
    if (!control(h, &o, IOCTL_NDISPROT_OPEN_ADAPTER, binding.Name, binding.NameLength, 0))
        return wrong(4);
    make_frame();
    ResetEvent(o.hEvent);
    if (!WriteFile(h, frame, FRAME, NULL, &o)) {
        if (GetLastError() != ERROR_IO_PENDING)
            return wrong(5);
        if (!CancelIoEx(h, &o) && GetLastError() != ERROR_NOT_FOUND)
            return wrong(6);
        if (!allowed(h, &o))
            return wrong(7);
    }
    if (!CloseHandle(o.hEvent) || !CloseHandle(h))
        return 8;
    return CloseHandle(h) ? 9 : 0; /* it is gone */
}
