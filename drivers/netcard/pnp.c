/* SPDX-License-Identifier: MIT */
/*
 * pnp.c - what NDIS tells of the device itself.
 */
#include "netcard.h"

/* A card that is pulled out will not say that it sent what it was given: a pause would wait for it for ever. */
_Use_decl_annotations_
VOID
NcDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    if (NetDevicePnPEvent->DevicePnPEvent == NdisDevicePnPEventSurpriseRemoved)
        NcDropSends(MiniportAdapterContext);
}
