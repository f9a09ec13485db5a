/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/spinlock.c - EX_SPIN_LOCK: many readers or one writer, at DISPATCH_LEVEL.
 *
 * Model: the word counts readers; bit 31 belongs to the writer. A writer sets bit 31 first and then waits for the
 * readers to leave, so a new reader waits behind a waiting writer (observed), and a reader that comes twice can lock
 * itself out. Who reads and who writes stands in the lock table.
 */
#include "nt/ex/ex.h"

#include "trace/event.h"

#define WRITER ((LONG)0x80000000)

static void
acquire_shared(PEX_SPIN_LOCK lock)
{
    struct ke_lock *l = ke_lock_get((void *)lock);

    while (*lock & WRITER)
        ke_lock_block(l, BLOCK_SPIN, "spins for a shared lock");
    *lock += 1;
    fiber_set_add(&l->shared, fiber_self()->id);
    l->kind = LOCK_EX_SHARED;
    l->ip = guest_caller();
    trace_emit(EV_LOCK_ACQUIRE, lock, LOCK_EX_SHARED);
}

static void
acquire_exclusive(PEX_SPIN_LOCK lock)
{
    struct ke_lock *l = ke_lock_get((void *)lock);

    while (*lock & WRITER)
        ke_lock_block(l, BLOCK_SPIN, "spins for an exclusive lock");
    *lock |= WRITER;
    l->pending = (uint8_t)fiber_self()->id;
    while (*lock != WRITER)
        ke_lock_block(l, BLOCK_SPIN, "spins for readers to leave");
    l->pending = 0;
    ke_lock_owned(l, LOCK_EX_EXCLUSIVE);
}

static void
release_shared(PEX_SPIN_LOCK lock)
{
    struct ke_lock *l = ke_lock_get((void *)lock);
    uint32_t self = fiber_self()->id;

    if ((*lock & ~WRITER) == 0)
        ke_lock_misuse((void *)lock, LOCK_EX_SHARED, l->owner ? LOCK_MISUSE_WRONG_FORM : LOCK_MISUSE_NOT_HELD);
    else if (!fiber_set_has(&l->shared, self))
        ke_lock_misuse((void *)lock, LOCK_EX_SHARED, LOCK_MISUSE_NOT_OWNER);
    *lock = (LONG)((ULONG)*lock - 1); /* one release too many wraps */
    fiber_set_del(&l->shared, self);
    if ((*lock & ~WRITER) == 0)
        l->shared = (struct fiber_set){ 0 };
    trace_emit(EV_LOCK_RELEASE, lock, LOCK_EX_SHARED);
    ke_lock_wake(l);
}

static void
release_exclusive(PEX_SPIN_LOCK lock)
{
    struct ke_lock *l = ke_lock_get((void *)lock);

    if (l->owner == 0 && fiber_set_first(&l->shared) != 0)
        ke_lock_misuse((void *)lock, LOCK_EX_EXCLUSIVE, LOCK_MISUSE_WRONG_FORM);
    else
        ke_lock_released(l, LOCK_EX_EXCLUSIVE);
    l->owner = 0;
    *lock = 0;
    ke_lock_wake(l);
}

static void
want_dispatch(PEX_SPIN_LOCK lock, enum lock_kind kind)
{
    if (irql_get() < IRQL_DISPATCH)
        ke_lock_misuse((void *)lock, kind, LOCK_MISUSE_IRQL);
}

static void
lower(PEX_SPIN_LOCK lock, enum lock_kind kind, KIRQL irql)
{
    if (irql > irql_get() || irql_get() < IRQL_DISPATCH)
        ke_lock_misuse((void *)lock, kind, LOCK_MISUSE_IRQL);
    irql_lower(irql);
}

KIRQL NTAPI
ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    KIRQL old = irql_raise(IRQL_DISPATCH);

    acquire_shared(SpinLock);
    return old;
}

KIRQL NTAPI
ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    KIRQL old = irql_raise(IRQL_DISPATCH);

    acquire_exclusive(SpinLock);
    return old;
}

VOID NTAPI
ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_shared(SpinLock);
    lower(SpinLock, LOCK_EX_SHARED, OldIrql);
}

VOID NTAPI
ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_exclusive(SpinLock);
    lower(SpinLock, LOCK_EX_EXCLUSIVE, OldIrql);
}

VOID NTAPI
ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_EX_SHARED);
    acquire_shared(SpinLock);
}

VOID NTAPI
ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_EX_EXCLUSIVE);
    acquire_exclusive(SpinLock);
}

VOID NTAPI
ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_EX_SHARED);
    release_shared(SpinLock);
}

VOID NTAPI
ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_EX_EXCLUSIVE);
    release_exclusive(SpinLock);
}

/* documented: TRUE and exclusive if the caller was the only reader and nobody waits to write; else nothing changes. */
LOGICAL NTAPI
ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    struct ke_lock *l = ke_lock_get((void *)SpinLock);

    if (*SpinLock != 1)
        return FALSE;
    *SpinLock = WRITER;
    l->shared = (struct fiber_set){ 0 };
    ke_lock_owned(l, LOCK_EX_EXCLUSIVE);
    return TRUE;
}
