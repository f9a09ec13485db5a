/* SPDX-License-Identifier: MIT */
/*
 * irp.c - reads and writes of programs, and IRPs that wait.
 *
 * Model: an IRP is in a queue with a cancel routine set. Who takes the cancel routine away owns the IRP: CardNextIrp,
 * or the system, which then calls CardCancelIrp. An IRP that CardNextIrp found without one is left to that call, with a
 * list entry that may be removed once more.
 */
#include "card.h"

static DRIVER_CANCEL CardCancelIrp;

NTSTATUS
CardCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return Status;
}

_Use_decl_annotations_
static VOID
CardCancelIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    KIRQL irql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&card->Lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&card->Lock, irql);
    CardCompleteIrp(Irp, STATUS_CANCELLED, 0);
}

/* Lock held. FALSE: it was cancelled before; the caller completes it. */
static BOOLEAN
CardQueueIrp(PLIST_ENTRY Queue, PIRP Irp)
{
    IoSetCancelRoutine(Irp, CardCancelIrp);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL)
        return FALSE;
    IoMarkIrpPending(Irp);
    InsertTailList(Queue, &Irp->Tail.Overlay.ListEntry); /* if cancelled now, CardCancelIrp waits for the lock */
    return TRUE;
}

/* Lock held. The IRP that has waited longest is the caller's; NULL: none. */
PIRP
CardNextIrp(PLIST_ENTRY Queue)
{
    while (!IsListEmpty(Queue)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(Queue), IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL)
            return irp;
        InitializeListHead(&irp->Tail.Overlay.ListEntry);
    }
    return NULL;
}

/* Completes the IRPs of File, or all. */
VOID
CardFlushIrps(PCARD Card, PLIST_ENTRY Queue, PFILE_OBJECT File, NTSTATUS Status)
{
    LIST_ENTRY taken;
    PLIST_ENTRY entry;
    PLIST_ENTRY next;
    KIRQL irql;

    InitializeListHead(&taken);
    KeAcquireSpinLock(&Card->Lock, &irql);
    for (entry = Queue->Flink; entry != Queue; entry = next) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        next = entry->Flink;
        if (File != NULL && IoGetCurrentIrpStackLocation(irp)->FileObject != File)
            continue;
        if (IoSetCancelRoutine(irp, NULL) == NULL)
            continue; /* CardCancelIrp has it */
        RemoveEntryList(entry);
        InsertTailList(&taken, entry);
    }
    KeReleaseSpinLock(&Card->Lock, irql);
    while (!IsListEmpty(&taken))
        CardCompleteIrp(CONTAINING_RECORD(RemoveHeadList(&taken), IRP, Tail.Overlay.ListEntry), Status, 0);
}

_Use_decl_annotations_
NTSTATUS
CardRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    NTSTATUS status = STATUS_PENDING;
    KIRQL irql;

    KeAcquireSpinLock(&card->Lock, &irql);
    if (CARD_CLOSED(file))
        status = STATUS_CANCELLED;
    else if (card->EventFile == file && IsListEmpty(&card->Frames))
        status = STATUS_NO_MORE_ENTRIES;
    else if (!CardQueueIrp(&card->Reads, Irp))
        status = STATUS_CANCELLED;
    KeReleaseSpinLock(&card->Lock, irql);
    if (status != STATUS_PENDING)
        return CardCompleteIrp(Irp, status, 0);
    CardKick(card);
    return STATUS_PENDING;
}

_Use_decl_annotations_
NTSTATUS
CardWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    NTSTATUS status = STATUS_PENDING;
    KIRQL irql;

    KeAcquireSpinLock(&card->Lock, &irql);
    if (CARD_CLOSED(IoGetCurrentIrpStackLocation(Irp)->FileObject)) {
        status = STATUS_CANCELLED;
    } else if (card->State != CardRunning) {
        status = STATUS_DEVICE_NOT_READY;
    } else if (length < CARD_HEADER || length > card->Mtu + CARD_OVERHEAD) {
        card->Statistics.WrongLength++;
        status = length < CARD_HEADER ? STATUS_INVALID_PARAMETER : STATUS_INVALID_BUFFER_SIZE;
    } else if (card->MediaState != MediaConnectStateConnected) {
        status = STATUS_DEVICE_NOT_CONNECTED;
    } else if (!CardQueueIrp(&card->Writes, Irp)) {
        status = STATUS_CANCELLED;
    } else if (IsListEmpty(&card->Free)) {
        card->Statistics.NoBuffer++;
    }
    KeReleaseSpinLock(&card->Lock, irql);
    if (status != STATUS_PENDING)
        return CardCompleteIrp(Irp, status, 0);
    CardKick(card);
    return STATUS_PENDING;
}
