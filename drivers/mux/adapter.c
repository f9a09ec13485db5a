/* SPDX-License-Identifier: MIT */
/*
 * adapter.c - the miniport edge: a virtual adapter from initialize to halt, and the state of its link.
 *
 * Model: NDIS calls MuxInitializeEx inside NdisIMInitializeDeviceInstanceEx, or later, when an administrator disabled
 * the virtual adapter and enables it again. What it is, the port knows; so there is no configuration to read.
 */
#include "ndis6.h"

static NDIS_STATUS MuxCreatePool(PMUX_PORT Port);
static NDIS_STATUS MuxSetAttributes(PMUX_PORT Port);

NDIS_STATUS
EdgeInitializePort(PMUX_PORT Port)
{
    return NdisIMInitializeDeviceInstanceEx(MuxMiniportHandle, &Port->Name, Port);
}

/* Handle NULL: an administrator has disabled it, or it never came up. */
VOID
EdgeDeinitializePort(PMUX_PORT Port, NDIS_HANDLE Handle)
{
    if (Handle != NULL)
        NdisIMDeInitializeDeviceInstance(Handle);
    else
        NdisIMCancelInitializeDeviceInstance(MuxMiniportHandle, &Port->Name);
}

_Use_decl_annotations_
NDIS_STATUS
MuxInitializeEx(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
                PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    PMUX_PORT port = MuxFindPort(MiniportInitParameters->IMDeviceInstanceContext);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportDriverContext);

    if (port == NULL) /* nothing is below it */
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    port->Handle = NdisMiniportHandle;
    port->State = MuxPaused;
    status = MuxSetAttributes(port);
    if (status == NDIS_STATUS_SUCCESS)
        status = MuxCreatePool(port);
    if (status == NDIS_STATUS_SUCCESS)
        status = MuxAllocateFrames(port);
    if (status != NDIS_STATUS_SUCCESS)
        MuxHaltEx(port, NdisHaltDeviceInitializationFailed);
    return status;
}

_Use_decl_annotations_
VOID
MuxHaltEx(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    PMUX_PORT port = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(HaltAction);

    MuxHalt(port);
    if (port->Edge != NULL)
        NdisFreeNetBufferListPool(port->Edge);
    port->Edge = NULL;
}

_Use_decl_annotations_
NDIS_STATUS
MuxPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(PauseParameters);

    MuxStop(MiniportAdapterContext);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
NDIS_STATUS
MuxRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    PMUX_PORT port = MiniportAdapterContext;
    PMUX_LOWER lower = port->Lower;
    BOOLEAN connected;
    ULONG64 speed;
    KIRQL irql;

    UNREFERENCED_PARAMETER(RestartParameters);

    MuxStart(port);
    KeAcquireSpinLock(&lower->Lock, &irql);
    connected = lower->Running && lower->Connected;
    speed = lower->Speed;
    KeReleaseSpinLock(&lower->Lock, irql);
    EdgeIndicateLink(port, connected, speed);
    return NDIS_STATUS_SUCCESS;
}

/* There is no hardware to silence. May run at any IRQL after a crash and touches nothing. */
_Use_decl_annotations_
VOID
MuxShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}

/* Surprise removal and power source changes: pause and halt do what is needed. */
_Use_decl_annotations_
VOID
MuxDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

static NDIS_STATUS
MuxCreatePool(PMUX_PORT Port)
{
    NET_BUFFER_LIST_POOL_PARAMETERS pool;

    NdisZeroMemory(&pool, sizeof(pool));
    pool.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    pool.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    pool.fAllocateNetBuffer = TRUE;
    pool.PoolTag = MUX_TAG;
    Port->Edge = NdisAllocateNetBufferListPool(Port->Handle, &pool);
    return Port->Edge != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

/* First the registration attributes, which tell NDIS the context, then what the adapter is. */
static NDIS_STATUS
MuxSetAttributes(PMUX_PORT Port)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_STATUS status;

    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.MiniportAdapterContext = Port;
    registration.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                                  NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    registration.InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(Port->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1;
    general.MediaType = NdisMedium802_3;
    general.PhysicalMediumType = NdisPhysicalMediumUnspecified;
    general.MtuSize = Port->Lower->Mtu;
    general.MaxXmitLinkSpeed = general.XmitLinkSpeed = Port->Lower->Speed;
    general.MaxRcvLinkSpeed = general.RcvLinkSpeed = Port->Lower->Speed;
    general.MediaConnectState = Port->Lower->Connected ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = Port->Lower->Mtu;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
                         NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA;
    general.SupportedPacketFilters = MUX_PACKET_FILTERS;
    general.MaxMulticastListSize = MUX_MULTICAST_MAX;
    general.MacAddressLength = MUX_ADDRESS;
    NdisMoveMemory(general.PermanentMacAddress, Port->Address, MUX_ADDRESS);
    NdisMoveMemory(general.CurrentMacAddress, Port->Address, MUX_ADDRESS);
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.IfConnectorPresent = FALSE;
    general.SupportedStatistics = MUX_STATISTICS_FLAGS;
    general.SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)MuxOids;
    general.SupportedOidListLength = MuxOidsLength;
    return NdisMSetMiniportAttributes(Port->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

VOID
EdgeIndicateLink(PMUX_PORT Port, BOOLEAN Connected, ULONG64 Speed)
{
    NDIS_STATUS_INDICATION indication;
    NDIS_LINK_STATE state;

    NdisZeroMemory(&state, sizeof(state));
    state.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    state.Header.Revision = NDIS_LINK_STATE_REVISION_1;
    state.Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1;
    state.MediaConnectState = Connected ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    state.MediaDuplexState = MediaDuplexStateFull;
    state.XmitLinkSpeed = Speed;
    state.RcvLinkSpeed = Speed;
    state.PauseFunctions = NdisPauseFunctionsUnsupported;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = Port->Handle;
    indication.StatusCode = NDIS_STATUS_LINK_STATE;
    indication.StatusBuffer = &state;
    indication.StatusBufferSize = sizeof(state);
    NdisMIndicateStatusEx(Port->Handle, &indication);
}
