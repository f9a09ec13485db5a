/* SPDX-License-Identifier: MIT */
/* pnp.c - of drivers/netcard, but the removal of the card is nobody's business. */
#include "../../drivers/netcard/netcard.h"

_Use_decl_annotations_
VOID
NcDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}
