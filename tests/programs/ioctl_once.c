/* SPDX-License-Identifier: MIT */
/*
 * programs/ioctl_once.c - asks a device for one control code after the other, with 32 bytes in and out.
 *
 *     ioctl_once DEVICE CODE...
 *
 * Prints each NTSTATUS. Exit: 0, they were answered; 1, the device cannot be opened, or the machine ended.
 */
#include <stdio.h>
#include <stdlib.h>

#include "undis/undis.h"

int
main(int argc, char **argv)
{
    HANDLE h = argc > 2 ? CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL)
                        : INVALID_HANDLE_VALUE;
    unsigned char in[32] = { 0 }, out[32];
    DWORD bytes;

    if (h == INVALID_HANDLE_VALUE) {
        printf("cannot be opened: error %u\n", (unsigned)GetLastError());
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        DWORD code = (DWORD)strtoul(argv[i], NULL, 0);
        BOOL done = DeviceIoControl(h, code, in, sizeof(in), out, sizeof(out), &bytes, NULL);

        if (!done && (GetLastError() == ERROR_SERVICE_NOT_ACTIVE || GetLastError() == ERROR_DEVICE_NOT_CONNECTED)) {
            puts("the machine ended");
            return 1;
        }
        printf("0x%08x\n", (unsigned)undis_last_status());
    }
    return 0;
}
