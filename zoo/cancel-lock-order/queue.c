/* SPDX-License-Identifier: MIT */
/*
 * queue.c - items and the IRPs that wait for them: a queue with a lock and a cancel routine of its own.
 *
 * Model: an IRP waits only while there is no item. Queue->Lock guards both lists, and an IRP's place in one. Who
 * completes an IRP that waits is decided by who takes its cancel routine out: IoSetCancelRoutine(NULL) that gives the
 * routine back makes the IRP ours, NULL leaves it to NpCancelIrp, which runs or is about to.
 *
 * The bug: NpCancelIrp takes the queue's lock while it holds the cancel spin lock, NpTakeIrp takes the cancel spin lock
 * while it holds the queue's. Each is the way of some book; together they wait for each other.
 */
#include "../../drivers/ndisprot/ndisprot.h"

#define NP_IRP_QUEUE(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

static DRIVER_CANCEL NpCancelIrp;
static BOOLEAN NpWait(PNP_QUEUE Queue, PIRP Irp);
static PIRP NpTakeIrp(PNP_QUEUE Queue);

VOID
NpQueueInitialize(PNP_QUEUE Queue)
{
    KeInitializeSpinLock(&Queue->Lock);
    InitializeListHead(&Queue->Irps);
    InitializeListHead(&Queue->Items);
    Queue->ItemCount = 0;
    Queue->Refuse = STATUS_DEVICE_NOT_READY;
}

/* An item for Irp, now or later. Takes Irp; returns what its dispatch routine has to. */
NTSTATUS
NpQueueIrp(PNP_QUEUE Queue, PIRP Irp)
{
    PNP_ITEM item = NULL;
    BOOLEAN cancelled = FALSE;
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&Queue->Lock, &irql);
    status = Queue->Refuse;
    if (status == STATUS_SUCCESS && !IsListEmpty(&Queue->Items)) {
        item = CONTAINING_RECORD(RemoveHeadList(&Queue->Items), NP_ITEM, Link);
        Queue->ItemCount--;
    } else if (status == STATUS_SUCCESS) {
        status = STATUS_PENDING;
        cancelled = !NpWait(Queue, Irp);
    }
    KeReleaseSpinLock(&Queue->Lock, irql);

    if (cancelled)
        NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
    if (status == STATUS_PENDING)
        return STATUS_PENDING; /* the IRP may be gone by now */
    if (item == NULL)
        return NpCompleteIrp(Irp, status, 0);
    NpGiveItem(Irp, item);
    status = Irp->IoStatus.Status;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return status;
}

/* Lock held. FALSE: Irp was cancelled before it could wait, and nobody else will complete it. */
static BOOLEAN
NpWait(PNP_QUEUE Queue, PIRP Irp)
{
    NP_IRP_QUEUE(Irp) = Queue;
    IoMarkIrpPending(Irp);
    InsertTailList(&Queue->Irps, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, NpCancelIrp);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        return FALSE;
    }
    return TRUE;
}

/* Lock held. The first IRP that no canceller has; one that has been taken is linked to itself only. */
static PIRP
NpTakeIrp(PNP_QUEUE Queue)
{
    while (!IsListEmpty(&Queue->Irps)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(&Queue->Irps), IRP, Tail.Overlay.ListEntry);

        BOOLEAN ours;
        KIRQL irql;

        InitializeListHead(&irp->Tail.Overlay.ListEntry);
        IoAcquireCancelSpinLock(&irql);
        ours = IoSetCancelRoutine(irp, NULL) != NULL;
        IoReleaseCancelSpinLock(irql);
        if (ours)
            return irp;
    }
    return NULL;
}

/* Takes Item. An IRP that had waited for it is appended to Completed. <= DISPATCH_LEVEL. */
VOID
NpQueueItem(PNP_QUEUE Queue, PNP_ITEM Item, PLIST_ENTRY Completed)
{
    KIRQL irql;
    PIRP irp;

    KeAcquireSpinLock(&Queue->Lock, &irql);
    irp = NpTakeIrp(Queue);
    if (irp == NULL && Queue->Refuse == STATUS_SUCCESS && Queue->ItemCount < NP_QUEUE_MAX) {
        InsertTailList(&Queue->Items, &Item->Link);
        Queue->ItemCount++;
        Item = NULL;
    }
    KeReleaseSpinLock(&Queue->Lock, irql);

    if (irp != NULL) {
        NpGiveItem(irp, Item);
        InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
    } else if (Item != NULL) {
        NdisFreeMemory(Item, 0, 0);
    }
}

/* No IRP waits here any more: those that do are appended to Completed; items are forgotten. <= DISPATCH_LEVEL. */
VOID
NpQueueRefuse(PNP_QUEUE Queue, NTSTATUS Status, PLIST_ENTRY Completed)
{
    LIST_ENTRY items;
    KIRQL irql;
    PIRP irp;

    InitializeListHead(&items);
    KeAcquireSpinLock(&Queue->Lock, &irql);
    Queue->Refuse = Status;
    while (!IsListEmpty(&Queue->Items))
        InsertTailList(&items, RemoveHeadList(&Queue->Items));
    Queue->ItemCount = 0;
    while ((irp = NpTakeIrp(Queue)) != NULL) {
        irp->IoStatus.Status = Status;
        irp->IoStatus.Information = 0;
        InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&Queue->Lock, irql);
    NpFreeItems(&items);
}

VOID
NpQueueAccept(PNP_QUEUE Queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&Queue->Lock, &irql);
    Queue->Refuse = STATUS_SUCCESS;
    KeReleaseSpinLock(&Queue->Lock, irql);
}

/* The handle, and the queue in it, stays until Irp is completed. */
_Use_decl_annotations_
static VOID
NpCancelIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_QUEUE queue = NP_IRP_QUEUE(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);

    KeAcquireSpinLockAtDpcLevel(&queue->Lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLockFromDpcLevel(&queue->Lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
}
