/* SPDX-License-Identifier: MIT */
/* shutdown.c - cleans up as halt does: the computer is going off, so whoever comes later will not come. */
#include "../../drivers/netmini/netmini.h"

_Use_decl_annotations_
VOID
NmShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    if (ShutdownAction == NdisShutdownPowerOff)
        NmHalt(MiniportAdapterContext, NdisHaltDeviceDisabled);
}
