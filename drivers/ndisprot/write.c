/* SPDX-License-Identifier: MIT */
/*
 * write.c - a program's write becomes a frame on the wire.
 *
 * Model: the IRP's own MDL is the frame's data, so only the send's completion may complete the IRP. From
 * IoMarkIrpPending on it may be cancelled; what cancelling and completing owe each other is cancel.c.
 */
#include "np.h"

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
