/* SPDX-License-Identifier: MIT */
/*
 * programs/write_once.c - opens a device and writes sixty bytes: 0, or 1 with what GetLastError() says.
 *
 *     write_once DEVICE [ETHERTYPE]     0x88b5 without one
 */
#include <stdio.h>
#include <stdlib.h>

#include "undis/undis.h"

int
main(int argc, char **argv)
{
    static unsigned char bytes[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    unsigned type = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 0x88b5;
    DWORD done;
    HANDLE h = CreateFileA(argc > 1 ? argv[1] : "", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE) {
        printf("open: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    bytes[12] = (unsigned char)(type >> 8);
    bytes[13] = (unsigned char)type;
    if (!WriteFile(h, bytes, sizeof(bytes), &done, NULL)) {
        printf("write: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    printf("%u bytes written\n", (unsigned)done);
    return CloseHandle(h) ? 0 : 1;
}
