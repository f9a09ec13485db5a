/* SPDX-License-Identifier: MIT */
/* reset.c - there is no hardware to reset: what waits is forgotten or aborted, and that was it. */
#include "nd5.h"

NDIS_STATUS NTAPI
Nd5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;
    PNDIS_PACKET packet;

    *AddressingReset = FALSE;
    while ((packet = Nd5Take(adapter)) != NULL)
        if (Nd5Attributes & NDIS_ATTRIBUTE_DESERIALIZE) /* NDIS completes what a serialized miniport forgets */
            NdisMSendComplete(adapter->Handle, packet, NDIS_STATUS_REQUEST_ABORTED);
    return NDIS_STATUS_SUCCESS;
}
