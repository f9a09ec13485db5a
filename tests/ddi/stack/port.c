/* SPDX-License-Identifier: MIT */
/* port.c - the miniport: completes sends and requests at once, or holds them when a test asks for it. */
#include "stack.h"

NDIS_HANDLE StackPort;
NDIS_HANDLE StackMiniportDriver;
ULONG StackPower, StackHaltAction;
#ifdef STACK_OLDER
#define PORT_MINOR 1
#else
#define PORT_MINOR 85
#endif

STACK_PM StackPm;
STACK_INTERFACES StackInterfaces;
volatile LONG StackHoldsSends, StackHangs, StackResetPends;

static NDIS_SPIN_LOCK Lock;
static PNET_BUFFER_LIST Held;
static PNDIS_OID_REQUEST HeldRequest, HeldDirect;

static const NDIS_OID Oids[] = {
    OID_GEN_SUPPORTED_LIST, OID_GEN_HARDWARE_STATUS, OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_VENDOR_ID, OID_STACK_PENDS,
    OID_STACK_FAILS,        OID_STACK_SHORT,
};

static NDIS_STATUS NTAPI
PortInitialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
               PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    static const UCHAR address[6] = { 2, 0, 0, 0, 0, 9 };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_PM_CAPABILITIES power;
    NDIS_PNP_CAPABILITIES older;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportDriverContext);
    StackInterfaces.Port = MiniportInitParameters->NetLuid;
    StackInterfaces.PortIndex = MiniportInitParameters->IfIndex;
    NdisAllocateSpinLock(&Lock);
    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    CHECK(NdisMSetMiniportAttributes(NdisMiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration) ==
          NDIS_STATUS_BAD_VERSION); /* revision 0 */
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.MiniportAdapterContext = (NDIS_HANDLE)&StackPort;
    registration.AttributeFlags =
        NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK | NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    registration.InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(NdisMiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.MediaType = NdisMedium802_3;
    general.MtuSize = 1500;
    general.MaxXmitLinkSpeed = general.XmitLinkSpeed = general.MaxRcvLinkSpeed = general.RcvLinkSpeed = 1000000000;
    general.MediaConnectState = MediaConnectStateConnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = 1500;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK;
    general.SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST |
                                     NDIS_PACKET_TYPE_PROMISCUOUS | NDIS_PACKET_TYPE_ALL_MULTICAST;
    general.MaxMulticastListSize = 8;
    general.MacAddressLength = sizeof(address);
    NdisMoveMemory(general.PermanentMacAddress, address, sizeof(address));
    NdisMoveMemory(general.CurrentMacAddress, address, sizeof(address));
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)Oids;
    general.SupportedOidListLength = sizeof(Oids);
    NdisZeroMemory(&power, sizeof(power));
    power.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    power.Header.Revision = NDIS_PM_CAPABILITIES_REVISION_2;
    power.Header.Size = NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2;
    power.SupportedWoLPacketPatterns = NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED | NDIS_PM_WOL_BITMAP_PATTERN_SUPPORTED;
    power.Flags = NDIS_PM_SELECTIVE_SUSPEND_SUPPORTED;
    power.NumTotalWoLPatterns = 4;
    power.MaxWoLPatternSize = 128;
    power.SupportedProtocolOffloads = NDIS_PM_PROTOCOL_OFFLOAD_ARP_SUPPORTED;
    power.NumArpOffloadIPv4Addresses = 1;
    power.MinMagicPacketWakeUp = power.MinPatternWakeUp = NdisDeviceStateD3;
    NdisZeroMemory(&older, sizeof(older));
    older.WakeUpCapabilities.MinMagicPacketWakeUp = older.WakeUpCapabilities.MinPatternWakeUp = NdisDeviceStateD3;
    if (PORT_MINOR >= 20)
        general.PowerManagementCapabilitiesEx = &power;
    else
        general.PowerManagementCapabilities = &older;
    StackPm.PatternsMax = 4;
    StackPm.Patterns = StackPm.Offloads = 0;
    status = NdisMSetMiniportAttributes(NdisMiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
    if (status == NDIS_STATUS_SUCCESS) {
        NdisWriteErrorLogEntry(NdisMiniportHandle, NDIS_ERROR_CODE_DRIVER_FAILURE, 2, 0x1234, 0x5678);
        StackPort = NdisMiniportHandle;
    }
    return status;
}

static VOID NTAPI
PortHalt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    StackHaltAction = HaltAction;
    StackPort = NULL;
    NdisFreeSpinLock(&Lock);
    InterlockedIncrement(&Seen.PortHalts);
}

static VOID NTAPI
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(StackProtocolDriver);
    NdisFDeregisterFilterDriver(DdiFilterDriver);
    NdisMDeregisterMiniportDriver(StackMiniportDriver);
}

static VOID NTAPI
PausedLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisMPauseComplete(Context);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
PortPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(PauseParameters);
    StackLater(StackPort, PausedLater, StackPort);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
RestartedLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisMRestartComplete(Context, NDIS_STATUS_SUCCESS);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
PortRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(RestartParameters);
    StackLater(StackPort, RestartedLater, StackPort);
    return NDIS_STATUS_PENDING;
}

/* It keeps so many patterns; identifiers are NDIS's (documented). */
static NDIS_STATUS
AnswerPm(PNDIS_OID_REQUEST Request)
{
    PVOID buffer = Request->DATA.SET_INFORMATION.InformationBuffer;

    switch (Request->DATA.SET_INFORMATION.Oid) {
    case OID_PM_PARAMETERS:
        StackPm.Parameters = *(PNDIS_PM_PARAMETERS)buffer;
        StackPm.Powers = Seen.PortPowers;
        StackPm.ParametersSets++;
        break;
    case OID_PNP_ENABLE_WAKE_UP:
        StackPm.WakeUp = *(PULONG)buffer;
        StackPm.Powers = Seen.PortPowers;
        StackPm.ParametersSets++;
        break;
    case OID_PM_ADD_WOL_PATTERN:
        if (StackPm.Patterns >= StackPm.PatternsMax)
            return NDIS_STATUS_PM_WOL_PATTERN_LIST_FULL;
        StackPm.Patterns++;
        StackPm.AddedId = ((PNDIS_PM_WOL_PATTERN)buffer)->PatternId;
        break;
    case OID_PM_REMOVE_WOL_PATTERN:
        StackPm.Patterns--;
        StackPm.RemovedId = *(PULONG)buffer;
        break;
    case OID_PM_ADD_PROTOCOL_OFFLOAD:
        StackPm.Offloads++;
        StackPm.AddedId = ((PNDIS_PM_PROTOCOL_OFFLOAD)buffer)->ProtocolOffloadId;
        break;
    case OID_PM_REMOVE_PROTOCOL_OFFLOAD:
        StackPm.Offloads--;
        StackPm.RemovedId = *(PULONG)buffer;
        break;
    case OID_PM_GET_PROTOCOL_OFFLOAD:
        CHECK(*(PULONG)buffer == StackPm.AddedId);
        return NDIS_STATUS_FAILURE; /* it remembers none */
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
Answer(PNDIS_OID_REQUEST Request)
{
    NDIS_STATISTICS_INFO statistics;
    ULONG value = 0x554e44;

    switch (Request->DATA.QUERY_INFORMATION.Oid) {
    case OID_STACK_FAILS:
        return NDIS_STATUS_INVALID_DATA;
    case OID_STACK_SHORT:
        Request->DATA.QUERY_INFORMATION.BytesNeeded = 100;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    case OID_GEN_VENDOR_ID:
        if (Request->RequestType == NdisRequestSetInformation)
            return NDIS_STATUS_INVALID_OID;
        NdisMoveMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, &value, sizeof(value));
        Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(value);
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_STATISTICS:
        if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < sizeof(statistics))
            return NDIS_STATUS_BUFFER_TOO_SHORT;
        NdisZeroMemory(&statistics, sizeof(statistics));
        statistics.ifHCOutOctets = 0x100000007ULL;
        statistics.ifInErrors = 3;
        NdisMoveMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, &statistics, sizeof(statistics));
        Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(statistics);
        return NDIS_STATUS_SUCCESS;
    case OID_PNP_SET_POWER:
        StackPower = *(ULONG *)Request->DATA.SET_INFORMATION.InformationBuffer;
        InterlockedIncrement(&Seen.PortPowers);
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_CURRENT_PACKET_FILTER:
        InterlockedIncrement(&Seen.PortFilters);
        Request->DATA.SET_INFORMATION.BytesRead = sizeof(ULONG);
        return NDIS_STATUS_SUCCESS;
    default:
        return AnswerPm(Request);
    }
}

static NDIS_STATUS NTAPI
PortOid(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    if (OidRequest->DATA.QUERY_INFORMATION.Oid != OID_STACK_PENDS)
        return Answer(OidRequest);
    HeldRequest = OidRequest;
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS NTAPI
PortDirectOid(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.PortDirects);
    if (OidRequest->DATA.QUERY_INFORMATION.Oid != OID_STACK_PENDS)
        return Answer(OidRequest);
    HeldDirect = OidRequest;
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS NTAPI
PortSynchronousOid(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.PortSynchronous);
    return Answer(OidRequest);
}

VOID
PortCompleteHeld(NDIS_STATUS Status)
{
    PNDIS_OID_REQUEST request = InterlockedExchangePointer((PVOID *)&HeldRequest, NULL);
    PNDIS_OID_REQUEST direct = InterlockedExchangePointer((PVOID *)&HeldDirect, NULL);

    if (request != NULL)
        NdisMOidRequestComplete(StackPort, request, Status);
    if (direct != NULL)
        NdisMDirectOidRequestComplete(StackPort, direct, Status);
}

static VOID NTAPI
PortCancelOid(NDIS_HANDLE MiniportAdapterContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(RequestId);
    InterlockedIncrement(&Seen.PortCancelOids);
    PortCompleteHeld(NDIS_STATUS_REQUEST_ABORTED);
}

static VOID NTAPI
PortSend(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
         ULONG SendFlags)
{
    PNET_BUFFER_LIST nbl;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(PortNumber);
    InterlockedIncrement(&Seen.PortSends);
    StackPowerAtSend = StackPower;
    if (StackHoldsSends) {
        Held = NetBufferList;
        return;
    }
    for (nbl = NetBufferList; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_SUCCESS;
    NdisMSendNetBufferListsComplete(
        StackPort, NetBufferList,
        NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0);
}

PNET_BUFFER_LIST
PortTakeHeld(VOID)
{
    return InterlockedExchangePointer((PVOID *)&Held, NULL);
}

static VOID NTAPI
PortCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    PNET_BUFFER_LIST nbl = PortTakeHeld();

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.PortCancelSends);
    if (nbl == NULL)
        return;
    CHECK(NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl) == CancelId);
    NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_SEND_ABORTED;
    NdisMSendNetBufferListsComplete(StackPort, nbl, 0);
}

static VOID NTAPI
PortReturn(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetBufferLists);
    UNREFERENCED_PARAMETER(ReturnFlags);
    InterlockedIncrement(&Seen.PortReturns);
}

static BOOLEAN NTAPI
PortCheck(NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL); /* documented */
    InterlockedIncrement(&Seen.PortChecks);
    return InterlockedExchange(&StackHangs, FALSE) != FALSE;
}

static VOID NTAPI
ResetLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisMResetComplete(Context, NDIS_STATUS_SUCCESS, TRUE);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
PortReset(NDIS_HANDLE MiniportAdapterContext, PBOOLEAN AddressingReset)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.PortResets);
    *AddressingReset = FALSE;
    if (!StackResetPends)
        return NDIS_STATUS_SUCCESS;
    StackLater(StackPort, ResetLater, StackPort);
    return NDIS_STATUS_PENDING;
}

static VOID NTAPI
PortDevicePnP(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

static VOID NTAPI
PortShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}

static NDIS_STATUS NTAPI
AddDevice(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext)
{
    UNREFERENCED_PARAMETER(NdisMiniportHandle);
    UNREFERENCED_PARAMETER(MiniportDriverContext);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
RemoveDevice(NDIS_HANDLE MiniportAddDeviceContext)
{
    UNREFERENCED_PARAMETER(MiniportAddDeviceContext);
}

static NDIS_STATUS NTAPI
DeviceIrp(NDIS_HANDLE MiniportAddDeviceContext, PIRP Irp)
{
    UNREFERENCED_PARAMETER(MiniportAddDeviceContext);
    UNREFERENCED_PARAMETER(Irp);
    return NDIS_STATUS_SUCCESS;
}

volatile LONG StackIdleMode, StackIdles, StackIdleCancels, StackIdlesForced;
ULONG StackPowerAtSend;

static VOID NTAPI
ConfirmLater(PVOID Context, NDIS_HANDLE Item)
{
    NdisMIdleNotificationConfirm(Context, NdisDeviceStateD2);
    NdisFreeIoWorkItem(Item);
}

static NDIS_STATUS NTAPI
PortIdle(NDIS_HANDLE MiniportAdapterContext, BOOLEAN ForceIdle)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    InterlockedIncrement(&StackIdles);
    if (ForceIdle)
        InterlockedIncrement(&StackIdlesForced);
    switch (StackIdleMode) {
    case StackIdleConfirms:
        NdisMIdleNotificationConfirm(StackPort, NdisDeviceStateD2);
        CHECK(StackPower == NdisDeviceStateD2); /* documented: when the call returns, it is done */
        return NDIS_STATUS_PENDING;
    case StackIdleConfirmsLater:
        StackLater(StackPort, ConfirmLater, StackPort);
        return NDIS_STATUS_PENDING;
    default:
        return NDIS_STATUS_BUSY;
    }
}

static VOID NTAPI
PortCancelIdle(NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    InterlockedIncrement(&StackIdleCancels);
    NdisMIdleNotificationComplete(StackPort);
}

static VOID
SetIdleHandlers(NDIS_HANDLE NdisDriverHandle)
{
    NDIS_MINIPORT_SS_CHARACTERISTICS idle;

    NdisZeroMemory(&idle, sizeof(idle));
    idle.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_SS_CHARACTERISTICS;
    idle.Header.Revision = NDIS_MINIPORT_SS_CHARACTERISTICS_REVISION_1;
    idle.Header.Size = NDIS_SIZEOF_MINIPORT_SS_CHARACTERISTICS_REVISION_1;
    idle.IdleNotificationHandler = PortIdle;
    CHECK(NdisSetOptionalHandlers(NdisDriverHandle, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&idle) ==
          NDIS_STATUS_BAD_CHARACTERISTICS); /* one without the other */
    idle.CancelIdleNotificationHandler = PortCancelIdle;
    CHECK(NdisSetOptionalHandlers(NdisDriverHandle, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&idle) == NDIS_STATUS_SUCCESS);
}

static NDIS_STATUS NTAPI
PortSetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    NDIS_MINIPORT_PNP_CHARACTERISTICS pnp;
    NDIS_OBJECT_HEADER nonsense = { 0xee, 1, sizeof(NDIS_OBJECT_HEADER) };

    UNREFERENCED_PARAMETER(DriverContext);
    CHECK(NdisSetOptionalHandlers(NdisDriverHandle, &nonsense) == NDIS_STATUS_NOT_SUPPORTED);
    SetIdleHandlers(NdisDriverHandle);
    NdisZeroMemory(&pnp, sizeof(pnp));
    pnp.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS;
    pnp.Header.Revision = NDIS_MINIPORT_PNP_CHARACTERISTICS_REVISION_1;
    pnp.Header.Size = NDIS_SIZEOF_MINIPORT_PNP_CHARACTERISTICS_REVISION_1;
    pnp.MiniportAddDeviceHandler = AddDevice;
    pnp.MiniportRemoveDeviceHandler = RemoveDevice;
    pnp.MiniportFilterResourceRequirementsHandler = DeviceIrp;
    pnp.MiniportStartDeviceHandler = DeviceIrp;
    return NdisSetOptionalHandlers(NdisDriverHandle, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&pnp);
}

NDIS_STATUS
PortRegister(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3;
    chars.MajorNdisVersion = 9;
    CHECK(NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &StackMiniportDriver) ==
          NDIS_STATUS_BAD_VERSION);
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = PORT_MINOR;
    chars.SetOptionsHandler = PORT_MINOR >= 20 ? PortSetOptions : NULL;
    chars.InitializeHandlerEx = PortInitialize;
    chars.HaltHandlerEx = PortHalt;
    chars.UnloadHandler = Unload;
    chars.PauseHandler = PortPause;
    chars.RestartHandler = PortRestart;
    chars.OidRequestHandler = PortOid;
    chars.SendNetBufferListsHandler = PortSend;
    chars.ReturnNetBufferListsHandler = PortReturn;
    chars.CancelSendHandler = PortCancelSend;
    chars.DevicePnPEventNotifyHandler = PortDevicePnP;
    chars.CheckForHangHandlerEx = PortCheck;
    chars.ResetHandlerEx = PortReset;
    chars.ShutdownHandlerEx = PortShutdown;
    chars.CancelOidRequestHandler = PortCancelOid;
    chars.DirectOidRequestHandler = PortDirectOid;
    chars.CancelDirectOidRequestHandler = PortCancelOid;
    chars.SynchronousOidRequestHandler = PortSynchronousOid;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &StackMiniportDriver);
}
