/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/ex.h - pools, lookaside lists, rundown, resources, workers: what host code may ask of them.
 */
#ifndef NT_EX_EX_H
#define NT_EX_EX_H

#include "ddk/ntddk.h"
#include "nt/ke/ke.h"

/* ------------------------------------------------------------------ pool (pool.c) */

#define EX_POOL_ZERO    1u /* zeroed, else poisoned */
#define EX_POOL_NOFAULT 2u /* never fails by choice */

/*
 * Pool for the driver that made the running call: a choice whether it fails, an event, part of leak reports. type as
 * for ExAllocatePoolWithTag; IRQL is checked. NULL: no memory. Free with ex_pool_free (tag 0: any).
 */
void *ex_pool_alloc(POOL_TYPE type, size_t size_bytes, uint32_t tag, unsigned flags);
void ex_pool_free(void *p, uint32_t tag);

/*
 * Driver unload: EV_POOL_LEAK for every pool block allocated from code in [base, base + size) and still there.
 * Returns how many; the caller decides on bugcheck 0xC4 (0x62, name, 0, count). first (may be NULL) gets the oldest.
 */
unsigned ex_pool_leaks(uint64_t base, uint64_t size, struct heap_block *first);

/* ------------------------------------------------------------------ rundown (rundown.c) */

/* a0 of EV_RUNDOWN. */
enum rundown_what {
    RUNDOWN_ACQUIRE,
    RUNDOWN_REFUSED, /* acquire after rundown began: the driver must not go on */
    RUNDOWN_RELEASE,
    RUNDOWN_WAIT,
    RUNDOWN_WAITED,
    RUNDOWN_REINIT,
    RUNDOWN_OVER_RELEASE, /* more releases than acquisitions */
    RUNDOWN_REINIT_EARLY, /* re-initialised before rundown completed */
};

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    PEX_RUNDOWN_REF RunRefs;
    PVOID PoolToFree; /* NULL: the caller's memory */
    ULONG RunRefSize;
    ULONG Number;
    EX_RUNDOWN_REF Ref;
};

/* ------------------------------------------------------------------ workers (work.c) */

/* Monitor memory. */
struct ex_work_item {
    struct list_node link;
    void *object;
    uint64_t routine;
    void (*entry)(void *);
    void *arg;
};

struct holders;

#define EX_RESERVES 6u

struct ex_state {
    struct list work_waiting; /* struct ex_work_item: no fiber was left; taken by the next worker that ends */
    struct fiber *reserve[EX_RESERVES]; /* workers for when there is no fiber left */
    uint32_t reserves;
    uint32_t work_running;
    uint32_t work_queued;    /* queued and not yet begun */
    uint32_t worker_site;    /* nt!ExpWorkerThread */
    uint32_t callback_site;  /* nt!ExNotifyCallback */
    uint32_t lookaside_site; /* nt!ExDeleteLookasideListEx */
    uint32_t timer_site;     /* nt!ExpTimerDpcRoutine */
    uint64_t timer_dpc;      /* its address */
    POBJECT_TYPE callback_type;
    struct ke_queue callback_wait; /* who waits for a callback to end */
    struct ke_queue timer_wait;    /* who waits for an EX_TIMER's callback to end */
    struct holders *resources;     /* who holds which ERESOURCE shared */
    uint32_t *uuids; /* per fiber */
};

void ex_work_init(struct ex_state *ex);
void ex_callback_init(struct ex_state *ex);
void ex_timer_init(struct ex_state *ex);
void kasan_register_exports(void);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList_(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock);
PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList_(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
PSLIST_ENTRY NTAPI ExInterlockedFlushSList_(PSLIST_HEADER ListHead);
VOID NTAPI InitializeSListHead_(PSLIST_HEADER SListHead);
PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes);
VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, SIZE_T RunRefSize);
VOID NTAPI ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex);
VOID NTAPI ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX FastMutex);
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource);
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource);
VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource);
ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource);
ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource);
PVOID NTAPI ExpAllocateLookasideEx(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, PLOOKASIDE_LIST_EX Lookaside);
VOID NTAPI ExpFreeLookasideEx(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside);
VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex);
VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex);

#endif
