/* SPDX-License-Identifier: MIT */
/*
 * adapter5.c - initialize, reset, halt under NDIS 5.1.
 *
 * Model: there is no pause in NDIS 5; the card runs from the end of initialize until halt stops it.
 */
#include "ndis5.h"

static NDIS_STATUS CardCreateEdge5(PCARD Card);
static VOID CardDestroyEdge5(PCARD Card);

NDIS_STATUS NTAPI
CardInitialize5(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
                NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    NDIS_HANDLE configuration;
    NDIS_STATUS status;
    PCARD card;
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);

    for (i = 0; i < MediumArraySize && MediumArray[i] != NdisMedium802_3; i++)
        ;
    if (i == MediumArraySize)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    *SelectedMediumIndex = i;

    NdisOpenConfiguration(&status, &configuration, WrapperConfigurationContext);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    status = CardInitialize(MiniportAdapterHandle, configuration, &card);
    NdisCloseConfiguration(configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisMSetAttributesEx(MiniportAdapterHandle, card, 0, NDIS_ATTRIBUTE_SURPRISE_REMOVE_OK | CardAttributes5,
                         NdisInterfaceInternal);
    status = CardCreateEdge5(card);
    if (status == NDIS_STATUS_SUCCESS)
        status = CardAllocateBuffers(card);
    if (status != NDIS_STATUS_SUCCESS) {
        CardHalt(card);
        CardDestroyEdge5(card);
        return status;
    }
    CardStart(card, FALSE); /* documented: initialize indicates nothing; NDIS asks for the media state */
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
CardHalt5(NDIS_HANDLE MiniportAdapterContext)
{
    CardStop(MiniportAdapterContext);
    CardHalt(MiniportAdapterContext);
    CardDestroyEdge5(MiniportAdapterContext);
}

/* There is no hardware to reset; sends that wait do not outlive it. */
NDIS_STATUS NTAPI
CardReset5(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    LIST_ENTRY frames;

    *AddressingReset = FALSE;
    InitializeListHead(&frames);
    CardTakeSends(MiniportAdapterContext, &frames);
    while (!IsListEmpty(&frames)) {
        CardResetSend5(MiniportAdapterContext, RemoveHeadList(&frames));
        CardRelease(MiniportAdapterContext, 1);
    }
    return NDIS_STATUS_SUCCESS;
}

/* There is no hardware to silence. May run at any IRQL after a crash and touches nothing. */
VOID NTAPI
CardShutdown5(PVOID ShutdownContext)
{
    UNREFERENCED_PARAMETER(ShutdownContext);
}

/* Surprise removal and power source changes: halt does what is needed. */
VOID NTAPI
CardPnPEvent5(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent, PVOID InformationBuffer,
              ULONG InformationBufferLength)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(PnPEvent);
    UNREFERENCED_PARAMETER(InformationBuffer);
    UNREFERENCED_PARAMETER(InformationBufferLength);
}

/* Pools and timers. What was made is in Card->Edge also when this fails. */
static NDIS_STATUS
CardCreateEdge5(PCARD Card)
{
    PCARD_EDGE edge;
    NDIS_STATUS status = NdisAllocateMemoryWithTag((PVOID *)&edge, sizeof(*edge), CARD_TAG);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(edge, sizeof(*edge));
    Card->Edge = edge;
    NdisMInitializeTimer(&edge->Age, Card->Handle, CardAgeTimer5, Card);
    CardInitializeKind5(Card);
    NdisAllocatePacketPool(&status, &edge->PacketPool, CARD_BUFFERS, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status != NDIS_STATUS_SUCCESS) {
        edge->PacketPool = NULL;
        return status;
    }
    NdisAllocateBufferPool(&status, &edge->BufferPool, CARD_BUFFERS);
    if (status != NDIS_STATUS_SUCCESS)
        edge->BufferPool = NULL;
    return status;
}

static VOID
CardDestroyEdge5(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;

    if (edge == NULL)
        return;
    if (edge->BufferPool != NULL)
        NdisFreeBufferPool(edge->BufferPool);
    if (edge->PacketPool != NULL)
        NdisFreePacketPool(edge->PacketPool);
    Card->Edge = NULL;
    NdisFreeMemory(edge, 0, 0);
}
