/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/lock.c - what we remember of locks: owner, sharers, who waits.
 *
 * Model: a hash table in monitor memory, keyed by the lock's address. The lock's own word stays what Windows would
 * show; the table says whose it is, so that a hang report can name the holder and a release by a stranger is seen.
 * All kinds of locks use it; the rules of each kind are in its own file.
 */
#include "nt/ke/state.h"

#include "base/hash.h"
#include "trace/event.h"

static struct ke_lock **
bucket(const void *address)
{
    return &NT->ke->locks[hash_mix64((uint64_t)address) % KE_LOCK_BUCKETS];
}

struct ke_lock *
ke_lock_find(const void *address)
{
    for (struct ke_lock *l = *bucket(address); l != NULL; l = l->next)
        if (l->address == (uint64_t)address)
            return l;
    return NULL;
}

struct ke_lock *
ke_lock_get(const void *address)
{
    struct ke_lock *l = ke_lock_find(address);
    struct ke_lock **head;

    if (l != NULL)
        return l;
    l = mon_alloc_shared(sizeof(*l));
    head = bucket(address);
    l->address = (uint64_t)address;
    l->next = *head;
    *head = l;
    l->next_made = NT->ke->locks_made;
    NT->ke->locks_made = l;
    return l;
}

struct fiber *
ke_lock_owner(const struct ke_lock *l)
{
    if (l->owner != 0)
        return &machine->fiber[l->owner];
    if (fiber_set_first(&l->shared) != 0)
        return &machine->fiber[fiber_set_first(&l->shared)];
    return l->pending != 0 ? &machine->fiber[l->pending] : NULL;
}

const struct ke_lock *
ke_spin_held(const struct fiber *f)
{
    static const uint64_t spinning = 1ull << LOCK_SPIN | 1ull << LOCK_QUEUED_SPIN | 1ull << LOCK_CANCEL |
                                     1ull << LOCK_NDIS_SPIN | 1ull << LOCK_EX_EXCLUSIVE | 1ull << LOCK_NDIS_RW_WRITE;
    const struct ke_lock *l = irql_get() >= IRQL_DISPATCH ? NT->ke->locks_made : NULL;

    while (l != NULL && (l->owner != f->id || !(spinning >> l->kind & 1)))
        l = l->next_made;
    return l;
}

void
ke_lock_misuse(const void *address, enum lock_kind kind, enum lock_misuse what)
{
    trace_emit(EV_LOCK_MISUSE, address, kind, what);
}

void
ke_lock_block(struct ke_lock *l, enum block_kind how, const char *why)
{
    struct fiber *self = fiber_self();
    struct fiber *owner = ke_lock_owner(l);

    if (l->owner == self->id || fiber_set_has(&l->shared, self->id)) {
        ke_lock_misuse((void *)l->address, l->kind, LOCK_MISUSE_RECURSIVE);
        owner = self;
    }
    l->waiters++;
    sched_block(how, l->address, owner, why);
    sched_touch(l->address);
}

void
ke_lock_wake(struct ke_lock *l)
{
    if (l->waiters == 0)
        return;
    l->waiters = 0;
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        struct fiber *f = &machine->fiber[i];

        if (f->state == FIBER_BLOCKED && f->block_object == l->address &&
            (f->block_kind == BLOCK_SPIN || f->block_kind == BLOCK_WAIT))
            sched_wake(f);
    }
}

void
ke_lock_owned(struct ke_lock *l, enum lock_kind kind)
{
    l->owner = (uint8_t)fiber_self()->id;
    l->kind = (uint8_t)kind;
    l->irql = (uint8_t)irql_get();
    l->ip = guest_caller();
    trace_emit(EV_LOCK_ACQUIRE, l->address, kind);
}

void
ke_lock_released(struct ke_lock *l, enum lock_kind kind)
{
    if (l->owner == 0)
        ke_lock_misuse((void *)l->address, kind, LOCK_MISUSE_NOT_HELD);
    else if (l->owner != fiber_self()->id)
        ke_lock_misuse((void *)l->address, kind, LOCK_MISUSE_NOT_OWNER);
    else if (l->kind != kind)
        ke_lock_misuse((void *)l->address, kind, LOCK_MISUSE_WRONG_FORM);
    l->owner = 0;
    trace_emit(EV_LOCK_RELEASE, l->address, kind);
}

void
ke_locks_freed(uint64_t base, uint64_t size)
{
    for (struct ke_lock *l = NT->ke->locks_made; l != NULL; l = l->next_made)
        if (l->address - base < size && (l->owner != 0 || fiber_set_first(&l->shared) != 0))
            ke_lock_misuse((void *)l->address, l->kind, LOCK_MISUSE_FREED);
}

void
ke_locks_of(const struct fiber *f, void (*fn)(const struct ke_lock *l, void *arg), void *arg)
{
    for (const struct ke_lock *l = NT->ke->locks_made; l != NULL; l = l->next_made)
        if (l->owner == f->id || fiber_set_has(&l->shared, f->id))
            fn(l, arg);
}
