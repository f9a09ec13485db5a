/* SPDX-License-Identifier: MIT */
/* host/thread.c - threads, futexes, event descriptors, ticks. */
#include "host/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"

struct start {
    void (*fn)(void *);
    void *arg;
};

static void *
thread_main(void *arg)
{
    struct start s = *(struct start *)arg;

    free(arg);
    if (host_signal_stack() != 0 || host_sandbox_thread() != 0)
        host_crash("a thread could not be set up", 0, 0);
    s.fn(s.arg);
    return NULL;
}

int
host_thread(void (*fn)(void *), void *arg)
{
    static const int elsewhere[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH };
    struct start *s = malloc(sizeof(*s));
    sigset_t block, old;
    pthread_t thread;
    int err;

    if (!s)
        return -ENOMEM;
    s->fn = fn;
    s->arg = arg;
    sigemptyset(&block);
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        sigaddset(&block, elsewhere[i]);
    pthread_sigmask(SIG_BLOCK, &block, &old);
    err = pthread_create(&thread, NULL, thread_main, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err) {
        free(s);
        return -err;
    }
    pthread_detach(thread);
    return 0;
}

int
host_thread_id(void)
{
    return (int)syscall(SYS_gettid);
}

void
host_thread_signal(int tid, int sig)
{
    syscall(SYS_tgkill, getpid(), tid, sig);
}

bool
host_on_signal_stack(const void *p)
{
    stack_t ss;

    return sigaltstack(NULL, &ss) == 0 && (uintptr_t)p - (uintptr_t)ss.ss_sp < ss.ss_size;
}

static struct timespec
timespec_of(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

void
host_futex_wait(uint32_t *at, uint32_t seen, int64_t timeout_ns)
{
    struct timespec ts = timespec_of(timeout_ns < 0 ? 0 : timeout_ns);

    syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, seen, timeout_ns < 0 ? NULL : &ts, NULL, 0);
}

void
host_futex_wake(uint32_t *at, int threads)
{
    syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

void
host_yield(void)
{
    sched_yield();
}

int
host_eventfd(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

void
host_eventfd_add(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) < 0)
        return; /* full: it is readable, which is all that counts */
}

void
host_eventfd_clear(int fd)
{
    uint64_t n;

    if (read(fd, &n, sizeof(n)) < 0)
        return;
}

int
host_epoll(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int
host_epoll_add(int epoll, int fd)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

void
host_epoll_del(int epoll, int fd)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

int
host_epoll_wait(int epoll, int64_t timeout_ns, int ready[HOST_READY_MAX])
{
    struct epoll_event event[HOST_READY_MAX];
    struct timespec ts = timespec_of(timeout_ns < 0 ? 0 : timeout_ns);
    int n = (int)syscall(SYS_epoll_pwait2, epoll, event, HOST_READY_MAX, timeout_ns < 0 ? NULL : &ts, NULL, 0);

    if (n < 0 && errno == ENOSYS) /* before Linux 5.11: milliseconds, rounded up */
        n = epoll_wait(epoll, event, HOST_READY_MAX, timeout_ns < 0 ? -1 : (int)((timeout_ns + 999999) / 1000000));
    for (int i = 0; i < n; i++)
        ready[i] = event[i].data.fd;
    return n < 0 ? 0 : n;
}

static timer_t ticks[16];
static int tick_count;

int
host_tick_make(int sig)
{
    struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = sig };
    int n = __atomic_fetch_add(&tick_count, 1, __ATOMIC_RELAXED);

    if (n >= (int)(sizeof(ticks) / sizeof(ticks[0])))
        return -ENOSPC;
    ev._sigev_un._tid = host_thread_id();
    return timer_create(CLOCK_THREAD_CPUTIME_ID, &ev, &ticks[n]) ? -errno : n;
}

void
host_tick_set(int tick, uint64_t period_ns)
{
    struct itimerspec it = { .it_value = timespec_of((int64_t)period_ns),
                             .it_interval = timespec_of((int64_t)period_ns) };

    timer_settime(ticks[tick], 0, &it, NULL);
}
