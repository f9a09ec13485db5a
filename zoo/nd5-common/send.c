/* SPDX-License-Identifier: MIT */
/* send.c - sends are queued; the timer does the rest. */
#include "nd5.h"

/* NDIS_STATUS_RESOURCES: the queue is full and MayRefuse. */
NDIS_STATUS
Nd5Queue(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet, BOOLEAN MayRefuse)
{
    BOOLEAN start = FALSE;

    Nd5Lock(Adapter);
    if (MayRefuse && Adapter->Waiting == ND5_WAITING_MAX) {
        Adapter->Refused = TRUE;
        Nd5Unlock(Adapter);
        return NDIS_STATUS_RESOURCES;
    }
    ND5_NEXT(Packet) = NULL;
    if (Adapter->First == NULL)
        Adapter->First = Packet;
    else
        ND5_NEXT(Adapter->Last) = Packet;
    Adapter->Last = Packet;
    Adapter->Waiting++;
    if (!Adapter->TimerSet) {
        Adapter->TimerSet = TRUE;
        NdisResetEvent(&Adapter->Idle);
        start = TRUE;
    }
    Nd5Unlock(Adapter);
    if (start)
        NdisMSetTimer(&Adapter->Timer, 1);
    return NDIS_STATUS_PENDING;
}

/* The packet that waits longest; NULL: none. */
PNDIS_PACKET
Nd5Take(ND5_ADAPTER *Adapter)
{
    PNDIS_PACKET packet;

    Nd5Lock(Adapter);
    packet = Adapter->First;
    if (packet != NULL) {
        Adapter->First = ND5_NEXT(packet);
        Adapter->Waiting--;
    }
    Nd5Unlock(Adapter);
    return packet;
}

NDIS_STATUS NTAPI
Nd5Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    UNREFERENCED_PARAMETER(Flags);

    return Nd5Queue(MiniportAdapterContext, Packet, !(Nd5Attributes & NDIS_ATTRIBUTE_DESERIALIZE));
}
