/* SPDX-License-Identifier: MIT */
/*
 * base/asan.h - stacks that are left by a jump.
 *
 * ASan marks the memory around variables of live frames. Where frames end without returning (a fiber is abandoned,
 * an exception goes on in a driver) their marks would stay, and the next user of that stack would be accused.
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
#endif

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

#endif
