/* SPDX-License-Identifier: MIT */
/*
 * card.c - a card from the first initialize to unload; start, stop and halt of its adapter.
 *
 * Model: initialize takes the lowest unit without an adapter, or makes one more; halt leaves the unit and its device
 * for the next. With two cards in one machine, programs tell them apart by the address in VLANCARD_INFO.
 */
#include "card.h"

LIST_ENTRY CardList = { &CardList, &CardList };

static PCARD
CardFindUnit(PULONG Count)
{
    PLIST_ENTRY entry;

    *Count = 0;
    for (entry = CardList.Flink; entry != &CardList; entry = entry->Flink) {
        PCARD card = CONTAINING_RECORD(entry, CARD, Link);

        if (card->Handle == NULL)
            return card;
        (*Count)++;
    }
    return NULL;
}

static NDIS_STATUS
CardMakeUnit(ULONG Unit, PCARD *Card)
{
    PCARD card;
    NDIS_STATUS status = NdisAllocateMemoryWithTag((PVOID *)&card, sizeof(*card), CARD_TAG);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(card, sizeof(*card));
    card->Unit = Unit;
    KeInitializeSpinLock(&card->Lock);
    KeInitializeEvent(&card->Idle, NotificationEvent, TRUE);
    InitializeListHead(&card->Frames);
    InitializeListHead(&card->Reads);
    InitializeListHead(&card->Writes);
    InitializeListHead(&card->Free);
    InsertTailList(&CardList, &card->Link); /* first: the device may be opened as soon as it is there */
    status = CardCreateDevice(card);
    if (status != NDIS_STATUS_SUCCESS) {
        RemoveEntryList(&card->Link);
        NdisFreeMemory(card, 0, 0);
        return status;
    }
    *Card = card;
    return NDIS_STATUS_SUCCESS;
}

/* A card for a new adapter, configured and paused. The edge calls CardHalt in the end, also when it fails later. */
NDIS_STATUS
CardInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Configuration, PCARD *Card)
{
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    ULONG units;

    *Card = CardFindUnit(&units);
    if (*Card == NULL)
        status = CardMakeUnit(units, Card);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    (*Card)->Handle = Handle;
    CardReadConfiguration(*Card, Configuration);
    return NDIS_STATUS_SUCCESS;
}

/* After this EdgeFreePacket may be called for buffers that EdgeMakePacket refused: Packet and Mdl are NULL then. */
NDIS_STATUS
CardAllocateBuffers(PCARD Card)
{
    ULONG room = Card->Mtu + CARD_OVERHEAD;
    NDIS_STATUS status;
    ULONG i;

    for (i = 0; i < CARD_BUFFERS; i++) {
        PCARD_BUFFER buffer;

        status = NdisAllocateMemoryWithTag((PVOID *)&buffer, sizeof(*buffer) + room, CARD_TAG);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
        NdisZeroMemory(buffer, sizeof(*buffer));
        Card->Buffers[i] = buffer;
        status = EdgeMakePacket(Card, buffer, room);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
        InsertTailList(&Card->Free, &buffer->Link); /* nobody looks before CardStart */
    }
    return NDIS_STATUS_SUCCESS;
}

VOID
CardStart(PCARD Card, BOOLEAN IndicateLink)
{
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->State = CardRunning;
    Card->LinkChanged = IndicateLink;
    KeReleaseSpinLock(&Card->Lock, irql);
    CardKick(Card);
}

/* No sends, no indications from here on; returns when the last one is done with. PASSIVE_LEVEL. */
VOID
CardStop(PCARD Card)
{
    LIST_ENTRY frames;
    BOOLEAN cancelled = FALSE;
    KIRQL irql;

    InitializeListHead(&frames);
    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->State = CardPaused;
    if (Card->AgeSet && EdgeCancelTimer(Card)) {
        Card->AgeSet = FALSE;
        cancelled = TRUE;
    }
    KeReleaseSpinLock(&Card->Lock, irql);

    CardTakeSends(Card, &frames);
    CardFlushIrps(Card, &Card->Writes, NULL, STATUS_DEVICE_NOT_READY);
    CardFailSends(Card, &frames);
    if (cancelled)
        CardRelease(Card, 1);
    KeWaitForSingleObject(&Card->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Card->Lock, &irql); /* whoever set the event has let go of the lock when we have had it */
    KeReleaseSpinLock(&Card->Lock, irql);
}

/* The adapter goes; it is stopped, or never was started. */
VOID
CardHalt(PCARD Card)
{
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->State = CardHalted;
    InitializeListHead(&Card->Free);
    Card->PacketFilter = 0;
    Card->MulticastCount = 0;
    KeReleaseSpinLock(&Card->Lock, irql);
    for (i = 0; i < CARD_BUFFERS; i++) {
        if (Card->Buffers[i] == NULL)
            continue;
        EdgeFreePacket(Card, Card->Buffers[i]);
        NdisFreeMemory(Card->Buffers[i], 0, 0);
        Card->Buffers[i] = NULL;
    }
    Card->Handle = NULL;
}

/* A driver is unloaded only when no file of its devices is open. */
VOID
CardDeleteDevices(VOID)
{
    PLIST_ENTRY entry;

    for (entry = CardList.Flink; entry != &CardList; entry = entry->Flink)
        EdgeDeregisterDevice(CONTAINING_RECORD(entry, CARD, Link)->DeviceHandle);
}

/* Every adapter is halted, and every device gone. */
VOID
CardFreeUnits(VOID)
{
    while (!IsListEmpty(&CardList))
        NdisFreeMemory(CONTAINING_RECORD(RemoveHeadList(&CardList), CARD, Link), 0, 0);
}

/* Takes Count back from Busy. Whoever has no other count does not touch the card after it. */
VOID
CardRelease(PCARD Card, ULONG Count)
{
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->Busy -= Count;
    if (Card->Busy == 0)
        KeSetEvent(&Card->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Card->Lock, irql);
}
