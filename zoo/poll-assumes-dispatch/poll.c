/* SPDX-License-Identifier: MIT */
/*
 * poll.c - frames that the card put into posted buffers, given to NDIS when it polls.
 *
 * Model: as in drivers/netcard, but that NDIS indicates the chain and says how long it may be. The lock is taken as a
 * DPC does, though NDIS also polls at PASSIVE_LEVEL.
 */
#include "../poll-common/poll.h"

VOID NTAPI
PollReceive(PVOID Context, NDIS_POLL_DATA *PollData)
{
    NDIS_POLL_RECEIVE_DATA *receive = &PollData->Receive;
    PNC_ADAPTER adapter = Context;

    NdisDprAcquireSpinLock(&adapter->Lock);
    receive->NumberOfIndicatedNbls = NcTakeReceived(adapter, receive->MaxNblsToIndicate, &receive->IndicatedNblChain);
    adapter->Busy += receive->NumberOfIndicatedNbls; /* until NcReturn */
    NdisDprReleaseSpinLock(&adapter->Lock);
}
