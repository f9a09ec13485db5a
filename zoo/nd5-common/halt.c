/* SPDX-License-Identifier: MIT */
/* halt.c - NDIS has seen every packet back; the timer may be set, or its function on its way out. */
#include "nd5.h"

VOID NTAPI
Nd5Halt(NDIS_HANDLE MiniportAdapterContext)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;
    BOOLEAN cancelled;

    Nd5Stop(adapter);
    NdisMCancelTimer(&adapter->Timer, &cancelled);
    if (!cancelled)
        NdisWaitEvent(&adapter->Idle, 0);
    Nd5Lock(adapter); /* whoever set the event has let go of the lock when we have had it */
    Nd5Unlock(adapter);
    Nd5Free(adapter);
}
