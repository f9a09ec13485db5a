/* SPDX-License-Identifier: MIT */
/*
 * programs/npf_echo.c - writes frames to a device of npf and reads until they are back: the adapter's wire is a loop.
 *
 *     npf_echo DEVICE FRAMES [kill]     kill: dies with a read under way
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "undis/undis.h"

#include <npfioctl.h>

static int
failed(const char *what)
{
    fprintf(stderr, "%s: error %u, status 0x%08x; %s\n", what, (unsigned)GetLastError(), (unsigned)undis_last_status(),
            undis_connect_error());
    return 1;
}

static unsigned
count_frames(const uint8_t *bytes, DWORD length)
{
    NPF_FRAME_HEADER h;
    unsigned n = 0;

    for (DWORD at = 0; at + sizeof(h) <= length; n++) {
        memcpy(&h, bytes + at, sizeof(h));
        at += NPF_FRAME_ALIGN(h.HeaderLength + h.CapturedLength);
    }
    return n;
}

int
main(int argc, char **argv)
{
    static uint8_t frame[200], room[65536];
    unsigned frames = argc > 2 ? (unsigned)atoi(argv[2]) : 0, back = 0;
    WCHAR adapter[128] = { 0 };
    ULONG promiscuous = 0x20;
    DWORD bytes;
    HANDLE h = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE)
        return failed("open");
    if (!DeviceIoControl(h, IOCTL_NPF_GET_ADAPTER_NAME, NULL, 0, adapter, sizeof(adapter), &bytes, NULL) || bytes < 4 ||
        adapter[0] != '\\')
        return failed("adapter name");
    if (DeviceIoControl(h, 0x12345678, NULL, 0, NULL, 0, &bytes, NULL) || GetLastError() != ERROR_INVALID_FUNCTION)
        return failed("an unknown code must be ERROR_INVALID_FUNCTION");
    if (!DeviceIoControl(h, IOCTL_NPF_SET_PACKET_FILTER, &promiscuous, sizeof(promiscuous), NULL, 0, &bytes, NULL))
        return failed("promiscuous mode");
    memset(frame, 0xff, 6);
    frame[6] = 2;
    frame[12] = 0x88;
    frame[13] = 0xb5;
    for (unsigned i = 0; i < frames; i++) {
        frame[14] = (uint8_t)i;
        if (!WriteFile(h, frame, sizeof(frame), &bytes, NULL) || bytes != sizeof(frame))
            return failed("write");
        while (back <= i) {
            if (!ReadFile(h, room, sizeof(room), &bytes, NULL))
                return failed("read");
            back += count_frames(room, bytes);
        }
    }
    printf("%u frames back\n", back);
    fflush(stdout);
    if (argc > 3) {
        OVERLAPPED o = { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) };
        HANDLE other = CreateFileA(argv[1], GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);

        if (ReadFile(other, room, sizeof(room), NULL, &o) || GetLastError() != ERROR_IO_PENDING)
            return failed("an overlapped read must be pending");
        if (WaitForSingleObject(o.hEvent, 50) != WAIT_TIMEOUT)
            return failed("nothing came, so nothing can have been read");
        if (strcmp(argv[3], "kill") == 0)
            _exit(9);
        if (!CancelIoEx(other, &o) || GetOverlappedResult(other, &o, &bytes, TRUE) ||
            GetLastError() != ERROR_OPERATION_ABORTED)
            return failed("a cancelled read must be ERROR_OPERATION_ABORTED");
        CloseHandle(o.hEvent);
        CloseHandle(other);
    }
    return CloseHandle(h) ? 0 : failed("close");
}
