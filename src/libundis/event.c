/* SPDX-License-Identifier: MIT */
/*
 * libundis/event.c - events, handles of threads, and waiting.
 *
 * Model: both are the library's own; the machine knows nothing of events, and threads by their numbers. A handle is an
 * index into a table, in a range that the machine's handles never reach; several may have one object, which lives as
 * long as one of them. One lock and one condition serve all: programs have few events, and waiters look for
 * themselves. As in Windows, the two lowest bits of a handle mean nothing.
 * Start reading at: object_of(), WaitForMultipleObjects().
 */
#include "libundis/lib.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HANDLES_MAX  1024u
#define FIRST_HANDLE 0x100000000ull

struct object {
    unsigned handles; /* 0: free */
    uint32_t thread;  /* its number; 0: an event */
    bool manual, signalled;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct object objects[HANDLES_MAX];
static struct object *handles[HANDLES_MAX];

/* ------------------------------------------------------------------ handles; all with lock */

static struct object **
slot_of(HANDLE h)
{
    uint64_t at = ((uint64_t)h - FIRST_HANDLE) / 4;

    return (uint64_t)h >= FIRST_HANDLE && at < HANDLES_MAX ? &handles[at] : NULL;
}

static struct object *
object_of(HANDLE h)
{
    struct object **slot = slot_of(h);

    return slot != NULL ? *slot : NULL;
}

static struct object *
event_of(HANDLE h)
{
    struct object *o = object_of(h);

    return o != NULL && o->thread == 0 ? o : NULL;
}

/* A further handle of o; NULL: none left. */
static HANDLE
handle_of(struct object *o)
{
    for (unsigned i = 0; i < HANDLES_MAX; i++)
        if (handles[i] == NULL) {
            handles[i] = o;
            o->handles++;
            return (HANDLE)(FIRST_HANDLE + 4ull * i);
        }
    return NULL;
}

/* Without lock. */
static HANDLE
create(const struct object *made)
{
    HANDLE h = NULL;

    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < HANDLES_MAX && h == NULL; i++)
        if (objects[i].handles == 0) {
            objects[i] = *made;
            h = handle_of(&objects[i]);
            break;
        }
    pthread_mutex_unlock(&lock);
    if (h == NULL)
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    return h;
}

bool
object_close(HANDLE h)
{
    struct object **slot, *o;

    pthread_mutex_lock(&lock);
    slot = slot_of(h);
    o = slot != NULL ? *slot : NULL;
    if (o != NULL) {
        o->handles--;
        *slot = NULL;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return o != NULL;
}

bool
object_duplicate(HANDLE h, HANDLE *to)
{
    struct object *o;

    if (h == GetCurrentThread()) {
        *to = create(&(struct object){ .thread = GetCurrentThreadId() });
        return true;
    }
    pthread_mutex_lock(&lock);
    o = object_of(h);
    *to = o != NULL ? handle_of(o) : NULL;
    pthread_mutex_unlock(&lock);
    if (o != NULL && *to == NULL)
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    return o != NULL;
}

/* ------------------------------------------------------------------ events */

HANDLE
CreateEventW(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const WCHAR *Name)
{
    if (EventAttributes != NULL || Name != NULL) {
        lib_fail(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    return create(&(struct object){ .manual = ManualReset != FALSE, .signalled = InitialState != FALSE });
}

HANDLE
CreateEventA(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const char *Name)
{
    return CreateEventW(EventAttributes, ManualReset, InitialState, Name != NULL ? u"" : NULL);
}

static BOOL
set(HANDLE h, bool signalled)
{
    struct object *o;

    pthread_mutex_lock(&lock);
    o = event_of(h);
    if (o != NULL)
        o->signalled = signalled;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return o != NULL ? TRUE : lib_fail(ERROR_INVALID_HANDLE);
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

/* ------------------------------------------------------------------ threads */

DWORD
GetCurrentThreadId(void)
{
    return (DWORD)syscall(SYS_gettid);
}

HANDLE
OpenThread(DWORD DesiredAccess, BOOL InheritHandle, DWORD ThreadId)
{
    (void)DesiredAccess;
    (void)InheritHandle;
    if (ThreadId == 0 || syscall(SYS_tgkill, getpid(), ThreadId, 0) != 0) {
        lib_fail(ERROR_INVALID_PARAMETER); /* documented for an ID that no thread has */
        return NULL;
    }
    return create(&(struct object){ .thread = ThreadId });
}

uint32_t
thread_number(HANDLE h)
{
    struct object *o;
    uint32_t number;

    if (h == GetCurrentThread())
        return GetCurrentThreadId();
    pthread_mutex_lock(&lock);
    o = object_of(h);
    number = o != NULL ? o->thread : 0;
    pthread_mutex_unlock(&lock);
    return number;
}

/* ------------------------------------------------------------------ waiting */

static struct timespec
deadline(DWORD milliseconds)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += milliseconds / 1000;
    t.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* lock: until something changes. false: it is too late for that. */
static bool
sleep_until(DWORD milliseconds, const struct timespec *until)
{
    if (milliseconds == INFINITE)
        return pthread_cond_wait(&changed, &lock) == 0;
    return pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, until) != ETIMEDOUT;
}

/* lock: WAIT_OBJECT_0 + what ends the wait, WAIT_TIMEOUT if nothing does yet, WAIT_FAILED for a handle of no event. */
static DWORD
try_wait(DWORD count, const HANDLE *h, bool all)
{
    DWORD ready = 0, first = count;

    for (DWORD i = 0; i < count; i++) {
        const struct object *o = event_of(h[i]);

        if (o == NULL)
            return WAIT_FAILED;
        if (o->signalled && ready++ == 0)
            first = i;
    }
    if (ready < (all ? count : 1))
        return WAIT_TIMEOUT;
    for (DWORD i = all ? 0 : first; i < (all ? count : first + 1); i++)
        event_of(h[i])->signalled = event_of(h[i])->manual;
    return WAIT_OBJECT_0 + first;
}

DWORD
WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll, DWORD Milliseconds)
{
    struct timespec until = deadline(Milliseconds);
    DWORD result;

    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS) {
        lib_fail(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    pthread_mutex_lock(&lock);
    while ((result = try_wait(Count, Handles, WaitAll)) == WAIT_TIMEOUT)
        if (!sleep_until(Milliseconds, &until)) {
            result = try_wait(Count, Handles, WaitAll);
            break;
        }
    pthread_mutex_unlock(&lock);
    if (result == WAIT_FAILED)
        lib_fail(ERROR_INVALID_HANDLE);
    return result;
}

DWORD
WaitForSingleObject(HANDLE Event, DWORD Milliseconds)
{
    return WaitForMultipleObjects(1, &Event, FALSE, Milliseconds);
}

/* Who had to wait takes the signal of an event that resets itself, as Windows' wait for the event does. */
bool
lib_wait_overlapped(LPOVERLAPPED overlapped, DWORD milliseconds)
{
    struct timespec until = deadline(milliseconds);
    bool waited = false, in_time = true, ended;
    struct object *event;

    pthread_mutex_lock(&lock);
    while (!(ended = HasOverlappedIoCompleted((volatile OVERLAPPED *)overlapped)) && in_time) {
        waited = true;
        in_time = sleep_until(milliseconds, &until);
    }
    event = ended && waited && overlapped->hEvent != NULL ? event_of(overlapped->hEvent) : NULL;
    if (event != NULL)
        event->signalled = event->manual;
    pthread_mutex_unlock(&lock);
    return ended;
}

void
lib_overlapped_done(LPOVERLAPPED overlapped, int32_t status, uint64_t bytes)
{
    HANDLE event = overlapped->hEvent;
    struct object *o;

    pthread_mutex_lock(&lock);
    o = event != NULL ? event_of(event) : NULL;
    overlapped->InternalHigh = (ULONG_PTR)bytes;
    __atomic_store_n(&overlapped->Internal, (ULONG_PTR)(uint32_t)status, __ATOMIC_RELEASE);
    if (o != NULL)
        o->signalled = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
