/* SPDX-License-Identifier: MIT */
/*
 * item.c - a received frame or a status on its way to a program: memory of ours until it is copied into an IRP.
 *
 * Model: IRPs are filled while locks are held and completed after, from a list of the caller's.
 */
#include "np.h"

PNP_ITEM
NpAllocateItem(ULONG Length)
{
    PNP_ITEM item = NpAllocate(FIELD_OFFSET(NP_ITEM, Data) + Length);

    if (item != NULL)
        item->Length = Length;
    return item;
}

VOID
NpFreeItems(PLIST_ENTRY Items)
{
    while (!IsListEmpty(Items))
        NdisFreeMemory(CONTAINING_RECORD(RemoveHeadList(Items), NP_ITEM, Link), 0, 0);
}

/* Copies what fits and frees Item. A read has an MDL, mapped by NpRead; a control code a system buffer. */
VOID
NpGiveItem(PIRP Irp, PNP_ITEM Item)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG room;
    PVOID buffer;

    if (stack->MajorFunction == IRP_MJ_READ) {
        buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
        room = stack->Parameters.Read.Length;
    } else {
        buffer = Irp->AssociatedIrp.SystemBuffer;
        room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    }
    NdisMoveMemory(buffer, Item->Data, min(room, Item->Length));
    Irp->IoStatus.Status = room < Item->Length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    Irp->IoStatus.Information = min(room, Item->Length);
    NdisFreeMemory(Item, 0, 0);
}

/* No lock held. */
VOID
NpCompleteIrps(PLIST_ENTRY Completed)
{
    while (!IsListEmpty(Completed)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(Completed), IRP, Tail.Overlay.ListEntry);

        IoCompleteRequest(irp, IO_NETWORK_INCREMENT);
    }
}

_Use_decl_annotations_
NTSTATUS
NpRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_OPEN open = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL)
        return NpCompleteIrp(Irp, STATUS_INVALID_BUFFER_SIZE, 0);
    if (MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute) == NULL)
        return NpCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    return NpQueueIrp(&open->Reads, Irp);
}
