/* SPDX-License-Identifier: MIT */
/*
 * programs/ndisprot_stress.c - processes that open, bind, write, read, cancel, close and exit at random.
 *
 *     ndisprot_stress SEED SECONDS [PROCESSES [THREADS]]        4 and 4 without
 *
 * Model: the parent uses no device. It keeps PROCESSES children alive, each with a seed of its own; each lives up to a
 * second and ends in one of three ways: it is killed with whatever it has under way, it exits in the same state, or it
 * stops its threads, cancels, closes, and looks that each request it ever began has ended. The threads of a child share
 * their handles without any lock, so requests, cancellations and closes meet on one handle.
 *
 * Exit: 0 time is over; 1 a request was lost or a result is none that Windows gives; 2 the machine is gone: what is
 * printed says after how long; 64 usage.
 * Start reading at: act(), child_main().
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "undis/undis.h"

#include <ndisprotioctl.h>

#define PROCESSES_MAX 12u
#define THREADS_MAX   16u
#define FILES         4u
#define FLIGHTS       8u
#define ERRORS_MAX    64u

enum { ENDED, FAILED, GONE, NO_ROOM };

enum operation {
    OPEN,
    BIND,
    READ,
    WRITE,
    IOCTL,
    CANCEL_IO,
    CANCEL_EX,
    CANCEL_SYNC,
    DUPLICATE,
    CLOSE,
    WAIT,
    OPERATIONS
};

static const char *const operation_name[OPERATIONS] = { "opens",      "binds",    "reads",      "writes",
                                                        "IOCTLs",     "CancelIo", "CancelIoEx", "CancelSynchronousIo",
                                                        "duplicates", "closes",   "waits" };
/* How often, of a hundred. */
static const unsigned weight[OPERATIONS] = { 9, 9, 14, 30, 8, 5, 10, 4, 2, 5, 4 };

/* What all processes count together. */
static struct {
    unsigned long done[OPERATIONS], killed, exited, orderly;
    unsigned long results[ERRORS_MAX];
    DWORD error[ERRORS_MAX];
} * count;

/* ------------------------------------------------------------------ chance */

static uint64_t
draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned
below(uint64_t *seed, unsigned n)
{
    return (unsigned)(draw(seed) % n);
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ a child */

struct flight {
    OVERLAPPED o;
    HANDLE file;
    bool used;
    uint8_t buffer[1600];
};

struct thread {
    pthread_t id;
    uint64_t seed;
    DWORD number; /* 0: none runs */
    bool ended;
    struct flight flight[FLIGHTS];
    uint8_t buffer[4096];
};

static struct thread thread[THREADS_MAX];
static HANDLE file[FILES]; /* NULL: none */
static bool stop, gone;
static WCHAR adapter[NDISPROT_NAME_CHARS];
static DWORD adapter_length;

static void
result(bool fine)
{
    DWORD error = fine ? 0 : GetLastError();

    if (!fine && error == ERROR_SERVICE_NOT_ACTIVE)
        gone = true;
    for (unsigned i = 0; i < ERRORS_MAX; i++) {
        DWORD empty = 0;

        /* Slot 0 is for success, whose number is 0. */
        if ((i == 0 && error == 0) ||
            (i > 0 && error != 0 &&
             (__atomic_load_n(&count->error[i], __ATOMIC_RELAXED) == error ||
              __atomic_compare_exchange_n(&count->error[i], &empty, error, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
              empty == error))) {
            __atomic_fetch_add(&count->results[i], 1, __ATOMIC_RELAXED);
            return;
        }
    }
}

/* A place for an overlapped request; those that ended make room. */
static struct flight *
take_flight(struct thread *t, HANDLE on)
{
    for (unsigned i = 0; i < FLIGHTS; i++) {
        struct flight *f = &t->flight[i];
        DWORD bytes;

        if (f->used && HasOverlappedIoCompleted((volatile OVERLAPPED *)&f->o)) {
            result(GetOverlappedResult(f->file, &f->o, &bytes, FALSE));
            f->used = false;
        }
        if (!f->used) {
            f->file = on;
            f->o.Internal = 0;
            if (f->o.hEvent == NULL)
                f->o.hEvent = CreateEventW(NULL, i % 2, FALSE, NULL);
            return f;
        }
    }
    return NULL;
}

static void
begun(struct flight *f, BOOL done)
{
    f->used = !done && GetLastError() == ERROR_IO_PENDING;
    if (!f->used)
        result(done);
}

static void
open_device(struct thread *t, HANDLE *slot)
{
    HANDLE h, none = NULL;

    h = CreateFileA("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    below(&t->seed, 3) ? FILE_FLAG_OVERLAPPED : 0, NULL);
    result(h != INVALID_HANDLE_VALUE);
    if (h != INVALID_HANDLE_VALUE &&
        !__atomic_compare_exchange_n(slot, &none, h, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        CloseHandle(h);
}

static void
write_frame(struct thread *t, HANDLE h)
{
    struct flight *f = take_flight(t, h);
    DWORD bytes, length = below(&t->seed, 8) ? 60 + below(&t->seed, 1454) : below(&t->seed, 1600);
    uint8_t *frame = f != NULL ? f->buffer : t->buffer;

    memset(frame, 0xff, 6);
    memcpy(frame + 6, (const uint8_t[]){ 2, 0, 0, 0, 0, 9, 0x88, 0xb5 }, 8);
    if (f != NULL)
        begun(f, WriteFile(h, frame, length, &bytes, &f->o));
    else
        result(WriteFile(h, frame, length, &bytes, NULL));
}

static void
read_frame(struct thread *t, HANDLE h)
{
    struct flight *f = take_flight(t, h);
    DWORD bytes, length = below(&t->seed, 6) ? 1600 : below(&t->seed, 100);

    if (f != NULL)
        begun(f, ReadFile(h, f->buffer, length, &bytes, &f->o));
    else
        result(ReadFile(h, t->buffer, length, &bytes, NULL));
}

/* The driver's codes and others, with lengths right and wrong. */
static void
control(struct thread *t, HANDLE h)
{
    DWORD code = NDISPROT_IOCTL(below(&t->seed, 7), below(&t->seed, 8) ? METHOD_BUFFERED : below(&t->seed, 4));
    struct flight *f = take_flight(t, h);
    DWORD bytes, in = below(&t->seed, 600), out = below(&t->seed, 600);

    if (f == NULL)
        return;
    memset(f->buffer, 0, sizeof(f->buffer));
    begun(f, DeviceIoControl(h, code, f->buffer, in, f->buffer + 800, out, &bytes, &f->o));
}

static void
bind_adapter(struct thread *t, HANDLE h)
{
    struct flight *f = take_flight(t, h);
    DWORD bytes;

    if (f == NULL)
        return;
    memcpy(f->buffer, adapter, adapter_length);
    begun(f, DeviceIoControl(h, IOCTL_NDISPROT_OPEN_ADAPTER, f->buffer, adapter_length, NULL, 0, &bytes, &f->o));
}

static void
cancel_synchronous(struct thread *t)
{
    const struct thread *other = &thread[below(&t->seed, THREADS_MAX)];
    HANDLE h = other->number != 0 ? OpenThread(THREAD_TERMINATE, FALSE, other->number) : NULL;

    if (h == NULL)
        return;
    result(CancelSynchronousIo(h));
    CloseHandle(h);
}

static void
duplicate(HANDLE h)
{
    HANDLE other;

    if (!DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &other, 0, FALSE, DUPLICATE_SAME_ACCESS))
        result(false);
    else
        result(CloseHandle(other));
}

static void
act(struct thread *t)
{
    HANDLE *slot = &file[below(&t->seed, FILES)], h = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    struct flight *f = &t->flight[below(&t->seed, FLIGHTS)];
    unsigned at = below(&t->seed, 100), op = 0;

    while (at >= weight[op])
        at -= weight[op++];
    if (h == NULL && op != CANCEL_SYNC && op != WAIT)
        op = OPEN;
    if (below(&t->seed, 200) == 0)
        h = (HANDLE)(uintptr_t)below(&t->seed, 400); /* somebody else's, or nobody's */
    __atomic_fetch_add(&count->done[op], 1, __ATOMIC_RELAXED);
    switch (op) {
    case OPEN:
        if (h == NULL)
            open_device(t, slot);
        break;
    case BIND:
        bind_adapter(t, h);
        break;
    case READ:
        read_frame(t, h);
        break;
    case WRITE:
        write_frame(t, h);
        break;
    case IOCTL:
        control(t, h);
        break;
    case CANCEL_IO:
        result(CancelIo(h));
        break;
    case CANCEL_EX:
        result(CancelIoEx(h, f->used && below(&t->seed, 2) ? &f->o : NULL));
        break;
    case CANCEL_SYNC:
        cancel_synchronous(t);
        break;
    case DUPLICATE:
        duplicate(h);
        break;
    case CLOSE:
        if (__atomic_compare_exchange_n(slot, &h, NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            result(CloseHandle(h));
        break;
    default:
        if (f->used)
            WaitForSingleObject(f->o.hEvent, below(&t->seed, 3));
        break;
    }
}

static void *
thread_main(void *arg)
{
    struct thread *t = arg;

    t->number = GetCurrentThreadId();
    while (!stop && !gone && below(&t->seed, 500) != 0) /* threads end, too, with requests under way */
        act(t);
    t->number = 0;
    __atomic_store_n(&t->ended, true, __ATOMIC_RELEASE);
    return NULL;
}

static bool
find_adapter(void)
{
    NDISPROT_BINDING b = { .Index = 0 };
    DWORD bytes;
    HANDLE h = CreateFileA("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (h == INVALID_HANDLE_VALUE)
        return false;
    if (DeviceIoControl(h, IOCTL_NDISPROT_QUERY_BINDING, &b, sizeof(b), &b, sizeof(b), &bytes, NULL)) {
        adapter_length = b.NameLength;
        memcpy(adapter, b.Name, b.NameLength);
    }
    CloseHandle(h);
    return true;
}

/* Everything ends: threads that wait are called back, handles closed, and then no request may be left. */
static int
wind_up(unsigned threads)
{
    double limit = seconds() + 20;

    stop = true;
    for (unsigned i = 0; i < threads; i++)
        while (pthread_tryjoin_np(thread[i].id, NULL) != 0) {
            HANDLE h = OpenThread(THREAD_TERMINATE, FALSE, thread[i].number);

            if (h != NULL) {
                CancelSynchronousIo(h);
                CloseHandle(h);
            }
            usleep(1000);
            if (seconds() > limit) {
                fprintf(stderr, "a thread never came back from its request\n");
                return FAILED;
            }
        }
    for (unsigned i = 0; i < FILES; i++)
        if (file[i] != NULL) {
            CancelIoEx(file[i], NULL);
            CloseHandle(file[i]);
        }
    for (unsigned i = 0; i < threads; i++)
        for (unsigned k = 0; k < FLIGHTS; k++) {
            struct flight *f = &thread[i].flight[k];
            DWORD bytes;
            BOOL done;

            if (!f->used)
                continue;
            done = GetOverlappedResultEx(f->file, &f->o, &bytes, 10000, FALSE);
            if (!done && GetLastError() == WAIT_TIMEOUT && !gone) {
                fprintf(stderr, "a request never ended\n");
                return FAILED;
            }
            result(done);
        }
    return gone ? GONE : ENDED;
}

static int
child_main(uint64_t seed, unsigned threads)
{
    unsigned life_ms = 20 + below(&seed, 900), orderly = below(&seed, 2);
    double end = seconds() + life_ms / 1e3;

    if (!undis_connect(NULL) || !find_adapter())
        return NO_ROOM;
    for (unsigned i = 0; i < threads; i++) {
        thread[i].seed = draw(&seed);
        if (pthread_create(&thread[i].id, NULL, thread_main, &thread[i]) != 0)
            return FAILED;
    }
    while (seconds() < end && !gone) {
        usleep(2000);
        for (unsigned i = 0; i < threads; i++)
            if (__atomic_load_n(&thread[i].ended, __ATOMIC_ACQUIRE)) {
                pthread_join(thread[i].id, NULL);
                thread[i].ended = false;
                if (pthread_create(&thread[i].id, NULL, thread_main, &thread[i]) != 0)
                    return FAILED;
            }
    }
    if (gone)
        return GONE;
    if (!orderly) {
        __atomic_fetch_add(&count->exited, 1, __ATOMIC_RELAXED);
        return ENDED;
    }
    __atomic_fetch_add(&count->orderly, 1, __ATOMIC_RELAXED);
    return wind_up(threads);
}

/* ------------------------------------------------------------------ the parent */

struct child {
    pid_t pid;
    double kill_at; /* 0: it ends by itself */
};

static void
start(struct child *c, uint64_t *seed, unsigned threads)
{
    uint64_t its_seed = draw(seed);

    c->kill_at = below(seed, 3) == 0 ? seconds() + below(seed, 500) / 1e3 : 0;
    c->pid = fork();
    if (c->pid == 0)
        _exit(child_main(its_seed, threads));
}

/* How it ended, or -1: it lives. */
static int
look_after(struct child *c)
{
    int status;

    if (c->kill_at != 0 && seconds() >= c->kill_at) {
        kill(c->pid, SIGKILL);
        c->kill_at = 0;
    }
    if (waitpid(c->pid, &status, WNOHANG) != c->pid)
        return -1;
    c->pid = 0;
    if (WIFSIGNALED(status)) {
        count->killed += WTERMSIG(status) == SIGKILL;
        return WTERMSIG(status) == SIGKILL ? ENDED : FAILED;
    }
    return WEXITSTATUS(status);
}

static void
print_counts(void)
{
    printf("processes: %lu killed, %lu exited with requests under way, %lu closed everything\n", count->killed,
           count->exited, count->orderly);
    for (unsigned i = 0; i < OPERATIONS; i++)
        printf("%s%lu %s", i ? ", " : "", count->done[i], operation_name[i]);
    printf("\nresults: %lu fine", count->results[0]);
    for (unsigned i = 1; i < ERRORS_MAX && count->error[i] != 0; i++)
        printf(", %lu error %u", count->results[i], (unsigned)count->error[i]);
    printf("\n");
}

static bool
results_known(void)
{
    for (unsigned i = 1; i < ERRORS_MAX; i++)
        if (count->error[i] == ERROR_MR_MID_NOT_FOUND) {
            fprintf(stderr, "a status came that has no Win32 error\n");
            return false;
        }
    return true;
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
    double begin = seconds(), end = begin + (argc > 2 ? atof(argv[2]) : 0), served = begin;
    unsigned processes = argc > 3 ? (unsigned)atoi(argv[3]) : 4, threads = argc > 4 ? (unsigned)atoi(argv[4]) : 4;
    struct child child[PROCESSES_MAX] = { 0 };
    int verdict = ENDED;

    if (argc < 3 || processes == 0 || processes > PROCESSES_MAX || threads == 0 || threads > THREADS_MAX) {
        fprintf(stderr, "usage: ndisprot_stress SEED SECONDS [PROCESSES [THREADS]]\n");
        return 64;
    }
    count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED)
        return 1;
    while (verdict == ENDED && seconds() < end) {
        for (unsigned i = 0; i < processes && verdict == ENDED; i++) {
            int how = child[i].pid > 0 ? look_after(&child[i]) : ENDED;

            if (how == ENDED)
                served = seconds();
            if (how == NO_ROOM && seconds() - served > 5)
                how = GONE;
            if (how == FAILED || how == GONE)
                verdict = how;
            else if (child[i].pid == 0)
                start(&child[i], &seed, threads);
        }
        usleep(2000);
    }
    for (unsigned i = 0; i < processes; i++)
        if (child[i].pid > 0) {
            kill(child[i].pid, SIGKILL);
            waitpid(child[i].pid, NULL, 0);
        }
    if (verdict == GONE)
        printf("the machine is gone after %.1f s\n", seconds() - begin);
    print_counts();
    return verdict == ENDED && !results_known() ? FAILED : verdict;
}
