/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - the end of a write: cancelled, or sent.
 *
 * The bug: the cancel routine takes the binding from the IRP while it holds the cancel spin lock, drops the lock, and
 * uses the binding without having counted itself. The write's own count is gone as soon as the lock is free.
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
    IoReleaseCancelSpinLock(Irp->CancelIrql); /* Irp may be gone by now */

    NpCancelFrames(binding->BindingHandle, id);
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
