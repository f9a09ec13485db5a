/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/resource.c - ERESOURCE: a recursive reader-writer lock for threads.
 *
 * Model: the fields a debugger shows (ActiveCount, Flag, OwnerEntry, the waiter counts) are kept in the structure;
 * which thread holds it how often shared is in monitor memory, as Windows keeps it in a table of its own. A waiting
 * writer keeps new readers out, except those that hold it already and ExAcquireSharedStarveExclusive.
 * documented: normal kernel APCs must be disabled before acquiring; that is told as IRQL misuse.
 */
#include "nt/ex/ex.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

#define OWNED_EXCLUSIVE 0x80 /* observed: ERESOURCE.Flag */

/* Per fiber: how often it holds the resource shared. */
struct holders {
    uint64_t address;
    struct holders *next;
    uint32_t shared[];
};

/* Recursive shared holds need counts; the lock table has one bit per fiber only. */
static uint32_t *
shared_count(PERESOURCE r, uint32_t fiber)
{
    struct holders *h = NT->ex->resources;

    while (h != NULL && h->address != (uint64_t)r)
        h = h->next;
    if (h == NULL) {
        h = mon_alloc_shared(sizeof(*h) + (fiber_limit() + 1) * sizeof(h->shared[0]));
        h->address = (uint64_t)r;
        h->next = NT->ex->resources;
        NT->ex->resources = h;
    }
    return &h->shared[fiber];
}

static bool
exclusive(const ERESOURCE *r)
{
    return (r->Flag & OWNED_EXCLUSIVE) != 0;
}

static void
want_no_apcs(PERESOURCE r, enum lock_kind kind)
{
    if (irql_get() < IRQL_APC && ps_self()->KernelApcDisable == 0 && ps_self()->SpecialApcDisable == 0)
        ke_lock_misuse(r, kind, LOCK_MISUSE_IRQL);
}

static void
block(PERESOURCE r, struct ke_lock *l, ULONG *waiters)
{
    if (irql_get() >= IRQL_DISPATCH)
        machine_bugcheck(0xb8, (uint64_t)ps_self(), 0, fiber_self()->guest_sp, 0);
    ++*waiters;
    r->ContentionCount++;
    ke_lock_block(l, BLOCK_WAIT, "waits for a resource");
    --*waiters;
}

static BOOLEAN
acquire_exclusive(PERESOURCE r, BOOLEAN wait)
{
    struct ke_lock *l = ke_lock_get(r);
    ERESOURCE_THREAD self = (ERESOURCE_THREAD)ps_self();

    want_no_apcs(r, LOCK_RESOURCE_EXCLUSIVE);
    while (r->ActiveCount != 0 && !(exclusive(r) && r->OwnerEntry.OwnerThread == self)) {
        if (!wait)
            return FALSE;
        if (l->pending == 0)
            l->pending = (uint8_t)fiber_self()->id;
        block(r, l, &r->NumberOfExclusiveWaiters);
    }
    if (l->pending == fiber_self()->id)
        l->pending = 0;
    if (exclusive(r)) {
        r->OwnerEntry.OwnerCount++;
        return TRUE;
    }
    r->ActiveCount = 1;
    r->ActiveEntries = 1;
    r->Flag |= OWNED_EXCLUSIVE;
    r->OwnerEntry.OwnerThread = self;
    r->OwnerEntry.OwnerCount = 1;
    ke_lock_owned(l, LOCK_RESOURCE_EXCLUSIVE);
    return TRUE;
}

enum fairness { FAIR, STARVE_EXCLUSIVE, WAIT_FOR_EXCLUSIVE };

static BOOLEAN
acquire_shared(PERESOURCE r, BOOLEAN wait, enum fairness fairness)
{
    struct ke_lock *l = ke_lock_get(r);
    ERESOURCE_THREAD self = (ERESOURCE_THREAD)ps_self();
    uint32_t *mine = shared_count(r, fiber_self()->id);

    want_no_apcs(r, LOCK_RESOURCE_SHARED);
    if (exclusive(r) && r->OwnerEntry.OwnerThread == self) {
        r->OwnerEntry.OwnerCount++;
        return TRUE;
    }
    while (exclusive(r) || (r->NumberOfExclusiveWaiters != 0 && fairness != STARVE_EXCLUSIVE &&
                            (*mine == 0 || fairness == WAIT_FOR_EXCLUSIVE))) {
        if (!wait)
            return FALSE;
        block(r, l, &r->NumberOfSharedWaiters);
    }
    if ((*mine)++ == 0)
        r->ActiveEntries++;
    r->ActiveCount = 1;
    fiber_set_add(&l->shared, fiber_self()->id);
    l->kind = LOCK_RESOURCE_SHARED;
    l->ip = guest_caller();
    trace_emit(EV_LOCK_ACQUIRE, r, LOCK_RESOURCE_SHARED);
    return TRUE;
}

static void
release(PERESOURCE r, ERESOURCE_THREAD thread)
{
    struct ke_lock *l = ke_lock_get(r);
    uint32_t fiber;

    if (exclusive(r)) {
        if (r->OwnerEntry.OwnerThread != thread) /* documented: RESOURCE_NOT_OWNED */
            machine_bugcheck(0xe3, (uint64_t)r, thread, 0, 1);
        if (--r->OwnerEntry.OwnerCount != 0)
            return;
        r->Flag &= (USHORT)~OWNED_EXCLUSIVE;
        r->OwnerEntry.OwnerThread = 0;
        r->ActiveCount = 0;
        r->ActiveEntries = 0;
        l->owner = 0;
        trace_emit(EV_LOCK_RELEASE, r, LOCK_RESOURCE_EXCLUSIVE);
        ke_lock_wake(l);
        return;
    }
    fiber = ((PKTHREAD)(thread & ~(ERESOURCE_THREAD)3))->Fiber;
    if (r->ActiveCount == 0 || *shared_count(r, fiber) == 0)
        machine_bugcheck(0xe3, (uint64_t)r, thread, 0, 2);
    trace_emit(EV_LOCK_RELEASE, r, LOCK_RESOURCE_SHARED);
    if (--*shared_count(r, fiber) != 0)
        return;
    fiber_set_del(&l->shared, fiber);
    if (--r->ActiveEntries == 0) {
        r->ActiveCount = 0;
        ke_lock_wake(l);
    }
}

/* ------------------------------------------------------------------ exports */

NTSTATUS NTAPI
ExInitializeResourceLite(PERESOURCE Resource)
{
    RtlZeroMemory(Resource, sizeof(*Resource));
    Resource->SystemResourcesList.Flink = Resource->SystemResourcesList.Blink = &Resource->SystemResourcesList;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
ExReinitializeResourceLite(PERESOURCE Resource)
{
    return ExInitializeResourceLite(Resource);
}

/* documented: STATUS_SUCCESS. A resource that is held is told as a lock whose memory goes away. */
NTSTATUS NTAPI
ExDeleteResourceLite(PERESOURCE Resource)
{
    if (Resource->ActiveCount != 0)
        ke_lock_misuse(Resource, exclusive(Resource) ? LOCK_RESOURCE_EXCLUSIVE : LOCK_RESOURCE_SHARED,
                       LOCK_MISUSE_FREED);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI
ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_exclusive(Resource, Wait);
}

BOOLEAN NTAPI
ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, FAIR);
}

BOOLEAN NTAPI
ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, STARVE_EXCLUSIVE);
}

BOOLEAN NTAPI
ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, WAIT_FOR_EXCLUSIVE);
}

VOID NTAPI
ExReleaseResourceLite(PERESOURCE Resource)
{
    release(Resource, (ERESOURCE_THREAD)ps_self());
}

VOID NTAPI
ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    release(Resource, ResourceThreadId);
}

/* documented: the caller holds it exclusively; afterwards shared, and waiting readers go on. */
VOID NTAPI
ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    struct ke_lock *l = ke_lock_get(Resource);

    if (!exclusive(Resource) || Resource->OwnerEntry.OwnerThread != (ERESOURCE_THREAD)ps_self()) {
        ke_lock_misuse(Resource, LOCK_RESOURCE_EXCLUSIVE, LOCK_MISUSE_NOT_OWNER);
        return;
    }
    *shared_count(Resource, fiber_self()->id) = Resource->OwnerEntry.OwnerCount;
    Resource->Flag &= (USHORT)~OWNED_EXCLUSIVE;
    Resource->OwnerEntry.OwnerThread = 0;
    Resource->OwnerEntry.OwnerCount = 0;
    l->owner = 0;
    fiber_set_add(&l->shared, fiber_self()->id);
    l->kind = LOCK_RESOURCE_SHARED;
    ke_lock_wake(l);
}

BOOLEAN NTAPI
ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    return exclusive(Resource) && Resource->OwnerEntry.OwnerThread == (ERESOURCE_THREAD)ps_self();
}

/* documented: how often the calling thread holds it, shared or exclusive. */
ULONG NTAPI
ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    if (ExIsResourceAcquiredExclusiveLite(Resource))
        return Resource->OwnerEntry.OwnerCount;
    return exclusive(Resource) ? 0 : *shared_count(Resource, fiber_self()->id);
}

ULONG NTAPI
ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    return Resource->NumberOfExclusiveWaiters;
}

ULONG NTAPI
ExGetSharedWaiterCount(PERESOURCE Resource)
{
    return Resource->NumberOfSharedWaiters;
}

/* documented: the returned pointer is reserved. */
PVOID NTAPI
ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    acquire_exclusive(Resource, TRUE);
    return NULL;
}

PVOID NTAPI
ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    acquire_shared(Resource, TRUE, FAIR);
    return NULL;
}

VOID NTAPI
ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    release(Resource, (ERESOURCE_THREAD)ps_self());
    KeLeaveCriticalRegion();
}
