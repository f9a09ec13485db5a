/* SPDX-License-Identifier: MIT */
/*
 * read.c - captured frames on their way to a program: the ring, reads that wait, and their cancellation.
 *
 * Model: Open->Lock guards the ring and the queue of read IRPs, and a read waits only while the ring is empty; so a
 * frame that arrives is put into the ring and, if somebody waits, copied out again at once. IRPs are completed after
 * both locks are dropped, from a list of the caller's.
 *
 * Who completes a queued IRP is decided by who clears its cancel routine: IoSetCancelRoutine(NULL) that
 * gives the routine back makes the IRP ours; NULL means that NPF_CancelRead runs or will run, and the IRP is its own.
 */
#include "npf.h"

static BOOLEAN NpfQueueRead(PNPF_OPEN Open, PIRP Irp);
static PIRP NpfDequeueRead(PNPF_OPEN Open);
static BOOLEAN NpfRingPut(PNPF_OPEN Open, const NPF_FRAME *Frame, ULONG CapturedLength);
static NTSTATUS NpfRingGet(PNPF_OPEN Open, PUCHAR Buffer, ULONG Length, PULONG_PTR Information);
static VOID NpfRingRead(PNPF_OPEN Open, ULONG Position, PVOID Buffer, ULONG Length);

#define NPF_IRP_BUFFER(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

_Use_decl_annotations_
NTSTATUS
NPF_Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNPF_OPEN open = stack->FileObject->FsContext;
    ULONG length = stack->Parameters.Read.Length;
    ULONG_PTR information = 0;
    BOOLEAN queued = FALSE;
    PVOID buffer;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL || length < sizeof(NPF_FRAME_HEADER))
        return NpfCompleteIrp(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    if (buffer == NULL)
        return NpfCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    NPF_IRP_BUFFER(Irp) = buffer;

    NdisAcquireSpinLock(&open->Lock);
    if (open->Refuse != STATUS_SUCCESS) {
        status = open->Refuse;
    } else if (open->RingUsed != 0) {
        status = NpfRingGet(open, buffer, length, &information);
    } else {
        IoMarkIrpPending(Irp);
        queued = NpfQueueRead(open, Irp);
        status = STATUS_PENDING;
    }
    NdisReleaseSpinLock(&open->Lock);

    if (queued)
        return STATUS_PENDING; /* the IRP may be gone by now */
    if (status == STATUS_PENDING) {
        NpfCompleteIrp(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING; /* as the IRP was marked */
    }
    return NpfCompleteIrp(Irp, status, information);
}

/*
 * Runs with the cancel spin lock held and without ours. The handle cannot be closed before Irp is completed, so open
 * is good until then.
 */
_Use_decl_annotations_
VOID
NPF_CancelRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNPF_OPEN open = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;

    UNREFERENCED_PARAMETER(DeviceObject);

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    NdisAcquireSpinLock(&open->Lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    NdisReleaseSpinLock(&open->Lock);
    NpfCompleteIrp(Irp, STATUS_CANCELLED, 0);
}

/* One captured frame for one handle. Called at DISPATCH_LEVEL with Adapter->Lock held. */
VOID
NpfDeliver(PNPF_OPEN Open, const NPF_FRAME *Frame, PLIST_ENTRY Completed)
{
    ULONG keep = MAXULONG;
    PIRP irp;

    NdisDprAcquireSpinLock(&Open->Lock);
    if (Open->Program != NULL)
        keep = NpfBpfRun(Open->Program, Open->ProgramLength, Frame);
    if (keep != 0) {
        keep = min(min(keep, Open->SnapLength), Frame->Length);
        Open->Received++;
        if (!NpfRingPut(Open, Frame, keep))
            Open->Dropped++;
    }
    while (Open->RingUsed != 0 && (irp = NpfDequeueRead(Open)) != NULL) {
        ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;

        irp->IoStatus.Information = 0;
        irp->IoStatus.Status = NpfRingGet(Open, NPF_IRP_BUFFER(irp), length, &irp->IoStatus.Information);
        InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
    }
    NdisDprReleaseSpinLock(&Open->Lock);
}

/* From now on reads fail with Status; those that wait go to Completed. At DISPATCH_LEVEL, Adapter->Lock held. */
VOID
NpfRefuseReads(PNPF_OPEN Open, NTSTATUS Status, PLIST_ENTRY Completed)
{
    PIRP irp;

    NdisDprAcquireSpinLock(&Open->Lock);
    if (Open->Refuse == STATUS_SUCCESS)
        Open->Refuse = Status;
    while ((irp = NpfDequeueRead(Open)) != NULL) {
        irp->IoStatus.Status = Status;
        irp->IoStatus.Information = 0;
        InsertTailList(Completed, &irp->Tail.Overlay.ListEntry);
    }
    NdisDprReleaseSpinLock(&Open->Lock);
}

/* No lock held. */
VOID
NpfCompleteReads(PLIST_ENTRY Completed)
{
    while (!IsListEmpty(Completed)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(Completed), IRP, Tail.Overlay.ListEntry);

        IoCompleteRequest(irp, IO_NETWORK_INCREMENT);
    }
}

/*
 * Lock held. FALSE if the IRP was cancelled before the routine was set and nobody else will end it. If it was
 * cancelled after, the IRP stays linked: its canceller waits for our lock to unlink it.
 */
static BOOLEAN
NpfQueueRead(PNPF_OPEN Open, PIRP Irp)
{
    InsertTailList(&Open->Reads, &Irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(Irp, NPF_CancelRead);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
        return FALSE;
    }
    return TRUE;
}

/* Lock held. The first waiting read that no canceller has. */
static PIRP
NpfDequeueRead(PNPF_OPEN Open)
{
    while (!IsListEmpty(&Open->Reads)) {
        PIRP irp = CONTAINING_RECORD(RemoveHeadList(&Open->Reads), IRP, Tail.Overlay.ListEntry);

        if (IoSetCancelRoutine(irp, NULL) != NULL)
            return irp;
        InitializeListHead(&irp->Tail.Overlay.ListEntry); /* NPF_CancelRead will unlink it from itself */
    }
    return NULL;
}

/* Lock held. FALSE if there is no room or the data cannot be reached; then the ring is as it was. */
static BOOLEAN
NpfRingPut(PNPF_OPEN Open, const NPF_FRAME *Frame, ULONG CapturedLength)
{
    ULONG size = NPF_FRAME_ALIGN(sizeof(NPF_FRAME_HEADER) + CapturedLength);
    ULONG head = Open->RingHead;
    ULONG untilEnd;
    NPF_FRAME_HEADER header;

    if (CapturedLength > Open->RingSize || size > Open->RingSize - Open->RingUsed)
        return FALSE;

    NdisZeroMemory(&header, sizeof(header));
    header.Timestamp = Frame->Timestamp.QuadPart;
    header.CapturedLength = CapturedLength;
    header.FrameLength = Frame->Length;
    header.HeaderLength = sizeof(header);
    header.Direction = Frame->Direction;

    untilEnd = min(Open->RingSize - head, (ULONG)sizeof(header));
    NdisMoveMemory(Open->Ring + head, &header, untilEnd);
    NdisMoveMemory(Open->Ring, (PUCHAR)&header + untilEnd, sizeof(header) - untilEnd);
    head = (head + sizeof(header)) % Open->RingSize;

    untilEnd = min(Open->RingSize - head, CapturedLength);
    if (!NpfFrameRead(Frame, 0, Open->Ring + head, untilEnd) ||
        !NpfFrameRead(Frame, untilEnd, Open->Ring, CapturedLength - untilEnd))
        return FALSE;

    Open->RingHead = (Open->RingHead + size) % Open->RingSize;
    Open->RingUsed += size;
    return TRUE;
}

/*
 * Lock held, ring not empty. Moves as many whole records as fit; STATUS_BUFFER_TOO_SMALL if not even the first does.
 */
static NTSTATUS
NpfRingGet(PNPF_OPEN Open, PUCHAR Buffer, ULONG Length, PULONG_PTR Information)
{
    ULONG filled = 0;
    ULONG end = 0;

    while (Open->RingUsed != 0) {
        ULONG tail = (Open->RingHead + Open->RingSize - Open->RingUsed) % Open->RingSize;
        NPF_FRAME_HEADER header;
        ULONG size;

        NpfRingRead(Open, tail, &header, sizeof(header));
        size = sizeof(header) + header.CapturedLength;
        if (filled > Length || size > Length - filled)
            break;
        NpfRingRead(Open, tail, Buffer + filled, size);
        end = filled + size;
        filled += NPF_FRAME_ALIGN(size);
        Open->RingUsed -= NPF_FRAME_ALIGN(size);
    }
    *Information = end;
    return end != 0 ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

static VOID
NpfRingRead(PNPF_OPEN Open, ULONG Position, PVOID Buffer, ULONG Length)
{
    ULONG untilEnd = min(Open->RingSize - Position, Length);

    NdisMoveMemory(Buffer, Open->Ring + Position, untilEnd);
    NdisMoveMemory((PUCHAR)Buffer + untilEnd, Open->Ring, Length - untilEnd);
}
