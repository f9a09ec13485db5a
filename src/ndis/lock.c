/* SPDX-License-Identifier: MIT */
/*
 * ndis/lock.c - NDIS_SPIN_LOCK: a spin lock that keeps the IRQL to go back to.
 *
 * Model: ndis adds nothing to the kernel's spin lock but the OldIrql beside it;
 * who holds it and what is misuse is nt/ke's business.
 */
#include "ndis/ndis.h"
#include "nt/ke/ke.h"

/*
 * NdisAllocateSpinLock - prepare a lock; nothing is allocated. NdisFreeSpinLock ends its use.
 *
 * Source:    documented.
 * IRQL:      any (NdisAllocateSpinLock), <= DISPATCH_LEVEL (NdisFreeSpinLock)
 * Ownership: borrows SpinLock.
 */
void NTAPI
NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    SpinLock->SpinLock = 0;
    SpinLock->OldIrql = 0;
}

void NTAPI
NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (ke_spin_owner(&SpinLock->SpinLock))
        ke_lock_misuse(&SpinLock->SpinLock, LOCK_NDIS_SPIN, LOCK_MISUSE_FREED);
}

/*
 * NdisAcquireSpinLock - raise to DISPATCH_LEVEL and acquire; the old IRQL is kept in the lock.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = irql_raise(IRQL_DISPATCH);

    ke_spin_acquire(&SpinLock->SpinLock, LOCK_NDIS_SPIN);
    SpinLock->OldIrql = old;
}

/*
 * NdisReleaseSpinLock - release and go back to the IRQL that NdisAcquireSpinLock found.
 *
 * Source:    documented: called at DISPATCH_LEVEL.
 * IRQL:      DISPATCH_LEVEL
 */
void NTAPI
NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KIRQL old = SpinLock->OldIrql;

    ke_spin_release(&SpinLock->SpinLock, LOCK_NDIS_SPIN);
    irql_lower(old);
}

/* NdisDprAcquireSpinLock, NdisDprReleaseSpinLock - the same for callers at DISPATCH_LEVEL. documented. */
void NTAPI
NdisDprAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (irql_get() < IRQL_DISPATCH)
        ke_lock_misuse(&SpinLock->SpinLock, LOCK_NDIS_SPIN, LOCK_MISUSE_IRQL);
    ke_spin_acquire(&SpinLock->SpinLock, LOCK_NDIS_SPIN);
    SpinLock->OldIrql = IRQL_DISPATCH;
}

void NTAPI
NdisDprReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (SpinLock->OldIrql < IRQL_DISPATCH && irql_get() >= IRQL_DISPATCH) /* NdisAcquireSpinLock raised it */
        ke_lock_misuse(&SpinLock->SpinLock, LOCK_NDIS_SPIN, LOCK_MISUSE_WRONG_FORM);
    ke_spin_release(&SpinLock->SpinLock, LOCK_NDIS_SPIN);
}
