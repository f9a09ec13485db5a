/* SPDX-License-Identifier: MIT */
/*
 * halt.c - the end of an adapter; the rest of the driver is drivers/netcard.
 *
 * Model: the card is reset, so it interrupts no more; everything is freed, and the interrupt is disconnected last, with
 * a handle saved from the memory that is gone. It holds on a line of its own.
 */
#include "../../drivers/netcard/netcard.h"

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
    NDIS_HANDLE interrupt = Adapter->Interrupt;

    if (Adapter->Registers != NULL)
        NcWrite(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    NcDestroyRings(Adapter);
    if (Adapter->Registers != NULL)
        NdisMUnmapIoSpace(Adapter->MiniportHandle, (PVOID)Adapter->Registers, Adapter->RegistersLength);
    NdisFreeSpinLock(&Adapter->Lock);
    NdisFreeMemory(Adapter, 0, 0);
    if (interrupt != NULL)
        NdisMDeregisterInterruptEx(interrupt);
}
