/* SPDX-License-Identifier: MIT */
/*
 * cause.c - what the service routine has seen and the DPC has not yet taken; the rest is drivers/netcard.
 *
 * Model: the DPC copies Cause, looks under its lock whether the adapter runs, and clears Cause. The lock is a spin lock
 * of DISPATCH_LEVEL: it keeps no service routine out.
 */
#include "../../drivers/netcard/netcard.h"

/* Message 0 tells of received frames, message 1 of the rest. */
ULONG
NcCausesOf(ULONG Message)
{
    return Message == 0 ? NC_CAUSE_RX : NC_CAUSES & ~NC_CAUSE_RX;
}

/* The causes that nobody has taken yet; none once the adapter is paused. */
ULONG
NcTakeCause(PNC_ADAPTER Adapter, ULONG Message)
{
    ULONG taken = Adapter->Cause;

    UNREFERENCED_PARAMETER(Message);

    NdisDprAcquireSpinLock(&Adapter->Lock);
    if (Adapter->State == NcPaused)
        taken = 0;
    NdisDprReleaseSpinLock(&Adapter->Lock);
    Adapter->Cause = 0;
    return taken;
}
