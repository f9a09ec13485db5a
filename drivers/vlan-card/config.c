/* SPDX-License-Identifier: MIT */
/* config.c - what the registry says of a card, less what a program has said since. */
#include "card.h"

static ULONG
CardReadNumber(NDIS_HANDLE Configuration, PCWSTR Keyword, ULONG Low, ULONG High, ULONG Default)
{
    PNDIS_CONFIGURATION_PARAMETER parameter;
    NDIS_STRING keyword;
    NDIS_STATUS status;

    RtlInitUnicodeString(&keyword, Keyword);
    NdisReadConfiguration(&status, &parameter, Configuration, &keyword, NdisParameterInteger);
    if (status != NDIS_STATUS_SUCCESS || parameter->ParameterData.IntegerData < Low ||
        parameter->ParameterData.IntegerData > High)
        return Default;
    return parameter->ParameterData.IntegerData;
}

/* One card's own, and not all zero. */
static BOOLEAN
CardAddressValid(const UCHAR *Address)
{
    return (Address[0] & 1) == 0 &&
           (Address[0] | Address[1] | Address[2] | Address[3] | Address[4] | Address[5]) != 0;
}

static VOID
CardReadAddress(PCARD Card, NDIS_HANDLE Configuration)
{
    NDIS_STATUS status;
    PVOID address;
    UINT length;

    Card->Address[0] = 0x02; /* locally administered */
    Card->Address[1] = 'V';
    Card->Address[2] = 'L';
    Card->Address[3] = (UCHAR)(Card->Unit >> 16);
    Card->Address[4] = (UCHAR)(Card->Unit >> 8);
    Card->Address[5] = (UCHAR)Card->Unit;
    NdisReadNetworkAddress(&status, &address, &length, Configuration);
    if (status == NDIS_STATUS_SUCCESS && length == CARD_ADDRESS && CardAddressValid(address))
        NdisMoveMemory(Card->Address, address, CARD_ADDRESS);
    if (CardAddressValid(Card->NextAddress))
        NdisMoveMemory(Card->Address, Card->NextAddress, CARD_ADDRESS);
}

VOID
CardReadConfiguration(PCARD Card, NDIS_HANDLE Configuration)
{
    ULONG mtu = CardReadNumber(Configuration, L"MTU", CARD_MTU_MIN, CARD_MTU_MAX, 1500);
    ULONG mbits = CardReadNumber(Configuration, L"Speed", 1, 400000, 1000);
    ULONG connected = CardReadNumber(Configuration, L"MediaConnected", 0, 1, 1);
    KIRQL irql;

    KeAcquireSpinLock(&Card->Lock, &irql);
    Card->State = CardPaused;
    Card->Mtu = Card->NextMtu != 0 ? Card->NextMtu : mtu;
    Card->Lookahead = Card->Mtu;
    if (Card->Speed == 0) {
        Card->Speed = mbits * 1000000ULL;
        Card->MediaState = connected ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    }
    KeReleaseSpinLock(&Card->Lock, irql);
    CardReadAddress(Card, Configuration);
}
