/* SPDX-License-Identifier: MIT */
/*
 * write.c - a program's write becomes a frame on the wire, and may be cancelled until it is there.
 *
 * The bug: the cancel routine completes the IRP, so that a program that ends does not wait for a slow adapter. The
 * frame is still out, its data is the IRP's MDL, and the completion believes the IRP to be its own.
 */
#include "../../drivers/ndisprot/ndisprot.h"

#define NP_IRP_BINDING(Irp)      ((Irp)->Tail.Overlay.DriverContext[0])
#define NP_IRP_CANCEL_ID(Irp)    ((Irp)->Tail.Overlay.DriverContext[1])

static DRIVER_CANCEL NpCancelWrite;

_Use_decl_annotations_
NTSTATUS
NpWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNP_OPEN open = stack->FileObject->FsContext;
    ULONG length = stack->Parameters.Write.Length;
    PNP_BINDING binding;
    NTSTATUS status;
    PVOID frame, id;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL || length < NP_ETHERNET_HEADER)
        return NpCompleteIrp(Irp, STATUS_INVALID_BUFFER_SIZE, 0);
    status = NpBeginSend(open, length, &binding);
    if (status != STATUS_SUCCESS)
        return NpCompleteIrp(Irp, status, 0);
    id = NpNextCancelId();
    frame = NpMakeFrame(binding, open, Irp, id);
    if (frame == NULL) {
        NpEndUse(binding, &binding->Sends);
        return NpCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    NP_IRP_BINDING(Irp) = binding;
    NP_IRP_CANCEL_ID(Irp) = id;

    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, NpCancelWrite);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) { /* cancelled before: the routine will not run */
        NpFreeFrame(frame);
        NpEndUse(binding, &binding->Sends);
        NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    NpSendFrame(binding, frame);
    return STATUS_PENDING; /* the IRP may be gone by now */
}

/* Entered with the cancel spin lock held. The program does not have to wait for its frame. */
_Use_decl_annotations_
static VOID
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
