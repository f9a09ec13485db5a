/* SPDX-License-Identifier: MIT */
/*
 * frame.c - frames both ways.
 *
 * Model: CardWork joins what waits for each other. One thread does that at a time for each way (Giving, Taking), so
 * frames stay in order, and a stack that answers from inside an indication does not nest without end: the call that is
 * under way goes round once more. Indications and completions are made without the lock.
 */
#include "card.h"

/* Lock held. */
static VOID
CardBusy(PCARD Card, ULONG Count)
{
    if (Card->Busy == 0)
        KeClearEvent(&Card->Idle);
    Card->Busy += Count;
}

/* Give a frame to a read; takes both. */
static VOID
CardGive(PCARD Card, PLIST_ENTRY Frame, PIRP Irp)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    PUCHAR to = room != 0 ? MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority) : NULL;
    ULONG length = room == 0 || to != NULL ? EdgeCopyFrame(Frame, to, room) : 0;
    KIRQL irql;

    if (length == 0) {
        EdgeComplete(Card, Frame, NDIS_STATUS_RESOURCES);
        CardCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    } else {
        KeAcquireSpinLock(&Card->Lock, &irql);
        Card->Statistics.ToProgram++;
        Card->Statistics.ToProgramBytes += length;
        KeReleaseSpinLock(&Card->Lock, irql);
        EdgeComplete(Card, Frame, NDIS_STATUS_SUCCESS);
        CardCompleteIrp(Irp, length > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, length > room ? room : length);
    }
    CardRelease(Card, 1);
}

static VOID
CardPumpReads(PCARD Card)
{
    KIRQL irql;
    PIRP irp;

    KeAcquireSpinLock(&Card->Lock, &irql);
    if (Card->Giving) {
        KeReleaseSpinLock(&Card->Lock, irql);
        return;
    }
    Card->Giving = TRUE;
    while (!IsListEmpty(&Card->Frames) && (irp = CardNextIrp(&Card->Reads)) != NULL) {
        PLIST_ENTRY frame = RemoveHeadList(&Card->Frames);

        Card->FrameCount--;
        if (Card->OldFrames > 0)
            Card->OldFrames--;
        KeReleaseSpinLock(&Card->Lock, irql);
        CardGive(Card, frame, irp);
        KeAcquireSpinLock(&Card->Lock, &irql);
    }
    Card->Giving = FALSE;
    if (Card->FrameCount != 0 && !Card->AgeSet) {
        Card->AgeSet = TRUE;
        Card->OldFrames = 0;
        CardBusy(Card, 1);
        EdgeSetTimer(Card);
    }
    KeReleaseSpinLock(&Card->Lock, irql);
}

/* Indicate what a write brings; takes Irp. */
static VOID
CardTake(PCARD Card, PCARD_BUFFER Buffer, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PUCHAR from = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    BOOLEAN wanted = FALSE;
    KIRQL irql;

    if (from != NULL)
        NdisMoveMemory(Buffer->Data, from, length);
    Buffer->Length = length;
    KeAcquireSpinLock(&Card->Lock, &irql);
    if (from != NULL) {
        wanted = CardWanted(Card, Buffer->Data);
        if (wanted) {
            Card->Statistics.FromProgram++;
            Card->Statistics.FromProgramBytes += length;
        } else {
            Card->Statistics.Unwanted++;
        }
    }
    KeReleaseSpinLock(&Card->Lock, irql);
    CardCompleteIrp(Irp, from != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES, from != NULL ? length : 0);
    if (wanted)
        EdgeIndicate(Card, Buffer);
    else
        CardReturn(Card, Buffer);
}

static VOID
CardPumpWrites(PCARD Card)
{
    KIRQL irql;
    PIRP irp;

    KeAcquireSpinLock(&Card->Lock, &irql);
    if (Card->Taking) {
        KeReleaseSpinLock(&Card->Lock, irql);
        return;
    }
    Card->Taking = TRUE;
    while (Card->State == CardRunning && !IsListEmpty(&Card->Free) && (irp = CardNextIrp(&Card->Writes)) != NULL) {
        PCARD_BUFFER buffer = CONTAINING_RECORD(RemoveHeadList(&Card->Free), CARD_BUFFER, Link);

        CardBusy(Card, 1); /* until CardReturn */
        KeReleaseSpinLock(&Card->Lock, irql);
        CardTake(Card, buffer, irp);
        KeAcquireSpinLock(&Card->Lock, &irql);
    }
    Card->Taking = FALSE;
    KeReleaseSpinLock(&Card->Lock, irql);
}

/* Counted in Busy by CardKick. */
VOID
CardWork(PCARD Card)
{
    ULONG state;
    ULONG64 speed;
    BOOLEAN link;
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    link = Card->LinkChanged;
    Card->LinkChanged = FALSE;
    state = Card->MediaState;
    speed = Card->Speed;
    KeReleaseSpinLock(&Card->Lock, irql);
    if (link)
        EdgeIndicateLink(Card, state, speed);
    CardPumpReads(Card);
    CardPumpWrites(Card);
    CardRelease(Card, 1);
}

VOID
CardKick(PCARD Card)
{
    BOOLEAN running;
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    running = Card->State == CardRunning;
    if (running)
        CardBusy(Card, 1);
    KeReleaseSpinLock(&Card->Lock, irql);
    if (running)
        EdgeRun(Card);
}

/* A frame of Length bytes that the stack sends. PENDING: EdgeComplete will be called; else it will not. */
NDIS_STATUS
CardSend(PCARD Card, PLIST_ENTRY Frame, ULONG Length)
{
    NDIS_STATUS status = NDIS_STATUS_PENDING;
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    if (Card->State != CardRunning) {
        status = NDIS_STATUS_FAILURE;
    } else if (Length < CARD_HEADER || Length > Card->Mtu + CARD_OVERHEAD) {
        Card->Statistics.WrongLength++;
        status = NDIS_STATUS_INVALID_LENGTH;
    } else if (Card->MediaState != MediaConnectStateConnected) {
        status = NDIS_STATUS_NO_CABLE;
    } else if (Card->Files == 0 || Card->FrameCount == CARD_FRAMES_MAX) {
        Card->Statistics.Overrun++;
        status = NDIS_STATUS_FAILURE;
    } else {
        InsertTailList(&Card->Frames, Frame);
        Card->FrameCount++;
        CardBusy(Card, 1);
        if (Card->Event != NULL)
            KeSetEvent(Card->Event, IO_NETWORK_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&Card->Lock, irql);
    return status;
}

/* Every send that waits for a reader; they stay counted in Busy. */
VOID
CardTakeSends(PCARD Card, PLIST_ENTRY Frames)
{
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    while (!IsListEmpty(&Card->Frames))
        InsertTailList(Frames, RemoveHeadList(&Card->Frames));
    Card->FrameCount = Card->OldFrames = 0;
    KeReleaseSpinLock(&Card->Lock, irql);
}

/* Frames off their list go back unsent; they are counted in Busy. */
VOID
CardFailSends(PCARD Card, PLIST_ENTRY Frames)
{
    while (!IsListEmpty(Frames)) {
        EdgeComplete(Card, RemoveHeadList(Frames), NDIS_STATUS_FAILURE);
        CardRelease(Card, 1);
    }
}

VOID
CardCancelSends(PCARD Card, PVOID CancelId)
{
    LIST_ENTRY cancelled;
    PLIST_ENTRY entry;
    PLIST_ENTRY next;
    KIRQL irql;

    InitializeListHead(&cancelled);
    KeAcquireSpinLock(&Card->Lock, &irql);
    for (entry = Card->Frames.Flink; entry != &Card->Frames; entry = next) {
        next = entry->Flink;
        if (EdgeCancelId(entry) != CancelId)
            continue;
        RemoveEntryList(entry);
        InsertTailList(&cancelled, entry);
        Card->FrameCount--;
    }
    if (Card->OldFrames > Card->FrameCount)
        Card->OldFrames = Card->FrameCount;
    KeReleaseSpinLock(&Card->Lock, irql);
    while (!IsListEmpty(&cancelled)) {
        EdgeComplete(Card, RemoveHeadList(&cancelled), NDIS_STATUS_REQUEST_ABORTED);
        CardRelease(Card, 1);
    }
}

/* The timer's function: what nobody has read since it ran last is given up. */
VOID
CardAge(PCARD Card)
{
    LIST_ENTRY old;
    BOOLEAN again;
    KIRQL irql;

    InitializeListHead(&old);
    KeAcquireSpinLock(&Card->Lock, &irql);
    for (; Card->OldFrames > 0; Card->OldFrames--) {
        InsertTailList(&old, RemoveHeadList(&Card->Frames));
        Card->FrameCount--;
        Card->Statistics.Stale++;
    }
    Card->OldFrames = Card->FrameCount;
    again = Card->FrameCount != 0;
    Card->AgeSet = again;
    if (again)
        EdgeSetTimer(Card);
    KeReleaseSpinLock(&Card->Lock, irql);
    CardFailSends(Card, &old);
    if (!again)
        CardRelease(Card, 1);
}

/* The stack is done with a buffer, or it never was indicated. */
VOID
CardReturn(PCARD Card, PCARD_BUFFER Buffer)
{
    BOOLEAN more;
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    InsertTailList(&Card->Free, &Buffer->Link);
    more = !IsListEmpty(&Card->Writes) && !Card->Taking;
    KeReleaseSpinLock(&Card->Lock, irql);
    if (more)
        CardKick(Card);
    CardRelease(Card, 1); /* last: a halt may wait for it */
}
