/* SPDX-License-Identifier: MIT */
/*
 * libundis/event.c - events, and waiting for overlapped requests.
 *
 * Model: events are the library's own; the machine knows nothing of them. A handle of one is a number from a range that
 * the machine's handles never reach. One lock and one condition serve all: programs have few events, and waiters look
 * for themselves.
 */
#include "libundis/lib.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS_MAX   1024u
#define FIRST_HANDLE 0x100000000ull

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    bool used, manual, signalled;
} events[EVENTS_MAX];

bool
event_is(HANDLE h)
{
    uint64_t at = (uint64_t)h - FIRST_HANDLE;

    return at % 4 == 0 && at / 4 < EVENTS_MAX && events[at / 4].used;
}

static unsigned
index_of(HANDLE h)
{
    return (unsigned)(((uint64_t)h - FIRST_HANDLE) / 4);
}

static BOOL
set(HANDLE h, bool signalled)
{
    bool is;

    pthread_mutex_lock(&lock);
    is = event_is(h);
    if (is)
        events[index_of(h)].signalled = signalled;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return is ? TRUE : lib_fail(ERROR_INVALID_HANDLE);
}

HANDLE
CreateEventW(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const WCHAR *Name)
{
    HANDLE h = NULL;

    if (EventAttributes != NULL || Name != NULL) {
        lib_fail(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < EVENTS_MAX && h == NULL; i++)
        if (!events[i].used) {
            events[i].used = true;
            events[i].manual = ManualReset != FALSE;
            events[i].signalled = InitialState != FALSE;
            h = (HANDLE)(FIRST_HANDLE + 4ull * i);
        }
    pthread_mutex_unlock(&lock);
    if (h == NULL)
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    return h;
}

BOOL
SetEvent(HANDLE Event)
{
    return set(Event, true);
}

BOOL
ResetEvent(HANDLE Event)
{
    return set(Event, false);
}

bool
event_close(HANDLE h)
{
    bool is;

    pthread_mutex_lock(&lock);
    is = event_is(h);
    if (is)
        events[index_of(h)].used = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return is;
}

DWORD
WaitForSingleObject(HANDLE Event, DWORD Milliseconds)
{
    struct timespec until;
    DWORD result = WAIT_FAILED;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += Milliseconds / 1000;
    until.tv_nsec += (long)(Milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    while (event_is(Event)) {
        unsigned i = index_of(Event);

        if (events[i].signalled) {
            events[i].signalled = events[i].manual;
            result = WAIT_OBJECT_0;
            break;
        }
        if (Milliseconds == INFINITE) {
            pthread_cond_wait(&changed, &lock);
        } else if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT) {
            result = WAIT_TIMEOUT;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    if (result == WAIT_FAILED)
        lib_fail(ERROR_INVALID_HANDLE);
    return result;
}

void
lib_wait_overlapped(LPOVERLAPPED overlapped)
{
    pthread_mutex_lock(&lock);
    while (!HasOverlappedIoCompleted((volatile OVERLAPPED *)overlapped))
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void
lib_overlapped_done(LPOVERLAPPED overlapped, int32_t status, uint64_t bytes)
{
    HANDLE event = overlapped->hEvent;

    pthread_mutex_lock(&lock);
    overlapped->InternalHigh = (ULONG_PTR)bytes;
    __atomic_store_n(&overlapped->Internal, (ULONG_PTR)(uint32_t)status, __ATOMIC_RELEASE);
    if (event != NULL && event_is(event))
        events[index_of(event)].signalled = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
