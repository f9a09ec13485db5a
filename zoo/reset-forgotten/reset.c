/* SPDX-License-Identifier: MIT */
/* reset.c - a reset that a pause makes superfluous, or so it seems. */
#include "../../drivers/netmini/netmini.h"

MINIPORT_RESET NmReset;
static NDIS_IO_WORKITEM NmResetLater;

/* There is no card to wait for; a work item stands for the time it would take. */
_Use_decl_annotations_
static VOID
NmResetLater(PVOID WorkItemContext, NDIS_HANDLE NdisIoWorkItemHandle)
{
    PNM_ADAPTER adapter = WorkItemContext;
    BOOLEAN running;

    NdisAcquireSpinLock(&adapter->Lock);
    running = adapter->State == NmRunning;
    NdisReleaseSpinLock(&adapter->Lock);
    NdisFreeIoWorkItem(NdisIoWorkItemHandle);
    if (running)
        NdisMResetComplete(adapter->MiniportHandle, NDIS_STATUS_SUCCESS, FALSE);
}

_Use_decl_annotations_
NDIS_STATUS
NmReset(NDIS_HANDLE MiniportAdapterContext, PBOOLEAN AddressingReset)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;
    NDIS_HANDLE item = NdisAllocateIoWorkItem(adapter->MiniportHandle);

    *AddressingReset = FALSE;
    if (item == NULL)
        return NDIS_STATUS_HARD_ERRORS;
    NdisQueueIoWorkItem(item, NmResetLater, adapter);
    return NDIS_STATUS_PENDING;
}
