/* SPDX-License-Identifier: MIT */
/* reset_pends.c - the reset is begun, and the timer that was to complete it is never set. */
#include "nd5.h"

NDIS_STATUS NTAPI
Nd5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);

    *AddressingReset = FALSE;
    return NDIS_STATUS_PENDING;
}

BOOLEAN NTAPI
Nd5CheckForHang(NDIS_HANDLE MiniportAdapterContext)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;

    return ++adapter->Ticks == 1; /* once: the card loses its mind soon after it was started */
}
