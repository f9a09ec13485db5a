/* SPDX-License-Identifier: MIT */
/*
 * cause.c - what the service routine has seen and the DPC has not yet taken.
 *
 * Model: Cause is written by the service routine, which may come over the DPC on this processor or run beside it on
 * another. So it is taken away at DIRQL under the interrupt's lock.
 */
#include "netcard.h"

static MINIPORT_SYNCHRONIZE_INTERRUPT NcTakeCauseAtDirql;

/* Message 0 tells of received frames, message 1 of the rest. */
ULONG
NcCausesOf(ULONG Message)
{
    return Message == 0 ? NC_CAUSE_RX : NC_CAUSES & ~NC_CAUSE_RX;
}

typedef struct _NC_TAKE {
    PNC_ADAPTER Adapter;
    ULONG Causes;
    ULONG Taken;
} NC_TAKE;

static BOOLEAN
NcTakeCauseAtDirql(NDIS_HANDLE SynchronizeContext)
{
    NC_TAKE *take = SynchronizeContext;

    take->Taken = take->Adapter->Cause & take->Causes;
    take->Adapter->Cause &= ~take->Causes;
    return TRUE;
}

/* The causes of a message (or of all) that nobody has taken yet. */
ULONG
NcTakeCause(PNC_ADAPTER Adapter, ULONG Message)
{
    NC_TAKE take;

    take.Adapter = Adapter;
    take.Causes = Message == (ULONG)-1 ? NC_CAUSES : NcCausesOf(Message);
    take.Taken = 0;
    NdisMSynchronizeWithInterruptEx(Adapter->Interrupt, Message == (ULONG)-1 ? 0 : Message, NcTakeCauseAtDirql, &take);
    return take.Taken;
}
