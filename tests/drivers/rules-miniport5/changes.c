/* SPDX-License-Identifier: MIT */
/* changes.c - how each rule is broken and kept; see rules_miniport5.h. */
#include "rules_miniport5.h"

/* ------------------------------------------------------------------ sends */

static NDIS_STATUS
CompleteTwice(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    NdisMSendComplete(Adapter->Handle, Packet, NDIS_STATUS_SUCCESS);
    NdisMSendComplete(Adapter->Handle, Packet, NDIS_STATUS_SUCCESS);
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS
CompleteOnce(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    NdisMSendComplete(Adapter->Handle, Packet, NDIS_STATUS_SUCCESS);
    return NDIS_STATUS_PENDING;
}

CHANGE(BreakCompletesTwice, .Send = CompleteTwice)
CHANGE(KeepCompletesTwice, .Send = CompleteOnce)

/* As a serialized miniport may: NDIS would keep the packet and offer it again. */
static NDIS_STATUS
Defer(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(Adapter);
    UNREFERENCED_PARAMETER(Packet);

    return NDIS_STATUS_RESOURCES;
}

static NDIS_STATUS
Drop(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(Adapter);
    UNREFERENCED_PARAMETER(Packet);

    return NDIS_STATUS_FAILURE;
}

CHANGE(BreakDefersSend, .Send = Defer)
CHANGE(KeepDefersSend, .Send = Drop)

/* ------------------------------------------------------------------ receives */

/* A packet of the card's own goes up, Count times at once; without one nothing does. */
static VOID
Indicate(ND5_ADAPTER *Adapter, UINT Count)
{
    PNDIS_PACKET packets[2];
    ND5_RECEIVE *receive;

    Nd5Lock(Adapter);
    receive = Adapter->Free;
    if (receive != NULL)
        Adapter->Free = receive->Next;
    Nd5Unlock(Adapter);
    if (receive == NULL)
        return;

    receive->Frame[0] = 0xff; /* to all, from nobody, of a type nobody has */
    receive->Frame[12] = 0x88;
    receive->Frame[13] = 0xb5;
    NdisReinitializePacket(receive->Packet);
    NdisAdjustBufferLength(receive->Buffer, 60);
    NdisChainBufferAtFront(receive->Packet, receive->Buffer);
    NDIS_SET_PACKET_HEADER_SIZE(receive->Packet, 14);
    NDIS_SET_PACKET_STATUS(receive->Packet, NDIS_STATUS_SUCCESS);
    packets[0] = packets[1] = receive->Packet;
    NdisMIndicateReceivePacket(Adapter->Handle, packets, Count);
}

static NDIS_STATUS
IndicateTwice(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(Packet);

    Indicate(Adapter, 2);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
IndicateOnce(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(Packet);

    Indicate(Adapter, 1);
    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakIndicatesTwice, .Send = IndicateTwice)
CHANGE(KeepIndicatesTwice, .Send = IndicateOnce)
