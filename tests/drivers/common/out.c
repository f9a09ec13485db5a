/* SPDX-License-Identifier: MIT */
/* out.c - see out.h. */
#ifndef NDIS630
#define NDIS630 1
#endif

#include "out.h"

VOID
OutInitialize(POUT_COUNT Out)
{
    NdisAllocateSpinLock(&Out->Lock);
}

VOID
OutFree(POUT_COUNT Out)
{
    NdisFreeSpinLock(&Out->Lock);
}

VOID
OutRun(POUT_COUNT Out)
{
    NdisAcquireSpinLock(&Out->Lock);
    Out->Running = TRUE;
    NdisReleaseSpinLock(&Out->Lock);
}

VOID
OutStop(POUT_COUNT Out)
{
    NdisAcquireSpinLock(&Out->Lock);
    Out->Running = FALSE;
    NdisReleaseSpinLock(&Out->Lock);
}

NDIS_STATUS
OutPause(POUT_COUNT Out)
{
    BOOLEAN pending;

    NdisAcquireSpinLock(&Out->Lock);
    Out->Running = FALSE;
    pending = Out->Pausing = Out->Count != 0;
    NdisReleaseSpinLock(&Out->Lock);
    return pending ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

BOOLEAN
OutMayGo(POUT_COUNT Out)
{
    BOOLEAN running;

    NdisAcquireSpinLock(&Out->Lock);
    running = Out->Running;
    Out->Count += running;
    NdisReleaseSpinLock(&Out->Lock);
    return running;
}

VOID
OutGo(POUT_COUNT Out)
{
    NdisAcquireSpinLock(&Out->Lock);
    Out->Count++;
    NdisReleaseSpinLock(&Out->Lock);
}

BOOLEAN
OutBack(POUT_COUNT Out)
{
    BOOLEAN paused;

    NdisAcquireSpinLock(&Out->Lock);
    paused = --Out->Count == 0 && Out->Pausing;
    Out->Pausing = Out->Pausing && !paused;
    NdisReleaseSpinLock(&Out->Lock);
    return paused;
}
