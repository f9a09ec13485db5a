/* SPDX-License-Identifier: MIT */
/*
 * rawframes.c - raw Ethernet through ndisprot, from a Linux program.
 *
 *     rawframes                         the adapters there are
 *     rawframes INDEX send COUNT        frames of type 0x88b5 to everybody
 *     rawframes INDEX receive COUNT     a line for each frame that comes
 *     rawframes INDEX echo COUNT        frames of many lengths must come back with their content: the wire is a loop
 *
 * Written to Win32's names, so that it is a program for Windows but for its first include.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "undis/undis.h"

#include "../ndisprotioctl.h"

#define DEVICE     "\\\\.\\NdisProt"
#define FRAME      100
#define FRAME_MAX  9018
#define ETHER_TYPE 0x88b5 /* for experiments */

static int
failed(const char *what)
{
    fprintf(stderr, "rawframes: %s: error %u\n", what, (unsigned)GetLastError());
    return 1;
}

static BOOL
query_binding(HANDLE h, ULONG index, NDISPROT_BINDING *b)
{
    DWORD bytes;

    memset(b, 0, sizeof(*b));
    b->Index = index;
    return DeviceIoControl(h, IOCTL_NDISPROT_QUERY_BINDING, b, sizeof(*b), b, sizeof(*b), &bytes, NULL);
}

static void
print_name(const NDISPROT_BINDING *b)
{
    for (unsigned i = 0; i < b->NameLength / sizeof(WCHAR); i++)
        putchar(b->Name[i] < 0x7f ? b->Name[i] : '?');
}

static int
list(HANDLE h)
{
    NDISPROT_BINDING b;
    ULONG i;

    for (i = 0; query_binding(h, i, &b); i++) {
        const UCHAR *mac = b.MacAddress;

        printf("%u  %02x:%02x:%02x:%02x:%02x:%02x  up to %u bytes  link %s  ", (unsigned)i, mac[0], mac[1], mac[2],
               mac[3], mac[4], mac[5], (unsigned)b.MaxFrame, b.LinkUp ? "up" : "down");
        print_name(&b);
        putchar('\n');
    }
    return GetLastError() == ERROR_NO_MORE_ITEMS ? 0 : failed("query binding");
}

static void
make_frame(const NDISPROT_BINDING *b, unsigned number, UCHAR *frame, unsigned length)
{
    memset(frame, 0xff, 6);
    memcpy(frame + 6, b->MacAddress, 6);
    frame[12] = ETHER_TYPE >> 8;
    frame[13] = ETHER_TYPE & 0xff;
    for (unsigned i = 14; i < length; i++)
        frame[i] = (UCHAR)(number + i);
}

static int
send_frames(HANDLE h, const NDISPROT_BINDING *b, unsigned count)
{
    UCHAR frame[FRAME];
    DWORD bytes;

    for (unsigned i = 0; i < count; i++) {
        make_frame(b, i, frame, FRAME);
        if (!WriteFile(h, frame, FRAME, &bytes, NULL) || bytes != FRAME)
            return failed("write");
    }
    printf("%u frames sent\n", count);
    return 0;
}

static int
receive_frames(HANDLE h, unsigned count)
{
    UCHAR frame[2048];
    DWORD bytes;

    for (unsigned i = 0; i < count; i++) {
        if (!ReadFile(h, frame, sizeof(frame), &bytes, NULL))
            return failed("read");
        if (bytes < 14)
            continue;
        for (unsigned k = 0; k < 12; k++)
            printf("%02x%s", frame[(k + 6) % 12], k == 5 ? " > " : k < 11 ? ":" : "");
        printf("  type %02x%02x, %u bytes\n", frame[12], frame[13], (unsigned)bytes);
        fflush(stdout);
    }
    return 0;
}

static int
echo_frames(HANDLE h, const NDISPROT_BINDING *b, unsigned count)
{
    static UCHAR frame[FRAME_MAX], back[FRAME_MAX];
    const unsigned longest = b->MaxFrame < FRAME_MAX ? b->MaxFrame : FRAME_MAX;
    DWORD bytes;

    for (unsigned i = 0; i < count; i++) {
        const unsigned length = FRAME + i * 131 % (longest - FRAME + 1);

        make_frame(b, i, frame, length);
        if (!WriteFile(h, frame, length, &bytes, NULL) || bytes != length)
            return failed("write");
        if (!ReadFile(h, back, sizeof(back), &bytes, NULL))
            return failed("read");
        if (bytes != length || memcmp(back, frame, length) != 0) {
            fprintf(stderr, "rawframes: frame %u came back as another\n", i);
            return 1;
        }
    }
    printf("%u frames back\n", count);
    return 0;
}

int
main(int argc, char **argv)
{
    unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    NDISPROT_BINDING b;
    DWORD bytes;
    HANDLE h = CreateFileA(DEVICE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE)
        return failed("open " DEVICE);
    if (!DeviceIoControl(h, IOCTL_NDISPROT_BIND_WAIT, NULL, 0, NULL, 0, &bytes, NULL))
        return failed("bind wait");
    if (argc == 1)
        return list(h);
    if (argc != 4) {
        fprintf(stderr, "usage: rawframes [INDEX send|receive|echo COUNT]\n");
        return 64;
    }
    if (!query_binding(h, (ULONG)atoi(argv[1]), &b))
        return failed("no such adapter");
    if (!DeviceIoControl(h, IOCTL_NDISPROT_OPEN_ADAPTER, b.Name, b.NameLength, NULL, 0, &bytes, NULL))
        return failed("open adapter");
    if (strcmp(argv[2], "send") == 0)
        return send_frames(h, &b, count);
    if (strcmp(argv[2], "echo") == 0)
        return echo_frames(h, &b, count);
    return receive_frames(h, count);
}
