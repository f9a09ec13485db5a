/* SPDX-License-Identifier: MIT */
/*
 * queue.c - items and the IRPs that wait for them: a cancel-safe queue.
 *
 * Model: an IRP is queued only while there is no item, an item only while there is no IRP that can still be had. Both
 * decisions are made inside callbacks of the cancel-safe queue, which run with Queue->Lock held: NpCsqInsert takes an
 * item instead of queueing the IRP, NpCsqPeek queues the item when it has no IRP to offer. Cancelled IRPs are the
 * library's: it skips them, and its cancel routine unlinks and completes them.
 */
#include "np.h"

#define NP_QUEUE_OF(Csq_) CONTAINING_RECORD(Csq_, NP_QUEUE, Csq)

static IO_CSQ_INSERT_IRP_EX NpCsqInsert;
static IO_CSQ_REMOVE_IRP NpCsqRemove;
static IO_CSQ_PEEK_NEXT_IRP NpCsqPeek;
static IO_CSQ_ACQUIRE_LOCK NpCsqAcquireLock;
static IO_CSQ_RELEASE_LOCK NpCsqReleaseLock;
static IO_CSQ_COMPLETE_CANCELED_IRP NpCsqCompleteCanceled;

VOID
NpQueueInitialize(PNP_QUEUE Queue)
{
    KeInitializeSpinLock(&Queue->Lock);
    InitializeListHead(&Queue->Irps);
    InitializeListHead(&Queue->Items);
    Queue->ItemCount = 0;
    Queue->Refuse = STATUS_DEVICE_NOT_READY;
    IoCsqInitializeEx(&Queue->Csq, NpCsqInsert, NpCsqRemove, NpCsqPeek, NpCsqAcquireLock, NpCsqReleaseLock,
                      NpCsqCompleteCanceled);
}

/* An item for Irp, now or later. Takes Irp; returns what its dispatch routine has to. */
NTSTATUS
NpQueueIrp(PNP_QUEUE Queue, PIRP Irp)
{
    PNP_ITEM item = NULL;
    NTSTATUS status = IoCsqInsertIrpEx(&Queue->Csq, Irp, NULL, &item);

    if (NT_SUCCESS(status))
        return STATUS_PENDING; /* the IRP may be gone by now */
    if (item == NULL)
        return NpCompleteIrp(Irp, status, 0);
    NpGiveItem(Irp, item);
    status = Irp->IoStatus.Status;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return status;
}

/* Takes Item. An IRP that had waited for it is appended to Completed. <= DISPATCH_LEVEL. */
VOID
NpQueueItem(PNP_QUEUE Queue, PNP_ITEM Item, PLIST_ENTRY Completed)
{
    PIRP irp = IoCsqRemoveNextIrp(&Queue->Csq, Item);

    if (irp == NULL)
        return; /* NpCsqPeek has queued it */
    NpGiveItem(irp, Item);
    InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
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
    KeReleaseSpinLock(&Queue->Lock, irql);
    NpFreeItems(&items);

    while ((irp = IoCsqRemoveNextIrp(&Queue->Csq, NULL)) != NULL) {
        irp->IoStatus.Status = Status;
        irp->IoStatus.Information = 0;
        InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
    }
}

VOID
NpQueueAccept(PNP_QUEUE Queue)
{
    KIRQL irql;

    KeAcquireSpinLock(&Queue->Lock, &irql);
    Queue->Refuse = STATUS_SUCCESS;
    KeReleaseSpinLock(&Queue->Lock, irql);
}

/* ---- callbacks of the cancel-safe queue; all but the locks and NpCsqCompleteCanceled with Queue->Lock held */

/* Any error means that Irp is not queued; *InsertContext is the item it gets instead, if there is one. */
_Use_decl_annotations_
static NTSTATUS
NpCsqInsert(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    PNP_QUEUE queue = NP_QUEUE_OF(Csq);

    if (queue->Refuse != STATUS_SUCCESS)
        return queue->Refuse;
    if (!IsListEmpty(&queue->Items)) {
        *(PNP_ITEM *)InsertContext = CONTAINING_RECORD(RemoveHeadList(&queue->Items), NP_ITEM, Link);
        queue->ItemCount--;
        return STATUS_UNSUCCESSFUL;
    }
    InsertTailList(&queue->Irps, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
NpCsqRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* PeekContext is an item that looks for an IRP; with none to offer, it stays here, or is dropped. */
_Use_decl_annotations_
static PIRP
NpCsqPeek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PNP_QUEUE queue = NP_QUEUE_OF(Csq);
    PNP_ITEM item = PeekContext;
    PLIST_ENTRY next = Irp == NULL ? queue->Irps.Flink : Irp->Tail.Overlay.ListEntry.Flink;

    if (next != &queue->Irps)
        return CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
    if (item == NULL)
        return NULL;
    if (queue->Refuse == STATUS_SUCCESS && queue->ItemCount < NP_QUEUE_MAX) {
        InsertTailList(&queue->Items, &item->Link);
        queue->ItemCount++;
    } else {
        NdisFreeMemory(item, 0, 0);
    }
    return NULL;
}

_Use_decl_annotations_
static VOID
NpCsqAcquireLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&NP_QUEUE_OF(Csq)->Lock, Irql);
}

_Use_decl_annotations_
static VOID
NpCsqReleaseLock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&NP_QUEUE_OF(Csq)->Lock, Irql);
}

_Use_decl_annotations_
static VOID
NpCsqCompleteCanceled(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
}
