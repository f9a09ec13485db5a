/* SPDX-License-Identifier: MIT */
/*
 * ndis/lock_rw.c - many readers or one writer: NDIS_RW_LOCK in the driver's memory, NDIS_RW_LOCK_EX in ours.
 *
 * Model: one count of readers per processor and the writer's thread, in the driver-visible lock; both kinds have the
 * same body. The holder is at DISPATCH_LEVEL, so a processor's count is that of the thread it runs, and a reader may
 * come again. Not fair (documented): readers pass a waiting writer. No promotion (documented): a reader that wants to
 * write waits for itself.
 */
#include "ndis/misc.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/nt.h"

/* LOCK_STATE(_EX).LockState. observed: the numbers of the public headers' inline lock. */
enum { STATE_FREE = 0, STATE_RECURSIVE = 2, STATE_READ = 3, STATE_WRITE = 4, STATE_RELEASED = 0xff };

struct _NDIS_RW_LOCK_EX {
    struct ndis_object object;
    uint64_t pad;
    NDIS_RW_LOCK lock;
};

static bool
has_readers(const NDIS_RW_LOCK *lock)
{
    for (unsigned i = 0; i < machine->vp_count; i++)
        if (lock->RefCount[i].RefCount != 0)
            return true;
    return false;
}

static void
acquire_read(NDIS_RW_LOCK *lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    while (lock->Context != NULL)
        ke_lock_block(l, BLOCK_SPIN, "spins for a read lock");
    sched_saw(vp_self()->number);
    lock->RefCount[vp_self()->number].RefCount++;
    fiber_set_add(&l->shared, fiber_self()->id);
    l->kind = LOCK_NDIS_RW_READ;
    l->ip = guest_caller();
    trace_emit(EV_LOCK_ACQUIRE, lock, LOCK_NDIS_RW_READ);
}

static void
acquire_write(NDIS_RW_LOCK *lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    while (lock->Context != NULL || has_readers(lock))
        ke_lock_block(l, BLOCK_SPIN, "spins for a write lock");
    lock->Context = ps_current_thread();
    ke_lock_owned(l, LOCK_NDIS_RW_WRITE);
}

static void
release_read(NDIS_RW_LOCK *lock)
{
    struct ke_lock *l = ke_lock_get(lock);
    NDIS_RW_LOCK_REFCOUNT *count = &lock->RefCount[vp_self()->number];

    if (count->RefCount == 0) { /* documented: on the processor that acquired it */
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, has_readers(lock) ? LOCK_MISUSE_NOT_OWNER : LOCK_MISUSE_NOT_HELD);
        return;
    }
    count->RefCount--;
    if (count->RefCount == 0)
        fiber_set_del(&l->shared, fiber_self()->id);
    trace_emit(EV_LOCK_RELEASE, lock, LOCK_NDIS_RW_READ);
    ke_lock_wake(l);
}

static void
release_write(NDIS_RW_LOCK *lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    ke_lock_released(l, LOCK_NDIS_RW_WRITE);
    lock->Context = NULL;
    ke_lock_wake(l);
}

static void
release(NDIS_RW_LOCK *lock, unsigned state)
{
    switch (state) {
    case STATE_RECURSIVE:
        break;
    case STATE_READ:
        release_read(lock);
        break;
    case STATE_WRITE:
        release_write(lock);
        break;
    case STATE_RELEASED:
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, LOCK_MISUSE_NOT_HELD);
        break;
    default:
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, LOCK_MISUSE_UNINITIALIZED);
        break;
    }
}

static void
lower(NDIS_RW_LOCK *lock, KIRQL old)
{
    if (old > irql_get())
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, LOCK_MISUSE_IRQL);
    else
        irql_lower(old);
}

/* ------------------------------------------------------------------ NDIS_RW_LOCK_EX */

/*
 * NdisAllocateRWLock - Source: documented; a NULL NdisHandle is allowed. IRQL: <= DISPATCH_LEVEL.
 * Ownership: the caller's until NdisFreeRWLock. Returns NULL without memory.
 */
PNDIS_RW_LOCK_EX NTAPI
NdisAllocateRWLock(NDIS_HANDLE NdisHandle)
{
    (void)NdisHandle;
    return ndis_object_alloc(NDIS_SIG_RW_LOCK, sizeof(struct _NDIS_RW_LOCK_EX), "NDIS read/write lock");
}

void NTAPI
NdisFreeRWLock(PNDIS_RW_LOCK_EX Lock)
{
    NDIS_RW_LOCK *lock = &Lock->lock;

    if (lock->Context != NULL || has_readers(lock))
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, LOCK_MISUSE_FREED);
    ndis_free(Lock);
}

static void
begin_ex(NDIS_RW_LOCK *lock, LOCK_STATE_EX *state, UCHAR flags)
{
    state->OldIrql = (KIRQL)irql_get();
    state->Flags = flags;
    if (!(flags & NDIS_RWL_AT_DISPATCH_LEVEL))
        irql_raise(IRQL_DISPATCH);
    else if (irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(lock, LOCK_NDIS_RW_READ, LOCK_MISUSE_IRQL);
}

/*
 * NdisAcquireRWLockRead, NdisAcquireRWLockWrite - the flag NDIS_RWL_AT_DISPATCH_LEVEL says that the caller is there.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL; DISPATCH_LEVEL after them.
 * Ownership: borrows LockState until NdisReleaseRWLock.
 */
void NTAPI
NdisAcquireRWLockRead(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState, UCHAR Flags)
{
    begin_ex(&Lock->lock, LockState, Flags);
    acquire_read(&Lock->lock);
    LockState->LockState = STATE_READ;
}

void NTAPI
NdisAcquireRWLockWrite(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState, UCHAR Flags)
{
    begin_ex(&Lock->lock, LockState, Flags);
    acquire_write(&Lock->lock);
    LockState->LockState = STATE_WRITE;
}

/* NdisReleaseRWLock - Source: documented. IRQL: DISPATCH_LEVEL, then what it was before. */
void NTAPI
NdisReleaseRWLock(PNDIS_RW_LOCK_EX Lock, PLOCK_STATE_EX LockState)
{
    unsigned state = LockState->LockState;

    LockState->LockState = STATE_RELEASED;
    release(&Lock->lock, state);
    if (!(LockState->Flags & NDIS_RWL_AT_DISPATCH_LEVEL))
        lower(&Lock->lock, LockState->OldIrql);
}

/* ------------------------------------------------------------------ NDIS_RW_LOCK */

/* NdisInitializeReadWriteLock - Source: documented. IRQL: any. Borrows Lock, the driver's memory. */
void NTAPI
NdisInitializeReadWriteLock(PNDIS_RW_LOCK Lock)
{
    memset(Lock, 0, sizeof(*Lock));
}

static void
acquire(NDIS_RW_LOCK *lock, bool write, LOCK_STATE *state)
{
    if (lock->Context != NULL && lock->Context == ps_current_thread()) {
        state->LockState = STATE_RECURSIVE; /* observed: the writer may come again */
    } else if (write) {
        acquire_write(lock);
        state->LockState = STATE_WRITE;
    } else {
        acquire_read(lock);
        state->LockState = STATE_READ;
    }
}

/*
 * NdisAcquireReadWriteLock, NdisReleaseReadWriteLock, and NdisDpr... for callers at DISPATCH_LEVEL.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL; DISPATCH_LEVEL in between.
 */
void NTAPI
NdisAcquireReadWriteLock(PNDIS_RW_LOCK Lock, BOOLEAN fWrite, PLOCK_STATE LockState)
{
    LockState->OldIrql = irql_raise(IRQL_DISPATCH);
    acquire(Lock, fWrite, LockState);
}

void NTAPI
NdisReleaseReadWriteLock(PNDIS_RW_LOCK Lock, PLOCK_STATE LockState)
{
    unsigned state = LockState->LockState;

    LockState->LockState = STATE_RELEASED;
    release(Lock, state);
    lower(Lock, LockState->OldIrql);
}

void NTAPI
NdisDprAcquireReadWriteLock(PNDIS_RW_LOCK Lock, BOOLEAN fWrite, PLOCK_STATE LockState)
{
    if (irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(Lock, fWrite ? LOCK_NDIS_RW_WRITE : LOCK_NDIS_RW_READ, LOCK_MISUSE_IRQL);
    LockState->OldIrql = IRQL_DISPATCH;
    acquire(Lock, fWrite, LockState);
}

void NTAPI
NdisDprReleaseReadWriteLock(PNDIS_RW_LOCK Lock, PLOCK_STATE LockState)
{
    unsigned state = LockState->LockState;

    LockState->LockState = STATE_RELEASED;
    release(Lock, state);
}
