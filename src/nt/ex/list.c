/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/list.c - sequenced lists (SLIST) and the ExInterlocked family.
 *
 * Model: an SLIST head is 16 bytes changed by one cmpxchg16b, as compiled drivers do themselves: depth and sequence in
 * the first eight, the first entry in the second. The ExInterlocked functions take the caller's spin lock at
 * HIGH_LEVEL, which is why it may be used at any IRQL but not mixed with KeAcquireSpinLock (documented).
 */
#include "nt/ex/ex.h"

/* ------------------------------------------------------------------ SLIST */

static bool
exchange(SLIST_HEADER *head, SLIST_HEADER *seen, SLIST_HEADER next)
{
    bool done;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*head), "+a"(seen->Alignment), "+d"(seen->Region)
                     : "b"(next.Alignment), "c"(next.Region)
                     : "memory");
    return done;
}

static SLIST_ENTRY *
first_entry(const SLIST_HEADER *head)
{
    return (SLIST_ENTRY *)(head->Region & ~(ULONGLONG)15);
}

/* Depth by `change`, sequence by one, a new first entry. */
static SLIST_HEADER
next_head(const SLIST_HEADER *head, SLIST_ENTRY *first, uint16_t depth)
{
    SLIST_HEADER next;

    next.Alignment = ((head->Alignment & ~(ULONGLONG)0xffff) + 0x10000) | depth;
    next.Region = (ULONGLONG)first;
    return next;
}

PSLIST_ENTRY NTAPI
ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    SLIST_HEADER seen = *ListHead;
    SLIST_HEADER next;

    do {
        ListEntry->Next = first_entry(&seen);
        next = next_head(&seen, ListEntry, (uint16_t)(seen.Alignment + 1));
    } while (!exchange(ListHead, &seen, next));
    return first_entry(&seen);
}

PSLIST_ENTRY NTAPI
ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    SLIST_HEADER seen = *ListHead;
    SLIST_HEADER next;

    do {
        if (first_entry(&seen) == NULL)
            return NULL;
        next = next_head(&seen, first_entry(&seen)->Next, (uint16_t)(seen.Alignment - 1));
    } while (!exchange(ListHead, &seen, next));
    return first_entry(&seen);
}

PSLIST_ENTRY NTAPI
ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    SLIST_HEADER seen = *ListHead;
    SLIST_HEADER next;

    do {
        if (first_entry(&seen) == NULL)
            return NULL;
        next = next_head(&seen, NULL, 0);
    } while (!exchange(ListHead, &seen, next));
    return first_entry(&seen);
}

USHORT NTAPI
ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)SListHead->Alignment;
}

VOID NTAPI
InitializeSListHead_(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = SListHead->Region = 0;
}

/* Exported under the names without underscore: there the lock is not used (documented). */
PSLIST_ENTRY NTAPI
ExInterlockedPopEntrySList_(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    (void)Lock;
    return ExpInterlockedPopEntrySList(ListHead);
}

PSLIST_ENTRY NTAPI
ExInterlockedPushEntrySList_(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    (void)Lock;
    return ExpInterlockedPushEntrySList(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI
ExInterlockedFlushSList_(PSLIST_HEADER ListHead)
{
    return ExpInterlockedFlushSList(ListHead);
}

/* ------------------------------------------------------------------ under a spin lock */

static KIRQL
lock(PKSPIN_LOCK word)
{
    KIRQL old = irql_raise(HIGH_LEVEL);

    sched_touch((uint64_t)word);
    ke_spin_acquire(word, LOCK_SPIN);
    return old;
}

static void
unlock(PKSPIN_LOCK word, KIRQL old)
{
    ke_spin_release(word, LOCK_SPIN);
    irql_lower(old);
}

/* documented: the first entry before the insertion, NULL if the list was empty. */
PLIST_ENTRY NTAPI
ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    PLIST_ENTRY first = ListHead->Flink;

    ke_list_insert_tail(first, ListEntry); /* before the first */
    unlock(Lock, old);
    return first == ListHead ? NULL : first;
}

/* documented: the last entry before the insertion, NULL if the list was empty. */
PLIST_ENTRY NTAPI
ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    PLIST_ENTRY last = ListHead->Blink;

    ke_list_insert_tail(ListHead, ListEntry);
    unlock(Lock, old);
    return last == ListHead ? NULL : last;
}

PLIST_ENTRY NTAPI
ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    PLIST_ENTRY first = ListHead->Flink;

    if (first == ListHead)
        first = NULL;
    else
        ke_list_remove(first);
    unlock(Lock, old);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI
ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    PSINGLE_LIST_ENTRY first = PopEntryList(ListHead);

    unlock(Lock, old);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI
ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    PSINGLE_LIST_ENTRY first = ListHead->Next;

    PushEntryList(ListHead, ListEntry);
    unlock(Lock, old);
    return first;
}

/* documented: the value before. */
ULONG NTAPI
ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    ULONG before = *Addend;

    *Addend = before + Increment;
    unlock(Lock, old);
    return before;
}

LARGE_INTEGER NTAPI
ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    KIRQL old = lock(Lock);
    LARGE_INTEGER before = *Addend;

    Addend->QuadPart += Increment.QuadPart;
    unlock(Lock, old);
    return before;
}
