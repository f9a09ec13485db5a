/* SPDX-License-Identifier: MIT */
/*
 * libundis/event.c - events, handles of threads, and waiting.
 *
 * Model: an object of the library's has one or several handles and lives as long as one of them. Threads, and events of
 * a program that has no machine, are the library's alone: their handles are in a range that the machine's never reach.
 * An event that is made while a machine is there is one of the machine's with the machine's handle, so that a driver
 * can be handed it. It has two parts then. The machine's is set by SetEvent() and by drivers; the library hears of
 * that (`told`) and asks for it when somebody waits. The library's own part is set by overlapped requests that end, so
 * that those cost no question. The event is set when either is; what takes the signal takes both.
 *
 * One lock and one condition serve all: programs have few events, and waiters look for themselves. It is never held
 * while the machine is asked. As in Windows, the two lowest bits of a handle mean nothing.
 * Start reading at: object_of(), WaitForMultipleObjects().
 */
#include "libundis/lib.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OBJECTS_MAX  1024u
#define OWN_MAX      1024u
#define MACHINES_MAX 65536u
#define FIRST_HANDLE 0x100000000ull

struct object {
    unsigned handles; /* 0: free */
    uint32_t thread;  /* its number; 0: an event */
    bool manual;
    bool signalled; /* the library's part */
    bool machine;   /* it has one there */
    bool told;      /* the machine's part may be set */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct object objects[OBJECTS_MAX];
static struct object *own[OWN_MAX], *machines[MACHINES_MAX]; /* by handle */
static uint64_t news; /* grows whenever the machine tells something */

/* ------------------------------------------------------------------ handles; all with lock */

static struct object **
slot_of(HANDLE h)
{
    uint64_t at = (uint64_t)h / 4;

    if ((uint64_t)h < FIRST_HANDLE)
        return at < MACHINES_MAX ? &machines[at] : NULL;
    at = ((uint64_t)h - FIRST_HANDLE) / 4;
    return at < OWN_MAX ? &own[at] : NULL;
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

/* A handle of the library's for o; NULL: none left. */
static HANDLE
own_handle(struct object *o)
{
    for (unsigned i = 0; i < OWN_MAX; i++)
        if (own[i] == NULL) {
            own[i] = o;
            o->handles++;
            return (HANDLE)(FIRST_HANDLE + 4ull * i);
        }
    return NULL;
}

/* A new object, held by who asks (one handle that it has not got yet). NULL: none left. */
static struct object *
new_object(const struct object *made)
{
    for (unsigned i = 0; i < OBJECTS_MAX; i++)
        if (objects[i].handles == 0) {
            objects[i] = *made;
            objects[i].handles = 1;
            return &objects[i];
        }
    return NULL;
}

/* Without lock. An object of the library's alone. */
static HANDLE
create(const struct object *made)
{
    struct object *o;
    HANDLE h = NULL;

    pthread_mutex_lock(&lock);
    o = new_object(made);
    if (o != NULL) {
        h = own_handle(o);
        o->handles--;
    }
    pthread_mutex_unlock(&lock);
    if (h == NULL)
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    return h;
}

/*
 * Without lock. The handle that the machine gave for o, which is held; 0: it gave none, and o is let go. One that is
 * beyond what this library keeps goes back.
 */
static HANDLE
machine_handle(struct object *o, uint64_t handle)
{
    struct object **slot = handle != 0 ? slot_of((HANDLE)handle) : NULL;

    pthread_mutex_lock(&lock);
    if (slot != NULL)
        *slot = o;
    else
        o->handles--;
    pthread_mutex_unlock(&lock);
    if (slot != NULL)
        return (HANDLE)handle;
    if (handle != 0) {
        struct lib_request r = { .q.op = UNDIS_CLOSE, .q.handle = handle };

        lib_call(&r);
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    }
    return NULL;
}

enum object_kind
object_close(HANDLE h)
{
    enum object_kind kind = OBJECT_NONE;
    struct object **slot, *o;

    pthread_mutex_lock(&lock);
    slot = slot_of(h);
    o = slot != NULL ? *slot : NULL;
    if (o != NULL) {
        kind = o->machine ? OBJECT_MACHINE : OBJECT_OURS;
        o->handles--;
        *slot = NULL;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return kind;
}

/* o is held. */
static HANDLE
duplicate_there(HANDLE h, struct object *o)
{
    struct lib_request r = { .q.op = UNDIS_DUPLICATE, .q.handle = (uint64_t)h };
    bool done = lib_call(&r) && lib_result(r.a.status);

    return machine_handle(o, done ? r.a.handle : 0);
}

bool
object_duplicate(HANDLE h, HANDLE *to)
{
    struct object *o;
    bool there;

    if (h == GetCurrentThread()) {
        *to = create(&(struct object){ .thread = GetCurrentThreadId() });
        return true;
    }
    pthread_mutex_lock(&lock);
    o = object_of(h);
    there = o != NULL && o->machine;
    if (there)
        o->handles++;
    else
        *to = o != NULL ? own_handle(o) : NULL;
    pthread_mutex_unlock(&lock);
    if (there)
        *to = duplicate_there(h, o);
    else if (o != NULL && *to == NULL)
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    return o != NULL;
}

/* ------------------------------------------------------------------ events */

static HANDLE
create_there(bool manual, bool set)
{
    struct lib_request r = { .q.op = UNDIS_EVENT_CREATE,
                             .q.flags = (uint16_t)((manual ? UNDIS_EVENT_MANUAL : 0) |
                                                   (set ? UNDIS_EVENT_INITIAL : 0)) };
    struct object *o;
    bool done;

    pthread_mutex_lock(&lock);
    o = new_object(&(struct object){ .manual = manual, .machine = true, .told = set });
    pthread_mutex_unlock(&lock);
    if (o == NULL) {
        lib_fail(ERROR_NO_SYSTEM_RESOURCES);
        return NULL;
    }
    r.q.target = (uint64_t)(o - objects);
    done = lib_call(&r) && lib_result(r.a.status);
    return machine_handle(o, done ? r.a.handle : 0);
}

HANDLE
CreateEventW(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const WCHAR *Name)
{
    if (EventAttributes != NULL || Name != NULL) {
        lib_fail(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    if (lib_connected())
        return create_there(ManualReset != FALSE, InitialState != FALSE);
    return create(&(struct object){ .manual = ManualReset != FALSE, .signalled = InitialState != FALSE });
}

HANDLE
CreateEventA(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const char *Name)
{
    return CreateEventW(EventAttributes, ManualReset, InitialState, Name != NULL ? u"" : NULL);
}

void
lib_event_told(uint64_t n)
{
    pthread_mutex_lock(&lock);
    if (n < OBJECTS_MAX) {
        objects[n].told = true;
        news++;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
}

/* Without lock. What the machine answers; false: there is none any more. */
static bool
ask(unsigned op, HANDLE h, int32_t *status)
{
    struct lib_request r = { .q.op = (uint16_t)op, .q.handle = (uint64_t)h };
    bool done = lib_call(&r);

    *status = r.a.status;
    return done;
}

/* The library's part; what only the machine sets, if not `alone`. true: the machine has to be asked, too. */
static bool
set_here(HANDLE h, bool signalled, bool alone, BOOL *found)
{
    struct object *o;
    bool there;

    pthread_mutex_lock(&lock);
    o = event_of(h);
    *found = o != NULL;
    there = o != NULL && o->machine;
    if (o != NULL && (alone || !there || !signalled)) {
        o->signalled = signalled;
        o->told = false;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return there;
}

static BOOL
set(HANDLE h, bool signalled)
{
    int32_t status;
    BOOL found;

    if (!set_here(h, signalled, false, &found))
        return found ? TRUE : lib_fail(ERROR_INVALID_HANDLE);
    if (ask(signalled ? UNDIS_EVENT_SET : UNDIS_EVENT_RESET, h, &status))
        return lib_result(status);
    set_here(h, signalled, true, &found); /* threads of a program whose machine ended still tell each other */
    return TRUE;
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

/*
 * lock, which is dropped meanwhile: ask the machine for its part of those it has told something of. Bit i of the
 * result: that of h[i] is set, and stays so. The signal of an event that resets itself is the library's from then on.
 */
static uint64_t
ask_for(DWORD count, const HANDLE *h)
{
    uint64_t set = 0;

    for (DWORD i = 0; i < count; i++) {
        struct object *o = event_of(h[i]);
        int32_t status;
        bool is_set;

        if (o == NULL || !o->told)
            continue;
        o->told = false; /* before it is asked: what is told while it answers counts anew */
        pthread_mutex_unlock(&lock);
        is_set = ask(UNDIS_EVENT_TAKE, h[i], &status) && status == 0;
        pthread_mutex_lock(&lock);
        if (!is_set || event_of(h[i]) != o)
            continue;
        if (o->manual) {
            o->told = true;
            set |= 1ull << i;
        } else {
            o->signalled = true;
        }
    }
    return set;
}

/*
 * lock: WAIT_OBJECT_0 + what ends the wait, WAIT_TIMEOUT if nothing does yet, WAIT_FAILED for a handle of no event.
 * there: see ask_for().
 */
static DWORD
try_wait(DWORD count, const HANDLE *h, bool all, uint64_t there)
{
    DWORD ready = 0, first = count;

    for (DWORD i = 0; i < count; i++) {
        const struct object *o = event_of(h[i]);

        if (o == NULL)
            return WAIT_FAILED;
        if ((o->signalled || (there >> i & 1)) && ready++ == 0)
            first = i;
    }
    if (ready < (all ? count : 1))
        return WAIT_TIMEOUT;
    for (DWORD i = all ? 0 : first; i < (all ? count : first + 1); i++)
        event_of(h[i])->signalled = event_of(h[i])->signalled && event_of(h[i])->manual;
    return WAIT_OBJECT_0 + first;
}

DWORD
WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll, DWORD Milliseconds)
{
    struct timespec until = deadline(Milliseconds);
    bool in_time = true;
    DWORD result;

    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS) {
        lib_fail(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    pthread_mutex_lock(&lock);
    for (;;) {
        uint64_t heard = news, there = ask_for(Count, Handles);

        result = try_wait(Count, Handles, WaitAll, there);
        if (result != WAIT_TIMEOUT || !in_time)
            break;
        if (heard == news)
            in_time = sleep_until(Milliseconds, &until);
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
lib_overlapped_begins(LPOVERLAPPED overlapped)
{
    HANDLE event = overlapped->hEvent;
    struct object *o;
    bool there = false;
    int32_t status;

    pthread_mutex_lock(&lock);
    o = event != NULL ? event_of(event) : NULL;
    if (o != NULL) {
        there = o->told;
        o->signalled = o->told = false;
    }
    pthread_mutex_unlock(&lock);
    if (there)
        ask(UNDIS_EVENT_RESET, event, &status);
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
