/* SPDX-License-Identifier: MIT */
/* programs/read_once.c - opens a device and reads once: 0, or 1 with what GetLastError() says. */
#include <stdio.h>

#include "undis/undis.h"

int
main(int argc, char **argv)
{
    static unsigned char bytes[60];
    DWORD done;
    HANDLE h = CreateFileA(argc > 1 ? argv[1] : "", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE || !ReadFile(h, bytes, sizeof(bytes), &done, NULL)) {
        printf("error %u\n", (unsigned)GetLastError());
        return 1;
    }
    return 0;
}
