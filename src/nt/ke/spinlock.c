/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/spinlock.c - KSPIN_LOCK: ordinary and in-stack queued.
 *
 * Model: the word is 0 when free, 1 when held through the ordinary forms, the address of the last queued handle when
 * held through the queued ones (observed: x64 multiprocessor kernels). Spinning is blocking at DISPATCH_LEVEL: the
 * fiber keeps its VP. A lock whose word is not 0 though nobody is known to hold it was never initialised or is
 * garbage: Windows would spin for ever, so does the fiber, after an event.
 * Queued locks hand over in the order of arrival, through the chain in the drivers' handles.
 * In a live machine the word and the chain are all there is, and VPs spin. Who took what last stands in a small table
 * that only a spin without end looks at: after 20 s it ends the machine and names the holder.
 */
#include "nt/ke/state.h"

#include "base/fmt.h"
#include "trace/event.h"

#define QUEUE_WAIT  1ull /* in KSPIN_LOCK_QUEUE.Lock: still waits */
#define QUEUE_OWNER 2ull
#define QUEUE_FLAGS 3ull

#define SPIN_LOOKS 4096u /* rounds between two looks at the clock */

/* ------------------------------------------------------------------ a live machine's spinning */

static struct ke_spin_taker *
taker_of(const void *lock)
{
    return &NT->ke->taker[((uint64_t)lock >> 3 ^ (uint64_t)lock >> 12) % KE_SPIN_TAKERS];
}

static void
note_taker(const void *lock)
{
    struct ke_spin_taker *t = taker_of(lock);

    __atomic_store_n(&t->fiber, fiber_self()->id, __ATOMIC_RELAXED);
    __atomic_store_n(&t->born, fiber_self()->hb, __ATOMIC_RELAXED);
    __atomic_store_n(&t->site, guest_caller(), __ATOMIC_RELAXED);
    __atomic_store_n(&t->lock, (uint64_t)lock, __ATOMIC_RELAXED);
}

static _Noreturn void
never_released(const void *lock)
{
    const struct ke_spin_taker *t = taker_of(lock);
    uint32_t id = __atomic_load_n(&t->fiber, __ATOMIC_RELAXED);
    const struct fiber *f = &machine->fiber[id];
    bool gone = f->state == FIBER_FREE || f->hb != __atomic_load_n(&t->born, __ATOMIC_RELAXED);
    char text[160];

    if (__atomic_load_n(&t->lock, __ATOMIC_RELAXED) != (uint64_t)lock)
        fmt(text, sizeof(text), "spins for the lock %p, which nobody releases", lock);
    else if (f == fiber_self() && !gone)
        fmt(text, sizeof(text), "spins for the lock %p, which it took itself: the call before %p", lock,
            (void *)__atomic_load_n(&t->site, __ATOMIC_RELAXED));
    else
        fmt(text, sizeof(text), "spins for the lock %p, which %s took and does not release: the call before %p", lock,
            gone ? "a thread that has ended" : f->name, (void *)__atomic_load_n(&t->site, __ATOMIC_RELAXED));
    machine_hang(text);
}

struct spin {
    uint32_t rounds;
    uint64_t since;
};

static void
spin_on(struct spin *s, const void *lock)
{
    sched_spin();
    if (++s->rounds % SPIN_LOOKS != 0)
        return;
    if (s->since == 0)
        s->since = machine_now();
    else if (machine_now() - s->since > NT->ke->spin_max_100ns)
        never_released(lock);
}

/* ------------------------------------------------------------------ host side */

bool
ke_spin_try(void *lock, enum lock_kind kind)
{
    KSPIN_LOCK *word = lock;
    KSPIN_LOCK seen = 0;

    if (!__atomic_compare_exchange_n(word, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    if (machine_is_native())
        note_taker(lock);
    else
        ke_lock_owned(ke_lock_get(lock), kind);
    return true;
}

void
ke_spin_acquire(void *lock, enum lock_kind kind)
{
    struct spin spin = { 0, 0 };

    while (!ke_spin_try(lock, kind)) {
        struct ke_lock *l;

        if (machine_is_native()) {
            spin_on(&spin, lock);
            continue;
        }
        l = ke_lock_get(lock);
        if (l->owner == 0)
            ke_lock_misuse(lock, kind, LOCK_MISUSE_UNINITIALIZED);
        ke_lock_block(l, BLOCK_SPIN, "spins for a lock");
    }
}

void
ke_spin_release(void *lock, enum lock_kind kind)
{
    struct ke_lock *l = machine_is_native() ? NULL : ke_lock_get(lock);

    if (l != NULL)
        ke_lock_released(l, kind);
    __atomic_store_n((KSPIN_LOCK *)lock, 0, __ATOMIC_RELEASE);
    if (l != NULL)
        ke_lock_wake(l);
}

struct fiber *
ke_spin_owner(const void *lock)
{
    struct ke_lock *l = ke_lock_find(lock);

    return l != NULL && l->owner != 0 ? &machine->fiber[l->owner] : NULL;
}

static void
want_dispatch(void *lock, enum lock_kind kind)
{
    if (irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(lock, kind, LOCK_MISUSE_IRQL);
}

/* Raise, then acquire: the IRQL that a release must give back. */
static KIRQL
acquire_raising(PKSPIN_LOCK lock, unsigned irql)
{
    KIRQL old = irql_raise(irql);

    ke_spin_acquire(lock, LOCK_SPIN);
    if (!machine_is_native())
        ke_lock_get(lock)->irql = old;
    return old;
}

static void
release_lowering(PKSPIN_LOCK lock, KIRQL irql)
{
    if (irql > irql_get() || irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(lock, LOCK_SPIN, LOCK_MISUSE_IRQL);
    ke_spin_release(lock, LOCK_SPIN);
    irql_lower(irql);
}

/* ------------------------------------------------------------------ ordinary forms */

VOID NTAPI
KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

KIRQL NTAPI
KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    return acquire_raising(SpinLock, IRQL_DISPATCH);
}

KIRQL NTAPI
KfAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    return acquire_raising(SpinLock, IRQL_DISPATCH);
}

KIRQL NTAPI
KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock)
{
    return acquire_raising(SpinLock, SYNCH_LEVEL);
}

VOID NTAPI
KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    release_lowering(SpinLock, NewIrql);
}

VOID NTAPI
KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    release_lowering(SpinLock, NewIrql);
}

VOID NTAPI
KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_SPIN);
    ke_spin_acquire(SpinLock, LOCK_SPIN);
}

/* documented: an error where the acquisition raised the IRQL, which is not given back. */
VOID NTAPI
KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    const struct ke_lock *l = machine_is_native() ? NULL : ke_lock_find(SpinLock);

    want_dispatch(SpinLock, LOCK_SPIN);
    if (l != NULL && l->owner == fiber_self()->id && l->irql < IRQL_DISPATCH && irql_get() >= IRQL_DISPATCH)
        ke_lock_misuse(SpinLock, LOCK_SPIN, LOCK_MISUSE_WRONG_FORM);
    ke_spin_release(SpinLock, LOCK_SPIN);
}

VOID NTAPI
KiAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    KeAcquireSpinLockAtDpcLevel(SpinLock);
}

VOID NTAPI
KiReleaseSpinLock(PKSPIN_LOCK SpinLock)
{
    KeReleaseSpinLockFromDpcLevel(SpinLock);
}

BOOLEAN NTAPI
KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    want_dispatch(SpinLock, LOCK_SPIN);
    return ke_spin_try(SpinLock, LOCK_SPIN);
}

/* documented: TRUE if the lock is free. Drivers spin on it, so FALSE gives way. */
BOOLEAN NTAPI
KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    if (*SpinLock == 0)
        return TRUE;
    sched_give_way();
    return FALSE;
}

/* documented: raises only if not called from a threaded DPC at PASSIVE_LEVEL; the old IRQL is the release's. */
KIRQL NTAPI
KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return acquire_raising(SpinLock, irql_get() > IRQL_DISPATCH ? irql_get() : IRQL_DISPATCH);
}

VOID NTAPI
KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_lowering(SpinLock, OldIrql);
}

/* ------------------------------------------------------------------ in-stack queued forms */

static PKSPIN_LOCK
queued_lock(PKLOCK_QUEUE_HANDLE handle)
{
    return (PKSPIN_LOCK)((ULONG_PTR)handle->LockQueue.Lock & ~QUEUE_FLAGS);
}

static void
native_acquire(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *self)
{
    struct spin spin = { 0, 0 };
    KSPIN_LOCK_QUEUE *prev;

    self->Next = NULL;
    self->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | QUEUE_WAIT);
    prev = (KSPIN_LOCK_QUEUE *)__atomic_exchange_n(lock, (KSPIN_LOCK)self, __ATOMIC_ACQ_REL);
    if (prev != NULL) {
        __atomic_store_n(&prev->Next, self, __ATOMIC_RELEASE);
        while ((ULONG_PTR)__atomic_load_n(&self->Lock, __ATOMIC_ACQUIRE) & QUEUE_WAIT)
            spin_on(&spin, lock);
    }
    note_taker(lock);
    self->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | QUEUE_OWNER);
}

static void
native_release(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *self)
{
    KSPIN_LOCK last = (KSPIN_LOCK)self;
    KSPIN_LOCK_QUEUE *next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE);

    self->Lock = lock;
    if (next == NULL) {
        if (__atomic_compare_exchange_n(lock, &last, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
        while ((next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE)) == NULL) /* it has the word, not yet our link */
            sched_spin();
    }
    __atomic_store_n(&next->Lock, lock, __ATOMIC_RELEASE);
}

static void
queued_acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    KSPIN_LOCK_QUEUE *self = &handle->LockQueue;
    KSPIN_LOCK_QUEUE *prev;
    struct ke_lock *l;

    if (machine_is_native()) {
        native_acquire(lock, self);
        return;
    }
    l = ke_lock_get(lock);
    self->Next = NULL;
    self->Lock = lock;
    prev = (KSPIN_LOCK_QUEUE *)__atomic_exchange_n(lock, (KSPIN_LOCK)self, __ATOMIC_ACQ_REL);
    if (prev != NULL) {
        if (l->owner == 0)
            ke_lock_misuse(lock, LOCK_QUEUED_SPIN, LOCK_MISUSE_UNINITIALIZED);
        else if (l->kind != LOCK_QUEUED_SPIN)
            ke_lock_misuse(lock, LOCK_QUEUED_SPIN, LOCK_MISUSE_WRONG_FORM);
        self->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | QUEUE_WAIT);
        fiber_self()->nt[0] = (uint64_t)self;
        prev->Next = self; /* prev is no handle if the lock was taken by another form: Windows faults here too */
        while ((ULONG_PTR)self->Lock & QUEUE_WAIT)
            ke_lock_block(l, BLOCK_SPIN, "spins for a queued lock");
    }
    fiber_self()->nt[0] = 0;
    self->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | QUEUE_OWNER);
    ke_lock_owned(l, LOCK_QUEUED_SPIN);
}

/* The lock is that waiter's from now on, though it has not run yet. */
static void
hand_over(struct ke_lock *l, KSPIN_LOCK_QUEUE *waiter)
{
    waiter->Lock = (PKSPIN_LOCK)l->address;
    for (uint32_t i = 1; i <= machine->fiber_count; i++)
        if (machine->fiber[i].nt[0] == (uint64_t)waiter && machine->fiber[i].state != FIBER_DONE)
            l->owner = (uint8_t)i;
}

static void
queued_release(PKLOCK_QUEUE_HANDLE handle)
{
    KSPIN_LOCK_QUEUE *self = &handle->LockQueue;
    PKSPIN_LOCK lock = queued_lock(handle);
    struct ke_lock *l;

    if (machine_is_native()) {
        native_release(lock, self);
        return;
    }
    l = ke_lock_get(lock);
    sched_point(OP_DDI, (uint64_t)lock); /* the argument is the handle, so the stub cannot know the object */
    ke_lock_released(l, LOCK_QUEUED_SPIN);
    self->Lock = lock;
    if (self->Next == NULL) {
        *lock = 0;
    } else {
        hand_over(l, self->Next);
        self->Next = NULL;
    }
    ke_lock_wake(l);
}

VOID NTAPI
KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    LockHandle->OldIrql = irql_raise(IRQL_DISPATCH);
    queued_acquire(SpinLock, LockHandle);
}

VOID NTAPI
KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    if (LockHandle->OldIrql > irql_get() || irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(queued_lock(LockHandle), LOCK_QUEUED_SPIN, LOCK_MISUSE_IRQL);
    queued_release(LockHandle);
    irql_lower(LockHandle->OldIrql);
}

VOID NTAPI
KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    want_dispatch(SpinLock, LOCK_QUEUED_SPIN);
    queued_acquire(SpinLock, LockHandle);
}

VOID NTAPI
KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    want_dispatch(queued_lock(LockHandle), LOCK_QUEUED_SPIN);
    queued_release(LockHandle);
}

VOID NTAPI
KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeAcquireInStackQueuedSpinLock(SpinLock, LockHandle);
}

VOID NTAPI
KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeReleaseInStackQueuedSpinLock(LockHandle);
}
