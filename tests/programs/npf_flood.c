/* SPDX-License-Identifier: MIT */
/*
 * programs/npf_flood.c - opens a device of npf, writes until that fails, closes, and again: npf_flood DEVICE SECONDS.
 * 0: time is over; 2: the machine is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "undis/undis.h"

int
main(int argc, char **argv)
{
    static const unsigned char frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 1);
    unsigned long written = 0, opened = 0;
    DWORD done, error = 0;

    while (time(NULL) < end && error != ERROR_SERVICE_NOT_ACTIVE && error != ERROR_DEVICE_NOT_CONNECTED) {
        HANDLE h = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

        if (h == INVALID_HANDLE_VALUE) {
            error = GetLastError();
            continue;
        }
        opened++;
        while (time(NULL) < end && WriteFile(h, frame, sizeof(frame), &done, NULL))
            written++;
        error = GetLastError();
        CloseHandle(h);
    }
    printf("%lu writes, %lu opens\n", written, opened);
    return error == ERROR_SERVICE_NOT_ACTIVE || error == ERROR_DEVICE_NOT_CONNECTED ? 2 : 0;
}
