/* SPDX-License-Identifier: MIT */
/*
 * programs/overlapped_many.c - so many reads of an overlapped file under way at once, then all cancelled.
 *
 *     overlapped_many DEVICE READS
 *
 * Exit: 0 each was pending, and ended as cancelled; 1 else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "undis/undis.h"

#define READS_MAX 150u /* libundis lets 160 requests be under way */

static int
failed(const char *what, unsigned n)
{
    fprintf(stderr, "%s (%u): error %u\n", what, n, (unsigned)GetLastError());
    return 1;
}

int
main(int argc, char **argv)
{
    static OVERLAPPED o[READS_MAX];
    static unsigned char room[READS_MAX][64];
    unsigned reads = argc > 2 ? (unsigned)atoi(argv[2]) : READS_MAX;
    HANDLE h = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    DWORD bytes;

    if (h == INVALID_HANDLE_VALUE || reads > READS_MAX)
        return failed("open", reads);
    for (unsigned i = 0; i < reads; i++) {
        o[i].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (ReadFile(h, room[i], sizeof(room[i]), NULL, &o[i]) || GetLastError() != ERROR_IO_PENDING)
            return failed("a read must be pending", i);
    }
    if (WaitForSingleObject(o[reads - 1].hEvent, 100) != WAIT_TIMEOUT)
        return failed("nothing came, so nothing can have been read", reads);
    printf("%u reads under way\n", reads);
    fflush(stdout);
    if (argc > 3)
        getchar();
    if (!CancelIoEx(h, NULL))
        return failed("cancel", reads);
    for (unsigned i = 0; i < reads; i++)
        if (GetOverlappedResult(h, &o[i], &bytes, TRUE) || GetLastError() != ERROR_OPERATION_ABORTED)
            return failed("a cancelled read must end as cancelled", i);
    CloseHandle(h);
    return 0;
}
