/* SPDX-License-Identifier: MIT */
/* shutdown.c - the system goes down, or has crashed: any IRQL, other handlers may be running, nothing is freed. */
#include "netmini.h"

/* There is no hardware to silence. */
_Use_decl_annotations_
VOID
NmShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}
