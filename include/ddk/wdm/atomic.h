/* SPDX-License-Identifier: MIT */
/*
 * ddk/wdm/atomic.h - Interlocked*, ordered reads and writes, barriers.
 *
 * Model: on x64 every Interlocked operation is one locked instruction and a full
 * barrier, whatever its suffix (Acquire, Release, NoFence). Plain aligned loads
 * and stores are already ordered like Acquire and Release.
 */
#ifndef UNDIS_DDK_WDM_ATOMIC_H
#define UNDIS_DDK_WDM_ATOMIC_H

#include "../ntdef.h"

/* clang-format off */
#define DDK_INTERLOCKED_OPS(sfx, T) \
    FORCEINLINE T InterlockedIncrement##sfx(T volatile *a) { return (T)(__sync_add_and_fetch(a, 1)); } \
    FORCEINLINE T InterlockedDecrement##sfx(T volatile *a) { return (T)(__sync_sub_and_fetch(a, 1)); } \
    FORCEINLINE T InterlockedAdd##sfx(T volatile *a, T v) { return (T)(__sync_add_and_fetch(a, v)); } \
    FORCEINLINE T InterlockedExchangeAdd##sfx(T volatile *a, T v) { return (T)(__sync_fetch_and_add(a, v)); } \
    FORCEINLINE T InterlockedExchange##sfx(T volatile *a, T v) { return (T)(__atomic_exchange_n(a, v, __ATOMIC_SEQ_CST)); } \
    FORCEINLINE T InterlockedCompareExchange##sfx(T volatile *a, T v, T c) { return (T)(__sync_val_compare_and_swap(a, c, v)); } \
    FORCEINLINE T InterlockedAnd##sfx(T volatile *a, T v) { return (T)(__sync_fetch_and_and(a, v)); } \
    FORCEINLINE T InterlockedOr##sfx(T volatile *a, T v) { return (T)(__sync_fetch_and_or(a, v)); } \
    FORCEINLINE T InterlockedXor##sfx(T volatile *a, T v) { return (T)(__sync_fetch_and_xor(a, v)); }
/* clang-format on */

DDK_INTERLOCKED_OPS(, LONG)
DDK_INTERLOCKED_OPS(64, LONG64)
DDK_INTERLOCKED_OPS(16, SHORT)
DDK_INTERLOCKED_OPS(8, CHAR)
#undef DDK_INTERLOCKED_OPS

FORCEINLINE PVOID
InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

FORCEINLINE PVOID
InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID Exchange, PVOID Comparand)
{
    return __sync_val_compare_and_swap(Destination, Comparand, Exchange);
}

FORCEINLINE BOOLEAN
InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));

    return (__sync_fetch_and_or(&Base[Bit >> 5], mask) & mask) != 0;
}

FORCEINLINE BOOLEAN
InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit)
{
    LONG mask = (LONG)(1u << (Bit & 31));

    return (__sync_fetch_and_and(&Base[Bit >> 5], ~mask) & mask) != 0;
}

FORCEINLINE BOOLEAN
InterlockedBitTestAndSet64(LONG64 volatile *Base, LONG64 Bit)
{
    LONG64 mask = (LONG64)(1ull << (Bit & 63));

    return (__sync_fetch_and_or(&Base[Bit >> 6], mask) & mask) != 0;
}

FORCEINLINE BOOLEAN
InterlockedBitTestAndReset64(LONG64 volatile *Base, LONG64 Bit)
{
    LONG64 mask = (LONG64)(1ull << (Bit & 63));

    return (__sync_fetch_and_and(&Base[Bit >> 6], ~mask) & mask) != 0;
}

#define InterlockedAddPointer(a, v) ((PVOID)InterlockedAdd64((LONG64 volatile *)(a), (LONG64)(v)))
#define InterlockedExchangeAddSizeT(a, b) \
    ((SIZE_T)InterlockedExchangeAdd64((LONG64 volatile *)(a), (LONG64)(b)))
#define InterlockedIncrementSizeT(a) ((SIZE_T)InterlockedIncrement64((LONG64 volatile *)(a)))
#define InterlockedDecrementSizeT(a) ((SIZE_T)InterlockedDecrement64((LONG64 volatile *)(a)))

#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementAcquire64 InterlockedIncrement64
#define InterlockedIncrementAcquire16 InterlockedIncrement16
#define InterlockedIncrementAcquire8 InterlockedIncrement8
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedIncrementRelease64 InterlockedIncrement64
#define InterlockedIncrementRelease16 InterlockedIncrement16
#define InterlockedIncrementRelease8 InterlockedIncrement8
#define InterlockedIncrementNoFence InterlockedIncrement
#define InterlockedIncrementNoFence64 InterlockedIncrement64
#define InterlockedIncrementNoFence16 InterlockedIncrement16
#define InterlockedIncrementNoFence8 InterlockedIncrement8
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementAcquire64 InterlockedDecrement64
#define InterlockedDecrementAcquire16 InterlockedDecrement16
#define InterlockedDecrementAcquire8 InterlockedDecrement8
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedDecrementRelease64 InterlockedDecrement64
#define InterlockedDecrementRelease16 InterlockedDecrement16
#define InterlockedDecrementRelease8 InterlockedDecrement8
#define InterlockedDecrementNoFence InterlockedDecrement
#define InterlockedDecrementNoFence64 InterlockedDecrement64
#define InterlockedDecrementNoFence16 InterlockedDecrement16
#define InterlockedDecrementNoFence8 InterlockedDecrement8
#define InterlockedAddAcquire InterlockedAdd
#define InterlockedAddAcquire64 InterlockedAdd64
#define InterlockedAddAcquire16 InterlockedAdd16
#define InterlockedAddAcquire8 InterlockedAdd8
#define InterlockedAddRelease InterlockedAdd
#define InterlockedAddRelease64 InterlockedAdd64
#define InterlockedAddRelease16 InterlockedAdd16
#define InterlockedAddRelease8 InterlockedAdd8
#define InterlockedAddNoFence InterlockedAdd
#define InterlockedAddNoFence64 InterlockedAdd64
#define InterlockedAddNoFence16 InterlockedAdd16
#define InterlockedAddNoFence8 InterlockedAdd8
#define InterlockedExchangeAddAcquire InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire64 InterlockedExchangeAdd64
#define InterlockedExchangeAddAcquire16 InterlockedExchangeAdd16
#define InterlockedExchangeAddAcquire8 InterlockedExchangeAdd8
#define InterlockedExchangeAddRelease InterlockedExchangeAdd
#define InterlockedExchangeAddRelease64 InterlockedExchangeAdd64
#define InterlockedExchangeAddRelease16 InterlockedExchangeAdd16
#define InterlockedExchangeAddRelease8 InterlockedExchangeAdd8
#define InterlockedExchangeAddNoFence InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence64 InterlockedExchangeAdd64
#define InterlockedExchangeAddNoFence16 InterlockedExchangeAdd16
#define InterlockedExchangeAddNoFence8 InterlockedExchangeAdd8
#define InterlockedExchangeAcquire InterlockedExchange
#define InterlockedExchangeAcquire64 InterlockedExchange64
#define InterlockedExchangeAcquire16 InterlockedExchange16
#define InterlockedExchangeAcquire8 InterlockedExchange8
#define InterlockedExchangeRelease InterlockedExchange
#define InterlockedExchangeRelease64 InterlockedExchange64
#define InterlockedExchangeRelease16 InterlockedExchange16
#define InterlockedExchangeRelease8 InterlockedExchange8
#define InterlockedExchangeNoFence InterlockedExchange
#define InterlockedExchangeNoFence64 InterlockedExchange64
#define InterlockedExchangeNoFence16 InterlockedExchange16
#define InterlockedExchangeNoFence8 InterlockedExchange8
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire64 InterlockedCompareExchange64
#define InterlockedCompareExchangeAcquire16 InterlockedCompareExchange16
#define InterlockedCompareExchangeAcquire8 InterlockedCompareExchange8
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeRelease64 InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease16 InterlockedCompareExchange16
#define InterlockedCompareExchangeRelease8 InterlockedCompareExchange8
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence64 InterlockedCompareExchange64
#define InterlockedCompareExchangeNoFence16 InterlockedCompareExchange16
#define InterlockedCompareExchangeNoFence8 InterlockedCompareExchange8
#define InterlockedAndAcquire InterlockedAnd
#define InterlockedAndAcquire64 InterlockedAnd64
#define InterlockedAndAcquire16 InterlockedAnd16
#define InterlockedAndAcquire8 InterlockedAnd8
#define InterlockedAndRelease InterlockedAnd
#define InterlockedAndRelease64 InterlockedAnd64
#define InterlockedAndRelease16 InterlockedAnd16
#define InterlockedAndRelease8 InterlockedAnd8
#define InterlockedAndNoFence InterlockedAnd
#define InterlockedAndNoFence64 InterlockedAnd64
#define InterlockedAndNoFence16 InterlockedAnd16
#define InterlockedAndNoFence8 InterlockedAnd8
#define InterlockedOrAcquire InterlockedOr
#define InterlockedOrAcquire64 InterlockedOr64
#define InterlockedOrAcquire16 InterlockedOr16
#define InterlockedOrAcquire8 InterlockedOr8
#define InterlockedOrRelease InterlockedOr
#define InterlockedOrRelease64 InterlockedOr64
#define InterlockedOrRelease16 InterlockedOr16
#define InterlockedOrRelease8 InterlockedOr8
#define InterlockedOrNoFence InterlockedOr
#define InterlockedOrNoFence64 InterlockedOr64
#define InterlockedOrNoFence16 InterlockedOr16
#define InterlockedOrNoFence8 InterlockedOr8
#define InterlockedXorAcquire InterlockedXor
#define InterlockedXorAcquire64 InterlockedXor64
#define InterlockedXorAcquire16 InterlockedXor16
#define InterlockedXorAcquire8 InterlockedXor8
#define InterlockedXorRelease InterlockedXor
#define InterlockedXorRelease64 InterlockedXor64
#define InterlockedXorRelease16 InterlockedXor16
#define InterlockedXorRelease8 InterlockedXor8
#define InterlockedXorNoFence InterlockedXor
#define InterlockedXorNoFence64 InterlockedXor64
#define InterlockedXorNoFence16 InterlockedXor16
#define InterlockedXorNoFence8 InterlockedXor8
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerRelease InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer

/* clang-format off */
#define DDK_ORDERED_ACCESS(name, sfx, T) \
    FORCEINLINE T Read##name##Acquire##sfx(T const volatile *s) { return __atomic_load_n(s, __ATOMIC_ACQUIRE); } \
    FORCEINLINE T Read##name##NoFence##sfx(T const volatile *s) { return __atomic_load_n(s, __ATOMIC_RELAXED); } \
    FORCEINLINE T Read##name##Raw##sfx(T const volatile *s) { return __atomic_load_n(s, __ATOMIC_RELAXED); } \
    FORCEINLINE VOID Write##name##Release##sfx(T volatile *d, T v) { __atomic_store_n(d, v, __ATOMIC_RELEASE); } \
    FORCEINLINE VOID Write##name##NoFence##sfx(T volatile *d, T v) { __atomic_store_n(d, v, __ATOMIC_RELAXED); } \
    FORCEINLINE VOID Write##name##Raw##sfx(T volatile *d, T v) { __atomic_store_n(d, v, __ATOMIC_RELAXED); }
/* clang-format on */

DDK_ORDERED_ACCESS(, 8, CHAR)
DDK_ORDERED_ACCESS(, 16, SHORT)
DDK_ORDERED_ACCESS(, , LONG)
DDK_ORDERED_ACCESS(, 64, LONG64)
DDK_ORDERED_ACCESS(Boolean, , BOOLEAN)
DDK_ORDERED_ACCESS(UChar, , UCHAR)
DDK_ORDERED_ACCESS(UShort, , USHORT)
DDK_ORDERED_ACCESS(ULong, , ULONG)
DDK_ORDERED_ACCESS(ULong64, , ULONG64)
DDK_ORDERED_ACCESS(Pointer, , PVOID)
#undef DDK_ORDERED_ACCESS

#define MemoryBarrier() __sync_synchronize()
#define KeMemoryBarrier() __sync_synchronize()
#define KeMemoryBarrierWithoutFence() __asm__ volatile("" ::: "memory")
#define YieldProcessor() __builtin_ia32_pause()

#if !defined(UNDIS_HOST)
#ifndef _ReadWriteBarrier
#define _ReadWriteBarrier() KeMemoryBarrierWithoutFence()
#endif

#define _byteswap_ushort __builtin_bswap16
#define _byteswap_ulong __builtin_bswap32
#define _byteswap_uint64 __builtin_bswap64
#ifndef __debugbreak
#define __debugbreak() __asm__ volatile("int3")
#endif

FORCEINLINE ULONG64
ddk_readcr8(VOID)
{
    ULONG64 v;

    __asm__ volatile("movq %%cr8, %0" : "=r"(v)::"memory");
    return v;
}

FORCEINLINE VOID
ddk_writecr8(ULONG64 v)
{
    __asm__ volatile("movq %0, %%cr8" ::"r"(v) : "memory");
}

#ifndef __readcr8
#define __readcr8 ddk_readcr8
#endif
#ifndef __writecr8
#define __writecr8 ddk_writecr8
#endif
#endif /* !UNDIS_HOST */

#endif /* UNDIS_DDK_WDM_ATOMIC_H */
