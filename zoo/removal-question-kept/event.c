/* SPDX-License-Identifier: MIT */
/*
 * event.c - of drivers/ndisprot, but the question whether the adapter may go is kept for the unbind.
 *
 * Model: the answer is meant to come with the unbind, and the unbind comes with the answer.
 */
#include "../../drivers/ndisprot/ndisprot.h"

static VOID NpSetState(PNP_BINDING Binding, NP_STATE State);

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
    case NetEventQueryRemoveDevice:
        return NDIS_STATUS_PENDING; /* the unbind that follows completes it */
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

_Use_decl_annotations_
VOID
NpStatus(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    ULONG length = StatusIndication->StatusBufferSize;
    NP_LINK link = NpLinkSame;

    if (StatusIndication->StatusCode == NDIS_STATUS_LINK_STATE && length >= NDIS_SIZEOF_LINK_STATE_REVISION_1) {
        PNDIS_LINK_STATE state = StatusIndication->StatusBuffer;

        link = state->MediaConnectState == MediaConnectStateConnected ? NpLinkUp : NpLinkDown;
    }
    NpTellStatus(ProtocolBindingContext, link, StatusIndication->StatusCode, StatusIndication->StatusBuffer, length);
}
