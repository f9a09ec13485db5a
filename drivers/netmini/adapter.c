/* SPDX-License-Identifier: MIT */
/*
 * adapter.c - one adapter from initialize to halt, and its pauses.
 *
 * Model: State and Busy change under Lock. NmPause forbids new work and takes back what is only queued; what the
 * stack still holds keeps Busy above zero, and whoever brings it to zero completes the pause: NmPause itself, a
 * return, or the DPC.
 */
#include "netmini.h"

static NDIS_STATUS NmReadConfiguration(PNM_ADAPTER Adapter);
static NDIS_STATUS NmSetAttributes(PNM_ADAPTER Adapter);
static VOID NmIndicateLink(PNM_ADAPTER Adapter);

_Use_decl_annotations_
NDIS_STATUS
NmInitialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
             PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    ULONG index = (ULONG)MiniportInitParameters->NetLuid.Info.NetLuidIndex;
    PNM_ADAPTER adapter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportDriverContext);

    adapter = NdisAllocateMemoryWithTagPriority(NdisMiniportHandle, sizeof(*adapter), NM_TAG, NormalPoolPriority);
    if (adapter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->MiniportHandle = NdisMiniportHandle;
    adapter->State = NmPaused;
    NdisAllocateSpinLock(&adapter->Lock);
    InitializeListHead(&adapter->Free);
    InitializeListHead(&adapter->Queue);
    KeInitializeDpc(&adapter->ReceiveDpc, NmReceiveDpc, adapter);

    adapter->Address[0] = 0x02; /* locally administered */
    adapter->Address[3] = (UCHAR)(index >> 16);
    adapter->Address[4] = (UCHAR)(index >> 8);
    adapter->Address[5] = (UCHAR)index;

    status = NmSetAttributes(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = NmReadConfiguration(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = NmCreateBuffers(adapter);
    if (status != NDIS_STATUS_SUCCESS) {
        NmDestroyBuffers(adapter);
        NdisFreeSpinLock(&adapter->Lock);
        NdisFreeMemory(adapter, 0, 0);
    }
    return status;
}

/* Paused: nothing is queued, nothing is above. The DPC may still be on its way out of its last call. */
_Use_decl_annotations_
VOID
NmHalt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(HaltAction);

    KeFlushQueuedDpcs();
    NmDestroyBuffers(adapter);
    NdisFreeSpinLock(&adapter->Lock);
    NdisFreeMemory(adapter, 0, 0);
}

_Use_decl_annotations_
NDIS_STATUS
NmPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    while (!IsListEmpty(&adapter->Queue)) {
        InsertTailList(&adapter->Free, RemoveHeadList(&adapter->Queue));
        adapter->Busy--;
    }
    if (adapter->Busy == 0) {
        adapter->State = NmPaused;
        status = NDIS_STATUS_SUCCESS;
    } else {
        adapter->State = NmPausing;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&adapter->Lock);
    return status;
}

_Use_decl_annotations_
NDIS_STATUS
NmRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    PNM_ADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    adapter->State = NmRunning;
    NdisReleaseSpinLock(&adapter->Lock);
    NmIndicateLink(adapter);
    return NDIS_STATUS_SUCCESS;
}

/* Surprise removal and power source changes: pause and halt do what is needed. */
_Use_decl_annotations_
VOID
NmDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

/*
 * The last to leave ends a pause that waits. The caller does not touch the adapter after it, except in the DPC
 * (NmHalt).
 */
VOID
NmReleaseBusy(PNM_ADAPTER Adapter, ULONG Count)
{
    NDIS_HANDLE miniportHandle = Adapter->MiniportHandle;
    BOOLEAN paused = FALSE;

    NdisAcquireSpinLock(&Adapter->Lock);
    Adapter->Busy -= Count;
    if (Adapter->Busy == 0 && Adapter->State == NmPausing) {
        Adapter->State = NmPaused;
        paused = TRUE;
    }
    NdisReleaseSpinLock(&Adapter->Lock);

    if (paused)
        NdisMPauseComplete(miniportHandle);
}

/* Keyword Loopback, a number; absent means 0. */
static NDIS_STATUS
NmReadConfiguration(PNM_ADAPTER Adapter)
{
    NDIS_STRING keyword = RTL_CONSTANT_STRING(L"Loopback");
    NDIS_CONFIGURATION_OBJECT object;
    PNDIS_CONFIGURATION_PARAMETER parameter;
    NDIS_HANDLE configuration;
    NDIS_STATUS status;

    NdisZeroMemory(&object, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1;
    object.Header.Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1;
    object.NdisHandle = Adapter->MiniportHandle;
    status = NdisOpenConfigurationEx(&object, &configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisReadConfiguration(&status, &parameter, configuration, &keyword, NdisParameterInteger);
    if (status == NDIS_STATUS_SUCCESS)
        Adapter->Loopback = parameter->ParameterData.IntegerData != 0;
    NdisCloseConfiguration(configuration);
    return NDIS_STATUS_SUCCESS;
}

/* First the registration attributes, which tell NDIS the context, then what the adapter is. */
static NDIS_STATUS
NmSetAttributes(PNM_ADAPTER Adapter)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_STATUS status;

    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.MiniportAdapterContext = Adapter;
    registration.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                                  NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    registration.InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(Adapter->MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.MediaType = NdisMedium802_3;
    general.PhysicalMediumType = NdisPhysicalMediumUnspecified;
    general.MtuSize = NM_MTU;
    general.MaxXmitLinkSpeed = NM_LINK_SPEED;
    general.XmitLinkSpeed = NM_LINK_SPEED;
    general.MaxRcvLinkSpeed = NM_LINK_SPEED;
    general.RcvLinkSpeed = NM_LINK_SPEED;
    general.MediaConnectState = MediaConnectStateConnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = NM_MTU;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
                         NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA;
    general.SupportedPacketFilters = NM_PACKET_FILTERS;
    general.MaxMulticastListSize = NM_MAX_MULTICAST;
    general.MacAddressLength = NM_ADDRESS_LENGTH;
    NdisMoveMemory(general.PermanentMacAddress, Adapter->Address, NM_ADDRESS_LENGTH);
    NdisMoveMemory(general.CurrentMacAddress, Adapter->Address, NM_ADDRESS_LENGTH);
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.IfConnectorPresent = FALSE;
    general.SupportedStatistics = NM_STATISTICS;
    general.SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)NmSupportedOids;
    general.SupportedOidListLength = NmSupportedOidsLength;
    return NdisMSetMiniportAttributes(Adapter->MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

static VOID
NmIndicateLink(PNM_ADAPTER Adapter)
{
    NDIS_STATUS_INDICATION indication;
    NDIS_LINK_STATE state;

    NdisZeroMemory(&state, sizeof(state));
    state.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    state.Header.Revision = NDIS_LINK_STATE_REVISION_1;
    state.Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1;
    state.MediaConnectState = MediaConnectStateConnected;
    state.MediaDuplexState = MediaDuplexStateFull;
    state.XmitLinkSpeed = NM_LINK_SPEED;
    state.RcvLinkSpeed = NM_LINK_SPEED;
    state.PauseFunctions = NdisPauseFunctionsUnsupported;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = Adapter->MiniportHandle;
    indication.StatusCode = NDIS_STATUS_LINK_STATE;
    indication.StatusBuffer = &state;
    indication.StatusBufferSize = sizeof(state);
    NdisMIndicateStatusEx(Adapter->MiniportHandle, &indication);
}
