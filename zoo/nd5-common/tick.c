/* SPDX-License-Identifier: MIT */
/* tick.c - counts half seconds; stopped before the adapter goes. */
#include "nd5.h"

static VOID NTAPI
Nd5Tick(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    ND5_ADAPTER *adapter = FunctionContext;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    adapter->Ticks++;
}

VOID
Nd5Start(ND5_ADAPTER *Adapter)
{
    NdisMInitializeTimer(&Adapter->Tick, Adapter->Handle, Nd5Tick, Adapter);
    NdisMSetPeriodicTimer(&Adapter->Tick, 500);
}

VOID
Nd5Stop(ND5_ADAPTER *Adapter)
{
    BOOLEAN cancelled;

    NdisMCancelTimer(&Adapter->Tick, &cancelled);
    KeFlushQueuedDpcs(); /* cancelled or not: the DPC of the last half second may wait or run */
}
