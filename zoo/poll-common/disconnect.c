/* SPDX-License-Identifier: MIT */
/*
 * disconnect.c - the end of the interrupt and of its Poll object.
 *
 * Model: each may call for the other: the service routine requests polls, and the end of a poll turns the interrupt on.
 * So first both are told to stop, at DIRQL under the interrupt's lock, where the service routine is not; then either
 * can go.
 */
#include "poll.h"

static MINIPORT_SYNCHRONIZE_INTERRUPT PollStop;

static BOOLEAN
PollStop(NDIS_HANDLE SynchronizeContext)
{
    PNC_ADAPTER adapter = SynchronizeContext;

    NcWrite(adapter, NC_REG_MASK, 0);
    adapter->Poll = NULL; /* PollUnmask leaves the mask alone from now on */
    return TRUE;
}

VOID
NcDisconnectInterrupt(PNC_ADAPTER Adapter)
{
    PVOID poll = Adapter->Poll;

    if (Adapter->Interrupt != NULL)
        NdisMSynchronizeWithInterruptEx(Adapter->Interrupt, 0, PollStop, Adapter);
    if (poll != NULL)
        NdisDeregisterPoll(poll);
    if (Adapter->Interrupt != NULL)
        NdisMDeregisterInterruptEx(Adapter->Interrupt);
    Adapter->Interrupt = NULL;
}
