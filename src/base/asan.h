/* SPDX-License-Identifier: MIT */
/*
 * base/asan.h - stacks that are left by a jump.
 *
 * ASan marks the memory around variables of live frames. Where frames end without returning (a fiber is abandoned,
 * an exception goes on in a driver) their marks would stay, and the next user of that stack would be accused.
 * It also wants to know which stack is current. That is a fiber's host stack, or the engine's, which each VP of a live
 * machine has one of: driver code, on guest stacks, is not instrumented.
 */
#ifndef BASE_ASAN_H
#define BASE_ASAN_H

#include <stddef.h>
#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#ifdef WITH_ASAN
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size);
#endif

/* The stack of a thread that runs fibers: known from when it first left it for one. */
struct asan_stack {
    uint64_t from, to;
};

/* [from, to) of a stack holds no live frame. */
static inline void
asan_forget(uint64_t from, uint64_t to)
{
#ifdef WITH_ASAN
    __asan_unpoison_memory_region((const volatile void *)from, to - from);
#else
    (void)from;
    (void)to;
#endif
}

/* The next thing that happens is a switch to the stack [from, to). */
static inline void
asan_leave(uint64_t from, uint64_t to)
{
#ifdef WITH_ASAN
    void *fake; /* there are none: detect_stack_use_after_return=0 (host/sanitize.c) */

    __sanitizer_start_switch_fiber(&fake, (const void *)from, to - from);
#else
    (void)from;
    (void)to;
#endif
}

/*
 * We run on the stack that asan_leave() named. If the one that this thread was on is none of [from, to), it is its
 * engine's.
 */
static inline void
asan_arrive(uint64_t from, uint64_t to, struct asan_stack *engine)
{
#ifdef WITH_ASAN
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(NULL, &bottom, &size);
    if ((uint64_t)bottom < from || (uint64_t)bottom >= to) {
        engine->from = (uint64_t)bottom;
        engine->to = (uint64_t)bottom + size;
    }
#else
    (void)from;
    (void)to;
    (void)engine;
#endif
}

#endif
