/* SPDX-License-Identifier: MIT */
/*
 * adapter.c - one adapter from initialize on, and its pauses.
 *
 * Model: initialize claims registers, makes rings, and connects the interrupt last; halt (halt.c) goes the other way.
 */
#include "netcard.h"

static NDIS_STATUS NcClaimRegisters(PNC_ADAPTER Adapter, PNDIS_RESOURCE_LIST Resources);
static NDIS_STATUS NcSetRegistration(PNC_ADAPTER Adapter);
static NDIS_STATUS NcSetGeneral(PNC_ADAPTER Adapter);

_Use_decl_annotations_
NDIS_STATUS
NcInitialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
             PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    PNC_ADAPTER adapter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportDriverContext);

    adapter = NdisAllocateMemoryWithTagPriority(NdisMiniportHandle, sizeof(*adapter), NC_TAG, NormalPoolPriority);
    if (adapter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->MiniportHandle = NdisMiniportHandle;
    adapter->State = NcPaused;
    NdisAllocateSpinLock(&adapter->Lock);

    status = NcSetRegistration(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = NcClaimRegisters(adapter, MiniportInitParameters->AllocatedResources);
    if (status == NDIS_STATUS_SUCCESS)
        status = NcSetGeneral(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = NcCreateRings(adapter);
    if (status == NDIS_STATUS_SUCCESS) {
        NcStartRings(adapter);
        status = NcConnectInterrupt(adapter);
    }
    if (status != NDIS_STATUS_SUCCESS)
        NcDestroy(adapter);
    return status;
}

_Use_decl_annotations_
NDIS_STATUS
NcPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    PNC_ADAPTER adapter = MiniportAdapterContext;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    NcWrite(adapter, NC_REG_CONTROL, NC_CONTROL_TX); /* what is being sent goes out, nothing more comes in */
    if (adapter->Busy == 0) {
        adapter->State = NcPaused;
        status = NDIS_STATUS_SUCCESS;
    } else {
        adapter->State = NcPausing;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&adapter->Lock);
    return status;
}

_Use_decl_annotations_
NDIS_STATUS
NcRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    PNC_ADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    adapter->State = NcRunning;
    NcWrite(adapter, NC_REG_CONTROL, NC_CONTROL_TX | NC_CONTROL_RX);
    NdisReleaseSpinLock(&adapter->Lock);
    NcIndicateLink(adapter);
    return NDIS_STATUS_SUCCESS;
}

/* May run at any IRQL after a crash: no lock, no call. A card that goes on writing would spoil the dump. */
_Use_decl_annotations_
VOID
NcShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    PNC_ADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(ShutdownAction);

    NcWrite(adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
}

/*
 * The last to leave ends a pause that waits. The caller does not touch the adapter after it, except in the DPC
 * (NcHalt).
 */
VOID
NcReleaseBusy(PNC_ADAPTER Adapter, ULONG Count)
{
    NDIS_HANDLE miniportHandle = Adapter->MiniportHandle;
    BOOLEAN paused = FALSE;

    NdisAcquireSpinLock(&Adapter->Lock);
    Adapter->Busy -= Count;
    if (Adapter->Busy == 0 && Adapter->State == NcPausing) {
        Adapter->State = NcPaused;
        paused = TRUE;
    }
    NdisReleaseSpinLock(&Adapter->Lock);

    if (paused)
        NdisMPauseComplete(miniportHandle);
}

/* The first memory resource is the register block. */
static NDIS_STATUS
NcClaimRegisters(PNC_ADAPTER Adapter, PNDIS_RESOURCE_LIST Resources)
{
    PHYSICAL_ADDRESS start;
    NDIS_STATUS status;
    ULONG words[2];
    ULONG i;

    for (i = 0; Resources != NULL && i < Resources->Count; i++)
        if (Resources->PartialDescriptors[i].Type == CmResourceTypeMemory)
            break;
    if (Resources == NULL || i == Resources->Count)
        return NDIS_STATUS_RESOURCE_CONFLICT;
    start = Resources->PartialDescriptors[i].u.Memory.Start;
    Adapter->RegistersLength = Resources->PartialDescriptors[i].u.Memory.Length;
    status = NdisMMapIoSpace((PVOID *)&Adapter->Registers, Adapter->MiniportHandle, start, Adapter->RegistersLength);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    if (NcRead(Adapter, NC_REG_ID) != NC_ID)
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    NcWrite(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    words[0] = NcRead(Adapter, NC_REG_ADDRESS);
    words[1] = NcRead(Adapter, NC_REG_ADDRESS + 1);
    NdisMoveMemory(Adapter->Address, words, NC_ADDRESS_LENGTH);
    Adapter->LinkUp = (NcRead(Adapter, NC_REG_STATUS) & NC_STATUS_LINK) != 0;
    return NDIS_STATUS_SUCCESS;
}

/* First of all: NDIS grants hardware only after it. */
static NDIS_STATUS
NcSetRegistration(PNC_ADAPTER Adapter)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;

    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.MiniportAdapterContext = Adapter;
    registration.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                                  NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER;
    registration.InterfaceType = NdisInterfacePci;
    return NdisMSetMiniportAttributes(Adapter->MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
}

static NDIS_STATUS
NcSetGeneral(PNC_ADAPTER Adapter)
{
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;

    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.MediaType = NdisMedium802_3;
    general.PhysicalMediumType = NdisPhysicalMedium802_3;
    general.MtuSize = NC_MTU;
    general.MaxXmitLinkSpeed = NC_LINK_SPEED;
    general.XmitLinkSpeed = NC_LINK_SPEED;
    general.MaxRcvLinkSpeed = NC_LINK_SPEED;
    general.RcvLinkSpeed = NC_LINK_SPEED;
    general.MediaConnectState = Adapter->LinkUp ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = NC_MTU;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
                         NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA;
    general.SupportedPacketFilters = NC_PACKET_FILTERS;
    general.MaxMulticastListSize = NC_MAX_MULTICAST;
    general.MacAddressLength = NC_ADDRESS_LENGTH;
    NdisMoveMemory(general.PermanentMacAddress, Adapter->Address, NC_ADDRESS_LENGTH);
    NdisMoveMemory(general.CurrentMacAddress, Adapter->Address, NC_ADDRESS_LENGTH);
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.IfConnectorPresent = TRUE;
    general.SupportedStatistics = NC_STATISTICS;
    general.SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)NcSupportedOids;
    general.SupportedOidListLength = NcSupportedOidsLength;
    return NdisMSetMiniportAttributes(Adapter->MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

VOID
NcIndicateLink(PNC_ADAPTER Adapter)
{
    NDIS_STATUS_INDICATION indication;
    NDIS_LINK_STATE state;
    BOOLEAN up = (NcRead(Adapter, NC_REG_STATUS) & NC_STATUS_LINK) != 0;

    NdisZeroMemory(&state, sizeof(state));
    state.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    state.Header.Revision = NDIS_LINK_STATE_REVISION_1;
    state.Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1;
    state.MediaConnectState = up ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    state.MediaDuplexState = MediaDuplexStateFull;
    state.XmitLinkSpeed = NC_LINK_SPEED;
    state.RcvLinkSpeed = NC_LINK_SPEED;
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
