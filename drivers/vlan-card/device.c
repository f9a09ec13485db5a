/* SPDX-License-Identifier: MIT */
/* device.c - the device of a card: its names, opening and closing. Only the system and administrators may open it. */
#include "card.h"

/* The device exists, so its card is in the list, and stays there. */
PCARD
CardOfDevice(PDEVICE_OBJECT Device)
{
    PLIST_ENTRY entry = CardList.Flink;

    while (entry != &CardList && CONTAINING_RECORD(entry, CARD, Link)->Device != Device)
        entry = entry->Flink;
    return entry != &CardList ? CONTAINING_RECORD(entry, CARD, Link) : NULL;
}

_Use_decl_annotations_
static NTSTATUS
CardCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    KIRQL irql;

    if (card == NULL) /* it is being made */
        return CardCompleteIrp(Irp, STATUS_DEVICE_NOT_READY, 0);
    KeAcquireSpinLock(&card->Lock, &irql);
    card->Files++;
    KeReleaseSpinLock(&card->Lock, irql);
    return CardCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* The program's last handle of this file is closed, perhaps because it died. A thread of it may still be on its way. */
_Use_decl_annotations_
static NTSTATUS
CardCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PKEVENT event = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&card->Lock, &irql);
    CARD_CLOSED(file) = TRUE;
    if (card->EventFile == file) {
        event = card->Event;
        card->Event = NULL;
        card->EventFile = NULL;
    }
    if (--card->Files == 0) /* nobody is left to read */
        card->OldFrames = card->FrameCount;
    KeReleaseSpinLock(&card->Lock, irql);
    if (event != NULL)
        ObDereferenceObject(event);
    CardFlushIrps(card, &card->Reads, file, STATUS_CANCELLED);
    CardFlushIrps(card, &card->Writes, file, STATUS_CANCELLED);
    return CardCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS
CardClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    return CardCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* Prefix, CardDeviceName and the unit, terminated. */
static NTSTATUS
CardName(PUNICODE_STRING Name, PCWSTR Prefix, ULONG Unit)
{
    WCHAR digits[12];
    UNICODE_STRING number = { 0, sizeof(digits), digits };
    NTSTATUS status = RtlAppendUnicodeToString(Name, Prefix);

    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(Name, CardDeviceName);
    if (status == STATUS_SUCCESS)
        status = RtlIntegerToUnicodeString(Unit, 10, &number);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(Name, &number);
    return status;
}

NDIS_STATUS
CardCreateDevice(PCARD Card)
{
    WCHAR nameBuffer[CARD_NAME_CHARS];
    WCHAR linkBuffer[CARD_NAME_CHARS];
    UNICODE_STRING name = { 0, sizeof(nameBuffer) - sizeof(WCHAR), nameBuffer };
    UNICODE_STRING link = { 0, sizeof(linkBuffer) - sizeof(WCHAR), linkBuffer };
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_STATUS status;

    NdisZeroMemory(nameBuffer, sizeof(nameBuffer));
    NdisZeroMemory(linkBuffer, sizeof(linkBuffer));
    status = CardName(&name, L"\\Device\\", Card->Unit);
    if (status == STATUS_SUCCESS)
        status = CardName(&link, L"\\DosDevices\\", Card->Unit);
    if (status != STATUS_SUCCESS)
        return status;

    NdisZeroMemory(dispatch, sizeof(dispatch));
    dispatch[IRP_MJ_CREATE] = CardCreate;
    dispatch[IRP_MJ_CLEANUP] = CardCleanup;
    dispatch[IRP_MJ_CLOSE] = CardClose;
    dispatch[IRP_MJ_READ] = CardRead;
    dispatch[IRP_MJ_WRITE] = CardWrite;
    dispatch[IRP_MJ_DEVICE_CONTROL] = CardControl;
    status = EdgeRegisterDevice(&name, &link, dispatch, &Card->Device, &Card->DeviceHandle);
    if (status == NDIS_STATUS_SUCCESS)
        Card->Device->Flags |= DO_DIRECT_IO;
    return status;
}
