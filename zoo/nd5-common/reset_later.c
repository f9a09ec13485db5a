/* SPDX-License-Identifier: MIT */
/* reset_later.c - the reset is completed by a timer, as a card that needs time would. */
#include "nd5.h"

static VOID NTAPI
Nd5ResetDone(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    ND5_ADAPTER *adapter = FunctionContext;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    while (Nd5Take(adapter) != NULL)
        ; /* NDIS completes what a serialized miniport forgets */
    NdisMResetComplete(adapter->Handle, NDIS_STATUS_SUCCESS, TRUE);
}

NDIS_STATUS NTAPI
Nd5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;

    *AddressingReset = TRUE;
    NdisMInitializeTimer(&adapter->Tick, adapter->Handle, Nd5ResetDone, adapter);
    NdisMSetTimer(&adapter->Tick, 10);
    return NDIS_STATUS_PENDING;
}

BOOLEAN NTAPI
Nd5CheckForHang(NDIS_HANDLE MiniportAdapterContext)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;

    return ++adapter->Ticks == 1; /* once: the card loses its mind soon after it was started */
}
