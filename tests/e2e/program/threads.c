/* SPDX-License-Identifier: MIT */
/*
 * threads.c - a program of two threads that count, and one that waits for them. VARIANT: 0 is right; 1 counts without a
 * lock, so that a number may be lost; 2 follows a bad pointer; 3 ends with 3; 4 asks for what there is not.
 */
#include <undis/undis.h>

#ifndef VARIANT
#define VARIANT 0
#endif
enum { FINE, LOST, CRASHES, FAILS, LACKING };

static HANDLE go, done;
static volatile LONG total;

static DWORD
worker(LPVOID parameter)
{
    if (WaitForSingleObject(go, INFINITE) != WAIT_OBJECT_0)
        return 1;
    if (VARIANT == LOST) {
        LONG seen = total;

        Sleep(0);
        total = seen + 1;
    } else {
        __atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
    }
    if (*(int *)parameter == 2)
        ExitThread(0);
    return 0;
}

int
main(void)
{
    static int number[2] = { 1, 2 };
    HANDLE thread[2];
    DWORD id;

    go = CreateEventW(NULL, TRUE, FALSE, NULL);
    done = CreateEventW(NULL, FALSE, FALSE, NULL);
    for (unsigned i = 0; i < 2; i++) {
        thread[i] = CreateThread(NULL, 0, worker, &number[i], 0, &id);
        if (thread[i] == NULL || id == GetCurrentThreadId())
            return 10;
    }
    if (WaitForSingleObject(done, 5) != WAIT_TIMEOUT || WaitForSingleObject(go, 0) != WAIT_TIMEOUT)
        return 11;
    SetEvent(go);
    for (unsigned i = 0; i < 2; i++)
        if (WaitForSingleObject(thread[i], INFINITE) != WAIT_OBJECT_0)
            return 12;
    SetEvent(done);
    if (WaitForMultipleObjects(2, (HANDLE[]){ done, go }, FALSE, 0) != WAIT_OBJECT_0 ||
        WaitForMultipleObjects(2, (HANDLE[]){ done, go }, FALSE, 0) != WAIT_OBJECT_0 + 1)
        return 13;
    ResetEvent(go);
    if (WaitForSingleObject(go, 0) != WAIT_TIMEOUT || WaitForSingleObject((HANDLE)0x9999, 0) != WAIT_FAILED ||
        GetLastError() != ERROR_INVALID_HANDLE)
        return 14;
    if (CreateFileA("\\\\.\\NoSuchDevice", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE ||
        GetLastError() != ERROR_FILE_NOT_FOUND)
        return 15;
    OutputDebugStringA("all threads are back\n");
    if (VARIANT == CRASHES)
        *(volatile int *)(size_t)total = 1;
    if (VARIANT == LACKING)
        CreateEventW(NULL, FALSE, FALSE, u"named");
    if (VARIANT == FAILS)
        return 3;
    return total == 2 ? 0 : 16;
}
