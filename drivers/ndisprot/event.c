/* SPDX-License-Identifier: MIT */
/*
 * event.c - what NDIS tells a binding: pause, restart, power, status.
 *
 * Model: the handler runs at PASSIVE_LEVEL and may block (documented), so a pause waits here until the frames that are
 * out have come back; nothing received is kept, so there is nothing to return.
 */
#include "ndisprot.h"

static VOID NpSetState(PNP_BINDING Binding, NP_STATE State);
static VOID NpSetPower(PNP_BINDING Binding, NDIS_DEVICE_POWER_STATE State);

/* ProtocolBindingContext is NULL for events about the driver as a whole. */
_Use_decl_annotations_
NDIS_STATUS
NpNetPnPEvent(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    PNP_BINDING binding = ProtocolBindingContext;
    PNET_PNP_EVENT event = &NetPnPEventNotification->NetPnPEvent;

    switch (event->NetEvent) {
    case NetEventBindsComplete:
        KeSetEvent(&NpBindsComplete, IO_NO_INCREMENT, FALSE);
        break;
    case NetEventPause:
        NpSetState(binding, NpPaused);
        NpWaitIdle(binding, &binding->Sends);
        break;
    case NetEventRestart:
        NpSetState(binding, NpRunning);
        break;
    case NetEventSetPower:
        if (event->BufferLength < sizeof(NDIS_DEVICE_POWER_STATE))
            return NDIS_STATUS_INVALID_LENGTH;
        NpSetPower(binding, *(PNDIS_DEVICE_POWER_STATE)event->Buffer);
        break;
    default:
        break; /* asked whether we mind: we do not; told: we have no use for it */
    }
    return NDIS_STATUS_SUCCESS;
}

static VOID
NpSetState(PNP_BINDING Binding, NP_STATE State)
{
    NdisAcquireSpinLock(&Binding->Lock);
    Binding->State = State;
    NdisReleaseSpinLock(&Binding->Lock);
}

static VOID
NpSetPower(PNP_BINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    NdisAcquireSpinLock(&Binding->Lock);
    Binding->LowPower = State != NdisDeviceStateD0;
    NdisReleaseSpinLock(&Binding->Lock);
    if (State != NdisDeviceStateD0)
        NpWaitIdle(Binding, &Binding->Sends);
}

/* A copy for each handle. */
_Use_decl_annotations_
VOID
NpStatus(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    PNP_BINDING binding = ProtocolBindingContext;
    ULONG length = StatusIndication->StatusBufferSize;
    LIST_ENTRY completed;
    PLIST_ENTRY entry;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    if (StatusIndication->StatusCode == NDIS_STATUS_LINK_STATE && length >= NDIS_SIZEOF_LINK_STATE_REVISION_1) {
        PNDIS_LINK_STATE link = StatusIndication->StatusBuffer;

        NdisDprAcquireSpinLock(&binding->Lock);
        binding->LinkUp = link->MediaConnectState == MediaConnectStateConnected;
        NdisDprReleaseSpinLock(&binding->Lock);
    }
    for (entry = binding->Opens.Flink; entry != &binding->Opens; entry = entry->Flink) {
        PNP_OPEN open = CONTAINING_RECORD(entry, NP_OPEN, Link);
        PNP_ITEM item = NpAllocateItem(sizeof(NDISPROT_STATUS) + length);
        PNDISPROT_STATUS status;

        if (item == NULL)
            break;
        status = (PNDISPROT_STATUS)item->Data;
        status->StatusCode = StatusIndication->StatusCode;
        status->Length = length;
        NdisMoveMemory(status + 1, StatusIndication->StatusBuffer, length);
        NpQueueItem(&open->Statuses, item, &completed);
    }
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);
}
