/* SPDX-License-Identifier: MIT */
/*
 * ddk/ddkenv.h - what differs between the four compilations of the DDK.
 *
 * Model: a driver is compiled for Windows (mingw gcc or clang windows-msvc; _WIN32
 * is defined), the runtime for Linux (gcc or clang; UNDIS_HOST is defined here).
 * Everything else in include/ddk/ is the same text for both. No other header
 * asks which compiler it runs under, except where an inline touches a privileged
 * register, gs or the shared user data page.
 *
 *   NTAPI            calling convention of every DDI and callback
 *   NTKERNELAPI ...  dllimport in a driver, nothing in the runtime
 *   DDK_MS_STRUCT    marks each struct that has bit-fields
 *   DDK_ASSERT_*     static assertions on layout
 */
#ifndef UNDIS_DDK_DDKENV_H
#define UNDIS_DDK_DDKENV_H

#include <stdarg.h>
#include <stddef.h>

#if !defined(__x86_64__)
#error "the DDK has x64 layouts only"
#endif

#if defined(_WIN32)
#define NTAPI
#define DDK_IMPORT __declspec(dllimport)
#define DDK_MS_STRUCT
/* A pool tag is a four-character constant in every Windows source. */
#pragma GCC diagnostic ignored "-Wmultichar"
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif
#ifndef _M_AMD64
#define _M_AMD64 100
#endif
#ifndef _M_X64
#define _M_X64 100
#endif
#else
#ifndef UNDIS_HOST
#define UNDIS_HOST 1
#endif
#define NTAPI __attribute__((ms_abi))
#define DDK_IMPORT
#define DDK_MS_STRUCT __attribute__((ms_struct))
#endif

#define NTKERNELAPI DDK_IMPORT
#define NTSYSAPI DDK_IMPORT
#define NTSYSCALLAPI DDK_IMPORT
#define NTHALAPI DDK_IMPORT
#define NDISAPI DDK_IMPORT
#define DECLSPEC_IMPORT DDK_IMPORT

#define FASTCALL
#define NTAPI_INLINE
#define EXPORT

/* As MSVC's, it may stand behind extern or static. */
#if defined(_WIN32) && defined(__clang__)
#define FORCEINLINE __forceinline
#else
#define FORCEINLINE static inline __attribute__((always_inline, unused))
#endif
#define CFORCEINLINE FORCEINLINE
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_RESTRICT
#if defined(_WIN32) && defined(__clang__)
#define POINTER_32 __ptr32
#define POINTER_64 __ptr64
#endif
#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_DEPRECATED_DDK
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#undef UNALIGNED
#define UNALIGNED
#define RESTRICTED_POINTER

/* Varargs of a DDI are always Microsoft's: a plain char pointer. NTAPI alone covers a variadic function. */
#if defined(UNDIS_HOST)
typedef __builtin_ms_va_list ddk_va_list;
#else
typedef va_list ddk_va_list;
#endif

#if defined(__cplusplus) && !defined(__clang__)
#define _Static_assert static_assert /* g++ has C's word in C only */
#endif
#define DDK_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), "sizeof " #type)
#define DDK_ASSERT_OFFSET(type, member, off) \
    _Static_assert(offsetof(type, member) == (off), "offset of " #type "." #member)

#include "sal.h"

#endif /* UNDIS_DDK_DDKENV_H */
