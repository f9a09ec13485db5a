/* SPDX-License-Identifier: MIT */
/* adapter.c - initialize, pause, restart, halt under NDIS 6, and the state of the link. */
#include "ndis6.h"

static NDIS_STATUS CardOpenConfiguration(NDIS_HANDLE Handle, PNDIS_HANDLE Configuration);
static NDIS_STATUS CardCreateEdge(PCARD Card);
static VOID CardDestroyEdge(PCARD Card);
static NDIS_STATUS CardSetAttributes(PCARD Card);

_Use_decl_annotations_
NDIS_STATUS
CardInitializeEx(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
                 PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    NDIS_HANDLE configuration;
    NDIS_STATUS status;
    PCARD card;

    UNREFERENCED_PARAMETER(MiniportDriverContext);
    UNREFERENCED_PARAMETER(MiniportInitParameters);

    status = CardOpenConfiguration(NdisMiniportHandle, &configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    status = CardInitialize(NdisMiniportHandle, configuration, &card);
    NdisCloseConfiguration(configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    status = CardSetAttributes(card);
    if (status == NDIS_STATUS_SUCCESS)
        status = CardCreateEdge(card);
    if (status == NDIS_STATUS_SUCCESS)
        status = CardAllocateBuffers(card);
    if (status != NDIS_STATUS_SUCCESS) {
        CardHalt(card);
        CardDestroyEdge(card);
    }
    return status;
}

_Use_decl_annotations_
VOID
CardHaltEx(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    UNREFERENCED_PARAMETER(HaltAction);

    CardHalt(MiniportAdapterContext);
    CardDestroyEdge(MiniportAdapterContext);
}

_Use_decl_annotations_
NDIS_STATUS
CardPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(PauseParameters);

    CardStop(MiniportAdapterContext);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
NDIS_STATUS
CardRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(RestartParameters);

    CardStart(MiniportAdapterContext, TRUE);
    return NDIS_STATUS_SUCCESS;
}

/* There is no hardware to silence. May run at any IRQL after a crash and touches nothing. */
_Use_decl_annotations_
VOID
CardShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}

/* Surprise removal and power source changes: pause and halt do what is needed. */
_Use_decl_annotations_
VOID
CardDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

static NDIS_STATUS
CardOpenConfiguration(NDIS_HANDLE Handle, PNDIS_HANDLE Configuration)
{
    NDIS_CONFIGURATION_OBJECT object;

    NdisZeroMemory(&object, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1;
    object.Header.Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1;
    object.NdisHandle = Handle;
    return NdisOpenConfigurationEx(&object, Configuration);
}

/* The pool and the timer. What was made is in Card->Edge also when this fails. */
static NDIS_STATUS
CardCreateEdge(PCARD Card)
{
    NET_BUFFER_LIST_POOL_PARAMETERS pool;
    NDIS_TIMER_CHARACTERISTICS timer;
    PCARD_EDGE edge;
    NDIS_STATUS status = NdisAllocateMemoryWithTag((PVOID *)&edge, sizeof(*edge), CARD_TAG);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(edge, sizeof(*edge));
    Card->Edge = edge;

    NdisZeroMemory(&pool, sizeof(pool));
    pool.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    pool.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    pool.fAllocateNetBuffer = TRUE;
    pool.PoolTag = CARD_TAG;
    edge->Pool = NdisAllocateNetBufferListPool(Card->Handle, &pool);
    if (edge->Pool == NULL)
        return NDIS_STATUS_RESOURCES;

    NdisZeroMemory(&timer, sizeof(timer));
    timer.Header.Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    timer.Header.Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1;
    timer.Header.Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1;
    timer.AllocationTag = CARD_TAG;
    timer.TimerFunction = CardTimer;
    timer.FunctionContext = Card;
    return NdisAllocateTimerObject(Card->Handle, &timer, &edge->Timer);
}

static VOID
CardDestroyEdge(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;

    if (edge == NULL)
        return;
    if (edge->Timer != NULL)
        NdisFreeTimerObject(edge->Timer);
    if (edge->Pool != NULL)
        NdisFreeNetBufferListPool(edge->Pool);
    Card->Edge = NULL;
    NdisFreeMemory(edge, 0, 0);
}

/* First the registration attributes, which tell NDIS the context, then what the adapter is. */
static NDIS_STATUS
CardSetAttributes(PCARD Card)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_STATUS status;

    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.MiniportAdapterContext = Card;
    registration.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                                  NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    registration.InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(Card->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
    general.MediaType = NdisMedium802_3;
    general.PhysicalMediumType = NdisPhysicalMediumUnspecified;
    general.MtuSize = Card->Mtu;
    general.MaxXmitLinkSpeed = general.XmitLinkSpeed = Card->Speed;
    general.MaxRcvLinkSpeed = general.RcvLinkSpeed = Card->Speed;
    general.MediaConnectState = Card->MediaState;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = Card->Mtu;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
                         NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA;
    general.SupportedPacketFilters = CARD_PACKET_FILTERS;
    general.MaxMulticastListSize = CARD_MULTICAST_MAX;
    general.MacAddressLength = CARD_ADDRESS;
    NdisMoveMemory(general.PermanentMacAddress, Card->Address, CARD_ADDRESS);
    NdisMoveMemory(general.CurrentMacAddress, Card->Address, CARD_ADDRESS);
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.IfConnectorPresent = FALSE;
    general.SupportedStatistics = CARD_STATISTICS;
    general.SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)CardOids;
    general.SupportedOidListLength = CardOidsLength;
    return NdisMSetMiniportAttributes(Card->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

VOID
EdgeIndicateLink(PCARD Card, ULONG MediaState, ULONG64 Speed)
{
    NDIS_STATUS_INDICATION indication;
    NDIS_LINK_STATE state;

    NdisZeroMemory(&state, sizeof(state));
    state.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    state.Header.Revision = NDIS_LINK_STATE_REVISION_1;
    state.Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1;
    state.MediaConnectState = MediaState;
    state.MediaDuplexState = MediaDuplexStateFull;
    state.XmitLinkSpeed = Speed;
    state.RcvLinkSpeed = Speed;
    state.PauseFunctions = NdisPauseFunctionsUnsupported;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = Card->Handle;
    indication.StatusCode = NDIS_STATUS_LINK_STATE;
    indication.StatusBuffer = &state;
    indication.StatusBufferSize = sizeof(state);
    NdisMIndicateStatusEx(Card->Handle, &indication);
}
