/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/rundown.c - rundown protection.
 *
 * Model: as in Windows (observed): the word counts references times two; bit 0 says that rundown is active. While
 * somebody waits for the last reference the word is the address of a wait block on the waiter's stack, plus bit 0,
 * and the count is in that block. After the wait the word stays 1, so acquiring fails until it is re-initialised.
 *
 * Cache-aware references are one reference here: the split per processor is a matter of speed only.
 */
#include "nt/ex/ex.h"

#include "trace/event.h"

struct wait_block {
    ULONG_PTR Count;
    KEVENT WakeEvent;
};

static bool
active(const EX_RUNDOWN_REF *ref)
{
    return (ref->Count & EX_RUNDOWN_ACTIVE) != 0;
}

/* The block of whoever waits, NULL if nobody does. */
static struct wait_block *
waiter(const EX_RUNDOWN_REF *ref)
{
    return active(ref) ? (struct wait_block *)(ref->Count & ~(ULONG_PTR)EX_RUNDOWN_ACTIVE) : NULL;
}

static BOOLEAN
acquire(PEX_RUNDOWN_REF ref, ULONG count)
{
    if (active(ref)) {
        trace_emit(EV_RUNDOWN, ref, RUNDOWN_REFUSED, count);
        return FALSE;
    }
    ref->Count += (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC;
    trace_emit(EV_RUNDOWN, ref, RUNDOWN_ACQUIRE, ref->Count / EX_RUNDOWN_COUNT_INC);
    return TRUE;
}

static void
release(PEX_RUNDOWN_REF ref, ULONG count)
{
    struct wait_block *block = waiter(ref);
    ULONG_PTR held = active(ref) ? (block != NULL ? block->Count : 0) : ref->Count / EX_RUNDOWN_COUNT_INC;

    if (held < count)
        trace_emit(EV_RUNDOWN, ref, RUNDOWN_OVER_RELEASE, held);
    trace_emit(EV_RUNDOWN, ref, RUNDOWN_RELEASE, held - count);
    if (!active(ref)) {
        ref->Count -= (ULONG_PTR)count * EX_RUNDOWN_COUNT_INC;
    } else if (block != NULL) {
        block->Count -= count;
        if (block->Count == 0)
            ke_event_set(&block->WakeEvent);
    }
}

static void
wait_for_release(PEX_RUNDOWN_REF ref)
{
    struct wait_block *block;

    if (active(ref)) /* documented: a second wait returns at once */
        return;
    if (ref->Count != 0) {
        block = guest_alloc(sizeof(*block));
        block->Count = ref->Count / EX_RUNDOWN_COUNT_INC;
        ke_event_init(&block->WakeEvent, SynchronizationEvent, false);
        ref->Count = (ULONG_PTR)block | EX_RUNDOWN_ACTIVE;
        trace_emit(EV_RUNDOWN, ref, RUNDOWN_WAIT, block->Count);
        ke_wait(&block->WakeEvent, NULL, "waits for rundown protection to be released");
        sched_touch((uint64_t)ref);
    }
    ref->Count = EX_RUNDOWN_ACTIVE;
    trace_emit(EV_RUNDOWN, ref, RUNDOWN_WAITED, 0);
}

static void
reinitialize(PEX_RUNDOWN_REF ref)
{
    if (ref->Count != EX_RUNDOWN_ACTIVE)
        trace_emit(EV_RUNDOWN, ref, RUNDOWN_REINIT_EARLY, ref->Count / EX_RUNDOWN_COUNT_INC);
    trace_emit(EV_RUNDOWN, ref, RUNDOWN_REINIT, 0);
    ref->Count = 0;
}

VOID NTAPI
ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}

VOID NTAPI
ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    reinitialize(RunRef);
}

BOOLEAN NTAPI
ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    return acquire(RunRef, 1);
}

BOOLEAN NTAPI
ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    return acquire(RunRef, Count);
}

VOID NTAPI
ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    release(RunRef, 1);
}

VOID NTAPI
ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    release(RunRef, Count);
}

VOID NTAPI
ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = EX_RUNDOWN_ACTIVE;
}

VOID NTAPI
ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    wait_for_release(RunRef);
}

/* ------------------------------------------------------------------ cache-aware */

SIZE_T NTAPI
ExSizeOfRundownProtectionCacheAware(VOID)
{
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}

static void
init_cache_aware(PEX_RUNDOWN_REF_CACHE_AWARE ref, PVOID pool)
{
    ref->RunRefs = &ref->Ref;
    ref->PoolToFree = pool;
    ref->RunRefSize = sizeof(EX_RUNDOWN_REF);
    ref->Number = 1;
    ref->Ref.Count = 0;
}

VOID NTAPI
ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, SIZE_T RunRefSize)
{
    (void)RunRefSize;
    init_cache_aware(RunRef, NULL);
}

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI
ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ex_pool_alloc(PoolType, sizeof(*ref), PoolTag, 0);

    if (ref != NULL)
        init_cache_aware(ref, ref);
    return ref;
}

VOID NTAPI
ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    ex_pool_free(RunRefCacheAware->PoolToFree, 0);
}

BOOLEAN NTAPI
ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    return acquire(RunRefCacheAware->RunRefs, 1);
}

BOOLEAN NTAPI
ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    return acquire(RunRefCacheAware->RunRefs, Count);
}

VOID NTAPI
ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    release(RunRefCacheAware->RunRefs, 1);
}

VOID NTAPI
ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count)
{
    release(RunRef->RunRefs, Count);
}

VOID NTAPI
ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    wait_for_release(RunRef->RunRefs);
}

VOID NTAPI
ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    reinitialize(RunRefCacheAware->RunRefs);
}

VOID NTAPI
ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    RunRefCacheAware->RunRefs->Count = EX_RUNDOWN_ACTIVE;
}
