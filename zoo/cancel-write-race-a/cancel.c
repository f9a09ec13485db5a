/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - the end of a write: cancelled, or sent.
 *
 * The bug: the completion clears the cancel routine without the cancel spin lock, and leaves DriverContext as it is. A
 * cancel routine that has been called already finds the IRP completed, and in place of its context the I/O manager's.
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

    if (binding == NULL) {
        IoReleaseCancelSpinLock(Irp->CancelIrql);
        return;
    }
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
    if (Status == NDIS_STATUS_SUCCESS)
        InterlockedIncrement64(&Open->Sent);

    IoSetCancelRoutine(Irp, NULL); /* the write can no longer be cancelled */

    NpCompleteIrp(Irp, Status, Status == STATUS_SUCCESS ? Length : 0);
}
