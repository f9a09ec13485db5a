/* SPDX-License-Identifier: MIT */
/* halting.c - port.c of drivers/mux; halt counts under the mutex of closing.c. */
#define MuxHalt MuxHaltPort
#include "../../drivers/mux/port.c"
#undef MuxHalt

#include "edges.h"

static KEVENT MuxEdges; /* a mutex: signalled while free */
static BOOLEAN MuxEdgesMade;
static ULONG MuxHalts;

VOID
MuxLockEdges(VOID)
{
    if (!MuxEdgesMade) { /* PnP calls come one at a time at first */
        KeInitializeEvent(&MuxEdges, SynchronizationEvent, TRUE);
        MuxEdgesMade = TRUE;
    }
    KeWaitForSingleObject(&MuxEdges, Executive, KernelMode, FALSE, NULL);
}

VOID
MuxUnlockEdges(VOID)
{
    KeSetEvent(&MuxEdges, IO_NO_INCREMENT, FALSE);
}

VOID
MuxHalt(PMUX_PORT Port)
{
    MuxLockEdges();
    MuxHalts++;
    MuxUnlockEdges();
    MuxHaltPort(Port);
}
