/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - the end of a write: cancelled, or sent.
 *
 * Two parts of the repair of cancel-write-race: the completion clears cancel routine and DriverContext under the cancel
 * spin lock, and the cancel routine counts itself before it drops that lock. It does not ask whether DriverContext is
 * empty. Nor need it: whoever called it has held the lock since it took the routine out of the IRP, and whoever clears
 * the context holds it, too, and takes the routine out first.
 */
#include "../../drivers/ndisprot/ndisprot.h"

/*
 * Entered with the cancel spin lock held. A frame that has not been handed to NDIS yet is not found below, and its
 * write ends as if it had not been cancelled.
 */
_Use_decl_annotations_
VOID
NpCancelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_BINDING binding = NP_IRP_BINDING(Irp);
    PVOID id = NP_IRP_CANCEL_ID(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);

    NdisDprAcquireSpinLock(&binding->Lock);
    binding->Sends++; /* not the first: this write's own is out */
    NdisDprReleaseSpinLock(&binding->Lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql); /* Irp may be gone by now */

    NpCancelFrames(binding->BindingHandle, id);
    NpEndUse(binding, &binding->Sends);
}

/* The frame has come back and is freed. */
VOID
NpCompleteWrite(PIRP Irp, PNP_OPEN Open, NDIS_STATUS Status, ULONG Length)
{
    KIRQL irql;

    if (Status == NDIS_STATUS_SUCCESS)
        InterlockedIncrement64(&Open->Sent);

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(Irp, NULL);
    NP_IRP_BINDING(Irp) = NULL;
    NP_IRP_CANCEL_ID(Irp) = NULL;
    IoReleaseCancelSpinLock(irql);

    NpCompleteIrp(Irp, Status, Status == STATUS_SUCCESS ? Length : 0);
}
