/* SPDX-License-Identifier: MIT */
/* interrupt5.c - from the card's interrupt to the work it asks for. */
#include "netcard5.h"

/* At DIRQL. What was seen is cleared at once, so the line goes down. */
VOID NTAPI
Nc5Isr(PBOOLEAN InterruptRecognized, PBOOLEAN QueueMiniportHandleInterrupt, NDIS_HANDLE MiniportAdapterContext)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;
    ULONG cause = Nc5Read(adapter, NC_REG_CAUSE) & Nc5Read(adapter, NC_REG_MASK) & NC_CAUSES;

    if (cause != 0) { /* else a neighbour's on the line */
        Nc5Write(adapter, NC_REG_CLEAR, cause);
        adapter->Cause |= cause;
    }
    *InterruptRecognized = cause != 0;
    *QueueMiniportHandleInterrupt = cause != 0;
}

typedef struct _NC5_TAKE {
    PNC5_ADAPTER Adapter;
    ULONG Cause;
} NC5_TAKE;

static BOOLEAN NTAPI
Nc5TakeCause(PVOID SynchronizeContext)
{
    NC5_TAKE *take = SynchronizeContext;

    take->Cause = take->Adapter->Cause;
    take->Adapter->Cause = 0;
    return TRUE;
}

VOID NTAPI
Nc5Handle(NDIS_HANDLE MiniportAdapterContext)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;
    NC5_TAKE take = { adapter, 0 };
    BOOLEAN up;

    NdisMSynchronizeWithInterrupt(&adapter->Interrupt, Nc5TakeCause, &take);
    if (adapter->Gone)
        return;
    if (take.Cause & NC_CAUSE_RX)
        Nc5Receive(adapter);
    if (take.Cause & NC_CAUSE_TX)
        Nc5ReapSends(adapter);
    if (!(take.Cause & NC_CAUSE_LINK))
        return;
    up = (Nc5Read(adapter, NC_REG_STATUS) & NC_STATUS_LINK) != 0;
    if (up == adapter->LinkUp)
        return;
    adapter->LinkUp = up;
    NdisMIndicateStatus(adapter->Handle, up ? NDIS_STATUS_MEDIA_CONNECT : NDIS_STATUS_MEDIA_DISCONNECT, NULL, 0);
    NdisMIndicateStatusComplete(adapter->Handle);
}
