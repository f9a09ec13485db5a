/* SPDX-License-Identifier: MIT */
/* changes.c - how each rule is broken and kept; see rules_protocol5.h. */
#include "rules_protocol5.h"

/* ------------------------------------------------------------------ what was received */

static INT
KeepOne(VOID)
{
    return 1;
}

static INT
KeepNone(VOID)
{
    return 0;
}

CHANGE(BreakKeepsLent, .Lent = KeepOne)
CHANGE(KeepKeepsLent, .Lent = KeepNone)

static VOID
ReturnTwice(PNDIS_PACKET Packet)
{
    NdisReturnPackets(&Packet, 1);
    NdisReturnPackets(&Packet, 1);
}

static VOID
ReturnOnce(PNDIS_PACKET Packet)
{
    NdisReturnPackets(&Packet, 1);
}

CHANGE(BreakReturnsTwice, .Return = ReturnTwice)
CHANGE(KeepReturnsTwice, .Return = ReturnOnce)

/* ------------------------------------------------------------------ what is sent */

static VOID
SendFirst(PBINDING Binding)
{
    if (GoesOut(Binding) && SendOwn(Binding) != NDIS_STATUS_PENDING)
        IsBack(Binding);
}

/* Without waiting for the first to come back. */
static VOID
SendBoth(PBINDING Binding)
{
    SendFirst(Binding);
    SendFirst(Binding);
}

static LONG Again; /* twice is enough */

static VOID
SendSecond(PBINDING Binding)
{
    if (InterlockedExchange(&Again, 1) == 0)
        SendFirst(Binding);
}

CHANGE(BreakSendsTwice, .FirstFrame = SendBoth)
CHANGE(KeepSendsTwice, .FirstFrame = SendFirst, .OwnIsBack = SendSecond)

static VOID
SendAndFree(PBINDING Binding)
{
    SendFirst(Binding);
    FreeOwn(Binding);
}

CHANGE(BreakFreesSent, .FirstFrame = SendAndFree)
CHANGE(KeepFreesSent, .FirstFrame = SendFirst, .OwnIsBack = FreeOwn)

/* ------------------------------------------------------------------ the pool */

/* The packet lies in it, so nothing more is to be freed, it thinks. */
static VOID
FreePoolOnly(PBINDING Binding)
{
    if (Binding->Buffer != NULL)
        NdisFreeBuffer(Binding->Buffer);
    NdisFreePacketPool(Binding->PacketPool);
}

static VOID
FreePacketAndPool(PBINDING Binding)
{
    FreeOwn(Binding);
    NdisFreePacketPool(Binding->PacketPool);
}

CHANGE(BreakFreesPool, .FreePackets = FreePoolOnly)
CHANGE(KeepFreesPool, .FreePackets = FreePacketAndPool)
