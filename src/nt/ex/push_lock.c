/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/push_lock.c - EX_PUSH_LOCK: many readers or one writer, waiting.
 *
 * Model: bit 0 says held, bits 4 and up count readers, as in Windows (observed); the queue of waiters is ours, so bit
 * 1 (waiting) and the pointer it goes with are never set. A writer that waits keeps new readers out, as the queue
 * does in Windows. documented: normal kernel APCs must be disabled; that is told as IRQL misuse.
 */
#include "nt/ex/ex.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

#define HELD   ((EX_PUSH_LOCK)1)
#define READER ((EX_PUSH_LOCK)16)

static void
want_no_apcs(PEX_PUSH_LOCK lock, enum lock_kind kind)
{
    if (irql_get() < IRQL_APC && ps_self()->KernelApcDisable == 0 && ps_self()->SpecialApcDisable == 0)
        ke_lock_misuse(lock, kind, LOCK_MISUSE_IRQL);
}

static bool
read_held(EX_PUSH_LOCK word)
{
    return word >= READER;
}

static void
acquire_exclusive(PEX_PUSH_LOCK lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    want_no_apcs(lock, LOCK_PUSH_EXCLUSIVE);
    while (*lock != 0) {
        if (l->pending == 0)
            l->pending = (uint8_t)fiber_self()->id;
        ke_lock_block(l, BLOCK_WAIT, "waits for a push lock");
    }
    if (l->pending == fiber_self()->id)
        l->pending = 0;
    *lock = HELD;
    ke_lock_owned(l, LOCK_PUSH_EXCLUSIVE);
}

static void
acquire_shared(PEX_PUSH_LOCK lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    want_no_apcs(lock, LOCK_PUSH_SHARED);
    while ((*lock != 0 && !read_held(*lock)) || l->pending != 0)
        ke_lock_block(l, BLOCK_WAIT, "waits for a push lock");
    *lock = (*lock | HELD) + READER;
    fiber_set_add(&l->shared, fiber_self()->id);
    l->kind = LOCK_PUSH_SHARED;
    l->ip = guest_caller();
    trace_emit(EV_LOCK_ACQUIRE, lock, LOCK_PUSH_SHARED);
}

static void
release_exclusive(PEX_PUSH_LOCK lock)
{
    struct ke_lock *l = ke_lock_get(lock);

    want_no_apcs(lock, LOCK_PUSH_EXCLUSIVE);
    if (read_held(*lock))
        ke_lock_misuse(lock, LOCK_PUSH_EXCLUSIVE, LOCK_MISUSE_WRONG_FORM);
    else
        ke_lock_released(l, LOCK_PUSH_EXCLUSIVE);
    *lock = 0;
    l->owner = 0;
    ke_lock_wake(l);
}

static void
release_shared(PEX_PUSH_LOCK lock)
{
    struct ke_lock *l = ke_lock_get(lock);
    uint32_t self = fiber_self()->id;

    want_no_apcs(lock, LOCK_PUSH_SHARED);
    if (!read_held(*lock)) {
        ke_lock_misuse(lock, LOCK_PUSH_SHARED, l->owner != 0 ? LOCK_MISUSE_WRONG_FORM : LOCK_MISUSE_NOT_HELD);
        *lock = 0;
    } else {
        if (!fiber_set_has(&l->shared, self))
            ke_lock_misuse(lock, LOCK_PUSH_SHARED, LOCK_MISUSE_NOT_OWNER);
        *lock -= READER;
        if (!read_held(*lock))
            *lock = 0;
    }
    fiber_set_del(&l->shared, self);
    if (*lock == 0)
        l->shared = (struct fiber_set){ 0 };
    trace_emit(EV_LOCK_RELEASE, lock, LOCK_PUSH_SHARED);
    ke_lock_wake(l);
}

VOID NTAPI
ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    *PushLock = 0;
}

VOID NTAPI
ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    acquire_exclusive(PushLock);
}

VOID NTAPI
ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    acquire_shared(PushLock);
}

VOID NTAPI
ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    release_exclusive(PushLock);
}

VOID NTAPI
ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    release_shared(PushLock);
}

VOID NTAPI
ExReleasePushLockEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    if (read_held(*PushLock))
        release_shared(PushLock);
    else
        release_exclusive(PushLock);
}
