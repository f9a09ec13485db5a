/* SPDX-License-Identifier: MIT */
/* ioctl.c - what programs ask a card and tell it (vlancardioctl.h). */
#include "card.h"

static NTSTATUS
CardGetInfo(PCARD Card, PVLANCARD_INFO Info, ULONG Length, PULONG_PTR Information)
{
    KIRQL irql;

    if (Length < sizeof(*Info))
        return STATUS_BUFFER_TOO_SMALL;
    NdisZeroMemory(Info, sizeof(*Info));
    KeAcquireSpinLock(&Card->Lock, &irql);
    Info->LinkSpeed = Card->Speed;
    Info->Mtu = Card->Mtu;
    Info->MediaConnectState = Card->MediaState;
    Info->Running = Card->State == CardRunning;
    Info->Waiting = Card->FrameCount;
    NdisMoveMemory(Info->Address, Card->Address, CARD_ADDRESS);
    KeReleaseSpinLock(&Card->Lock, irql);
    *Information = sizeof(*Info);
    return STATUS_SUCCESS;
}

static NTSTATUS
CardGetStatistics(PCARD Card, PVLANCARD_STATISTICS Statistics, ULONG Length, PULONG_PTR Information)
{
    KIRQL irql;

    if (Length < sizeof(*Statistics))
        return STATUS_BUFFER_TOO_SMALL;
    KeAcquireSpinLock(&Card->Lock, &irql);
    *Statistics = Card->Statistics;
    KeReleaseSpinLock(&Card->Lock, irql);
    *Information = sizeof(*Statistics);
    return STATUS_SUCCESS;
}

/* State 0: as it was; Speed likewise. */
static NTSTATUS
CardSetLink(PCARD Card, ULONG State, ULONG64 Speed)
{
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    if (State != 0)
        Card->MediaState = State;
    if (Speed != 0)
        Card->Speed = Speed;
    Card->LinkChanged = TRUE;
    KeReleaseSpinLock(&Card->Lock, irql);
    CardKick(Card);
    return STATUS_SUCCESS;
}

static NTSTATUS
CardSetMedia(PCARD Card, ULONG State)
{
    if (State != MediaConnectStateConnected && State != MediaConnectStateDisconnected)
        return STATUS_INVALID_PARAMETER;
    return CardSetLink(Card, State, 0);
}

static NTSTATUS
CardSetSpeed(PCARD Card, ULONG64 Speed)
{
    return Speed == 0 ? STATUS_INVALID_PARAMETER : CardSetLink(Card, 0, Speed);
}

static NTSTATUS
CardSetMtu(PCARD Card, ULONG Mtu)
{
    KIRQL irql;

    if (Mtu < CARD_MTU_MIN || Mtu > CARD_MTU_MAX)
        return STATUS_INVALID_PARAMETER;
    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->NextMtu = Mtu;
    KeReleaseSpinLock(&Card->Lock, irql);
    return STATUS_SUCCESS;
}

static NTSTATUS
CardSetAddress(PCARD Card, const UCHAR *Address)
{
    KIRQL irql;

    if ((Address[0] & 1) != 0 ||
        (Address[0] | Address[1] | Address[2] | Address[3] | Address[4] | Address[5]) == 0)
        return STATUS_INVALID_PARAMETER;
    KeAcquireSpinLock(&Card->Lock, &irql);
    NdisMoveMemory(Card->NextAddress, Address, CARD_ADDRESS);
    KeReleaseSpinLock(&Card->Lock, irql);
    return STATUS_SUCCESS;
}

/* The reference on the event is given back by whoever takes the event out: here, or CardCleanup. */
static NTSTATUS
CardSetEvent(PCARD Card, PFILE_OBJECT File, HANDLE Handle, KPROCESSOR_MODE Mode)
{
    PKEVENT event = NULL;
    PKEVENT old;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    if (Handle != NULL)
        status = ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, *ExEventObjectType, Mode, (PVOID *)&event, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    KeAcquireSpinLock(&Card->Lock, &irql);
    old = event; /* unless it is put in */
    if (CARD_CLOSED(File)) {
        status = STATUS_CANCELLED;
    } else if (Card->EventFile != NULL && Card->EventFile != File) {
        status = STATUS_SHARING_VIOLATION;
    } else {
        old = Card->Event;
        Card->Event = event;
        Card->EventFile = event != NULL ? File : NULL;
        if (event != NULL && Card->FrameCount != 0)
            KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&Card->Lock, irql);
    if (old != NULL)
        ObDereferenceObject(old);
    return status;
}

/* Bytes that a code takes; 0: none. */
static ULONG
CardInputLength(ULONG Code)
{
    switch (Code) {
    case IOCTL_VLANCARD_SET_MEDIA:
    case IOCTL_VLANCARD_SET_MTU:
        return sizeof(ULONG);
    case IOCTL_VLANCARD_SET_SPEED:
        return sizeof(ULONG64);
    case IOCTL_VLANCARD_SET_ADDRESS:
        return CARD_ADDRESS;
    case IOCTL_VLANCARD_SET_EVENT:
        return sizeof(HANDLE);
    default:
        return 0;
    }
}

_Use_decl_annotations_
NTSTATUS
CardControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCARD card = CardOfDevice(DeviceObject);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG outLength = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG needed = CardInputLength(code);
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR information = 0;
    NTSTATUS status;

    if (needed != 0 && stack->Parameters.DeviceIoControl.InputBufferLength != needed)
        return CardCompleteIrp(Irp, STATUS_INVALID_PARAMETER, 0);
    switch (code) {
    case IOCTL_VLANCARD_GET_INFO:
        status = CardGetInfo(card, buffer, outLength, &information);
        break;
    case IOCTL_VLANCARD_STATISTICS:
        status = CardGetStatistics(card, buffer, outLength, &information);
        break;
    case IOCTL_VLANCARD_SET_MEDIA:
        status = CardSetMedia(card, *(PULONG)buffer);
        break;
    case IOCTL_VLANCARD_SET_SPEED:
        status = CardSetSpeed(card, *(PULONG64)buffer);
        break;
    case IOCTL_VLANCARD_SET_MTU:
        status = CardSetMtu(card, *(PULONG)buffer);
        break;
    case IOCTL_VLANCARD_SET_ADDRESS:
        status = CardSetAddress(card, buffer);
        break;
    case IOCTL_VLANCARD_SET_EVENT:
        status = CardSetEvent(card, stack->FileObject, *(PHANDLE)buffer, Irp->RequestorMode);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return CardCompleteIrp(Irp, status, information);
}
