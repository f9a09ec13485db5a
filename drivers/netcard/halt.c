/* SPDX-License-Identifier: MIT */
/*
 * halt.c - the end of an adapter.
 *
 * Model: the reverse of NcInitialize. On a shared line the service routine is called for a neighbour's interrupts, too,
 * so silencing the card is not enough: the interrupt is disconnected before anything goes that the routine or its DPC
 * use.
 */
#include "netcard.h"

/* Paused: nothing is above, nothing is being sent. */
_Use_decl_annotations_
VOID
NcHalt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    UNREFERENCED_PARAMETER(HaltAction);

    NcDestroy(MiniportAdapterContext);
}

/* Whatever of it there is. */
VOID
NcDestroy(PNC_ADAPTER Adapter)
{
    NcDisconnectInterrupt(Adapter);
    if (Adapter->Registers != NULL)
        NcWrite(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    NcDestroyRings(Adapter);
    if (Adapter->Registers != NULL)
        NdisMUnmapIoSpace(Adapter->MiniportHandle, (PVOID)Adapter->Registers, Adapter->RegistersLength);
    NdisFreeSpinLock(&Adapter->Lock);
    NdisFreeMemory(Adapter, 0, 0);
}
