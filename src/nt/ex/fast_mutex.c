/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/fast_mutex.c - FAST_MUTEX and KGUARDED_MUTEX, which are one structure.
 *
 * Model: Count is 1 while free; a holder clears bit 0 and each waiter adds 4, as Windows keeps it (observed). Owner is
 * the holding thread. A fast mutex raises to APC_LEVEL, a guarded one enters a guarded region, the unsafe forms do
 * neither and want it done. Neither may be acquired twice: that waits for ever, and is told.
 */
#include "nt/ex/ex.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

#define FREE_BIT 1
#define WAITER   4

static bool
try_acquire(PFAST_MUTEX mutex, enum lock_kind kind)
{
    if (!(mutex->Count & FREE_BIT))
        return false;
    mutex->Count &= ~FREE_BIT;
    mutex->Owner = ps_self();
    ke_lock_owned(ke_lock_get(mutex), kind);
    return true;
}

static void
acquire(PFAST_MUTEX mutex, enum lock_kind kind)
{
    while (!try_acquire(mutex, kind)) {
        struct ke_lock *l = ke_lock_get(mutex);

        if (irql_get() >= IRQL_DISPATCH) /* a thread switch at DISPATCH_LEVEL */
            machine_bugcheck(0xb8, (uint64_t)ps_self(), 0, fiber_self()->guest_sp, 0);
        if (l->owner == 0)
            ke_lock_misuse(mutex, kind, LOCK_MISUSE_UNINITIALIZED);
        mutex->Contention++;
        mutex->Count += WAITER;
        ke_lock_block(l, BLOCK_WAIT, kind == LOCK_FAST_MUTEX ? "waits for a fast mutex" : "waits for a guarded mutex");
        mutex->Count -= WAITER;
    }
}

static void
release(PFAST_MUTEX mutex, enum lock_kind kind)
{
    struct ke_lock *l = ke_lock_get(mutex);

    ke_lock_released(l, kind);
    mutex->Owner = NULL;
    mutex->Count |= FREE_BIT;
    ke_lock_wake(l);
}

/* documented: the unsafe forms are called at APC_LEVEL or with APCs disabled. */
static void
want_no_apcs(void *mutex, enum lock_kind kind)
{
    if (irql_get() < IRQL_APC && ps_self()->KernelApcDisable == 0 && ps_self()->SpecialApcDisable == 0)
        ke_lock_misuse(mutex, kind, LOCK_MISUSE_IRQL);
}

VOID NTAPI
ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL old = irql_raise(irql_get() > IRQL_APC ? irql_get() : IRQL_APC);

    acquire(FastMutex, LOCK_FAST_MUTEX);
    FastMutex->OldIrql = old;
}

VOID NTAPI
ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL old = (KIRQL)FastMutex->OldIrql;

    if (irql_get() != IRQL_APC)
        ke_lock_misuse(FastMutex, LOCK_FAST_MUTEX, LOCK_MISUSE_IRQL);
    release(FastMutex, LOCK_FAST_MUTEX);
    irql_lower(old);
}

BOOLEAN NTAPI
ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL old = irql_raise(irql_get() > IRQL_APC ? irql_get() : IRQL_APC);

    if (!try_acquire(FastMutex, LOCK_FAST_MUTEX)) {
        irql_lower(old);
        return FALSE;
    }
    FastMutex->OldIrql = old;
    return TRUE;
}

VOID NTAPI
ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    want_no_apcs(FastMutex, LOCK_FAST_MUTEX);
    acquire(FastMutex, LOCK_FAST_MUTEX);
}

VOID NTAPI
ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    want_no_apcs(FastMutex, LOCK_FAST_MUTEX);
    release(FastMutex, LOCK_FAST_MUTEX);
}

VOID NTAPI
ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    KeEnterCriticalRegion();
    acquire(FastMutex, LOCK_FAST_MUTEX);
}

VOID NTAPI
ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX FastMutex)
{
    release(FastMutex, LOCK_FAST_MUTEX);
    KeLeaveCriticalRegion();
}

/* ------------------------------------------------------------------ guarded */

VOID NTAPI
KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    Mutex->Count = FREE_BIT;
    Mutex->Owner = NULL;
    Mutex->Contention = 0;
    ke_event_init(&Mutex->Event, SynchronizationEvent, false);
}

VOID NTAPI
KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KeEnterGuardedRegion();
    acquire(Mutex, LOCK_GUARDED_MUTEX);
}

VOID NTAPI
KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    release(Mutex, LOCK_GUARDED_MUTEX);
    KeLeaveGuardedRegion();
}

BOOLEAN NTAPI
KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KeEnterGuardedRegion();
    if (try_acquire(Mutex, LOCK_GUARDED_MUTEX))
        return TRUE;
    KeLeaveGuardedRegion();
    return FALSE;
}

VOID NTAPI
KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    want_no_apcs(Mutex, LOCK_GUARDED_MUTEX);
    acquire(Mutex, LOCK_GUARDED_MUTEX);
}

VOID NTAPI
KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    release(Mutex, LOCK_GUARDED_MUTEX);
}
