/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_list.c - lists and sums under an NDIS spin lock.
 *
 * Model: acquire the lock, change the list as the kernel's list macros do, release.
 */
#include "ndis/misc.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

static KIRQL
lock(NDIS_SPIN_LOCK *l)
{
    KIRQL old = irql_raise(irql_get() > IRQL_DISPATCH ? irql_get() : IRQL_DISPATCH);

    ke_spin_acquire(&l->SpinLock, LOCK_NDIS_SPIN);
    return old;
}

static void
unlock(NDIS_SPIN_LOCK *l, KIRQL old)
{
    ke_spin_release(&l->SpinLock, LOCK_NDIS_SPIN);
    irql_lower(old);
}

/*
 * NdisInterlockedInsertHeadList, NdisInterlockedInsertTailList - Source: documented. IRQL: any; the lock must be used
 * by these functions only. Returns the first (last) entry before, NULL if the list was empty.
 */
PLIST_ENTRY NTAPI
NdisInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = lock(SpinLock);
    PLIST_ENTRY first = ListHead->Flink;

    ke_list_insert_tail(first, ListEntry); /* in front of the first is behind the head */
    unlock(SpinLock, old);
    return first == ListHead ? NULL : first;
}

PLIST_ENTRY NTAPI
NdisInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = lock(SpinLock);
    PLIST_ENTRY last = ListHead->Blink;

    ke_list_insert_tail(ListHead, ListEntry);
    unlock(SpinLock, old);
    return last == ListHead ? NULL : last;
}

/* NdisInterlockedRemoveHeadList - Source: documented. IRQL: any. NULL: the list is empty. */
PLIST_ENTRY NTAPI
NdisInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = lock(SpinLock);
    PLIST_ENTRY first = ListHead->Flink;

    if (first != ListHead)
        ke_list_remove(first);
    unlock(SpinLock, old);
    return first == ListHead ? NULL : first;
}

/* NdisInterlockedAddUlong - Source: documented. Returns the value before. */
ULONG NTAPI
NdisInterlockedAddUlong(PULONG Addend, ULONG Increment, PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = lock(SpinLock);
    ULONG before = *Addend;

    *Addend = before + Increment;
    unlock(SpinLock, old);
    return before;
}
