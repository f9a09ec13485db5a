/* SPDX-License-Identifier: MIT */
/*
 * host/thread.h - what a live machine asks of Linux: threads, waking and sleeping, ticks.
 *
 * Callable from fibers on a VP's thread; none blocks but those that say so.
 */
#ifndef HOST_THREAD_H
#define HOST_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * host_thread - start fn(arg) in a thread with a signal stack of its own; signals that ask the program to end go to the
 * others. 0 or -errno.
 */
int host_thread(void (*fn)(void *), void *arg);
int host_thread_id(void);
void host_thread_signal(int tid, int sig);
/* Is p on this thread's signal stack? Signal-safe. */
bool host_on_signal_stack(const void *p);

/* Blocks while *at is seen, at most timeout_ns (< 0: for ever). */
void host_futex_wait(uint32_t *at, uint32_t seen, int64_t timeout_ns);
void host_futex_wake(uint32_t *at, int threads);
void host_yield(void);

int host_eventfd(void); /* non-blocking; -errno */
void host_eventfd_add(int fd);
void host_eventfd_clear(int fd);

int host_epoll(void); /* -errno */
int host_epoll_add(int epoll, int fd);
void host_epoll_del(int epoll, int fd);
/* Blocks until a descriptor is readable or timeout_ns passed (< 0: for ever). Number of those in ready. */
#define HOST_READY_MAX 16
int host_epoll_wait(int epoll, int64_t timeout_ns, int ready[HOST_READY_MAX]);

/*
 * A periodic signal for the calling thread, by its own processor time: there is none while it sleeps, and nothing to
 * switch off. Off at first. Handle or -errno; period 0: off.
 */
int host_tick_make(int sig);
void host_tick_set(int tick, uint64_t period_ns);

#endif
