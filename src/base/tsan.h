/* SPDX-License-Identifier: MIT */
/*
 * base/tsan.h - what ThreadSanitizer cannot see by itself. Empty in other builds.
 *
 * TSan follows the program's own code. Three things escape it: that a VP changes from one fiber to another (fibers of a
 * live machine are announced, also where they end), what a signal handler interrupted (TSAN_SKIP: it may have been
 * TSan), and order that driver code makes with its own locked instructions (tsan_give, tsan_take).
 * The host and the guest stack of a fiber are one fiber to TSan.
 */
#ifndef BASE_TSAN_H
#define BASE_TSAN_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#endif

#ifdef WITH_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_set_fiber_name(void *fiber, const char *name);
void __tsan_acquire(void *object);
void __tsan_release(void *object);
#define TSAN_SKIP __attribute__((no_sanitize("thread"), noinline))
#else
#define TSAN_SKIP
#endif

static inline void *
tsan_self(void)
{
#ifdef WITH_TSAN
    return __tsan_get_current_fiber();
#else
    return (void *)0;
#endif
}

static inline void *
tsan_create(const char *name)
{
#ifdef WITH_TSAN
    void *fiber = __tsan_create_fiber(0);

    __tsan_set_fiber_name(fiber, name);
    return fiber;
#else
    (void)name;
    return (void *)0;
#endif
}

static inline void
tsan_destroy(void *fiber)
{
#ifdef WITH_TSAN
    __tsan_destroy_fiber(fiber);
#else
    (void)fiber;
#endif
}

/* The next thing that happens is a switch to that fiber, in the same thread: what was done before is seen there. */
static inline void
tsan_switch(void *fiber)
{
#ifdef WITH_TSAN
    __tsan_switch_to_fiber(fiber, 0);
#else
    (void)fiber;
#endif
}

/* What we did is seen by whoever takes the object afterwards. */
static inline void
tsan_give(void *object)
{
#ifdef WITH_TSAN
    __tsan_release(object);
#else
    (void)object;
#endif
}

static inline void
tsan_take(void *object)
{
#ifdef WITH_TSAN
    __tsan_acquire(object);
#else
    (void)object;
#endif
}

#endif
