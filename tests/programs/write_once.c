/* SPDX-License-Identifier: MIT */
/*
 * programs/write_once.c - opens a device and writes sixty bytes: 0, or 1 with what GetLastError() says.
 */
#include <stdio.h>

#include "undis/undis.h"

int
main(int argc, char **argv)
{
    static const unsigned char bytes[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    DWORD done;
    HANDLE h = CreateFileA(argc > 1 ? argv[1] : "", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE) {
        printf("open: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    if (!WriteFile(h, bytes, sizeof(bytes), &done, NULL)) {
        printf("write: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    printf("%u bytes written\n", (unsigned)done);
    return CloseHandle(h) ? 0 : 1;
}
