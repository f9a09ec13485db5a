/* SPDX-License-Identifier: MIT */
/*
 * cancel.c - the end of a write: cancelled, or sent.
 *
 * The bug: the cancel routine completes the IRP, so that a program that ends does not wait for a slow adapter. The
 * frame is still out, its data is the IRP's MDL, and the completion believes the IRP to be its own.
 */
#include "../../drivers/ndisprot/ndisprot.h"

/* Entered with the cancel spin lock held. The program does not have to wait for its frame. */
_Use_decl_annotations_
VOID
NpCancelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_BINDING binding = NP_IRP_BINDING(Irp);
    PVOID id = NP_IRP_CANCEL_ID(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);

    NdisDprAcquireSpinLock(&binding->Lock);
    binding->Sends++;
    NdisDprReleaseSpinLock(&binding->Lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql);

    NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
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
