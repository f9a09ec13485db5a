/* SPDX-License-Identifier: MIT */
/*
 * miniport.c - the miniport that is right, and the choice of what stands in for which of its handlers; see
 * rules_miniport.h.
 */
#include "rules_miniport.h"

#include "../../../drivers/netcard/registers.h"

DRIVER_INITIALIZE DriverEntry;
static MINIPORT_UNLOAD Unload;
static SET_OPTIONS SetOptions;
static MINIPORT_IDLE_NOTIFICATION Idle;
static MINIPORT_CANCEL_IDLE_NOTIFICATION CancelIdleAsChosen;
static MINIPORT_INITIALIZE Initialize;
static MINIPORT_HALT HaltAsChosen;
static MINIPORT_PAUSE PauseAsChosen;
static MINIPORT_OID_REQUEST OidAsChosen;
static MINIPORT_RESET ResetAsChosen;
static MINIPORT_RESTART Restart;
static MINIPORT_SHUTDOWN Shutdown;
static MINIPORT_DEVICE_PNP_EVENT_NOTIFY DevicePnPEvent;
static MINIPORT_CANCEL_OID_REQUEST CancelOid;
static MINIPORT_SEND_NET_BUFFER_LISTS Send;
static MINIPORT_CANCEL_SEND CancelSend;
static MINIPORT_RETURN_NET_BUFFER_LISTS Return;

static const RULES_CHANGE Nothing;

#define RULE(name, id) &Break##name, &Keep##name,
static const RULES_CHANGE *const Changes[] = {
    &Nothing,
#include "rules_miniport.def"
};
#undef RULE

static const RULES_CHANGE *Change; /* const after Initialize */
static NDIS_HANDLE DriverHandle;
static LONG Ran;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.InitializeHandlerEx = Initialize;
    chars.HaltHandlerEx = HaltAsChosen;
    chars.UnloadHandler = Unload;
    chars.PauseHandler = PauseAsChosen;
    chars.RestartHandler = Restart;
    chars.ShutdownHandlerEx = Shutdown;
    chars.DevicePnPEventNotifyHandler = DevicePnPEvent;
    chars.OidRequestHandler = OidAsChosen;
    chars.CancelOidRequestHandler = CancelOid;
    chars.SendNetBufferListsHandler = Send;
    chars.CancelSendHandler = CancelSend;
    chars.ReturnNetBufferListsHandler = Return;
    chars.ResetHandlerEx = ResetAsChosen;
    chars.SetOptionsHandler = SetOptions;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &DriverHandle);
}

/* ------------------------------------------------------------------ selective suspend */

/* At once: no bus has to be asked. */
_Use_decl_annotations_ static NDIS_STATUS
Idle(NDIS_HANDLE MiniportAdapterContext, BOOLEAN ForceIdle)
{
    PADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(ForceIdle);

    NdisMIdleNotificationConfirm(adapter->Handle, NdisDeviceStateD3);
    return NDIS_STATUS_PENDING;
}

_Use_decl_annotations_ static VOID
CancelIdleAsChosen(NDIS_HANDLE MiniportAdapterContext)
{
    Change->CancelIdle(MiniportAdapterContext);
}

_Use_decl_annotations_ static NDIS_STATUS
SetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    NDIS_MINIPORT_SS_CHARACTERISTICS idle;

    UNREFERENCED_PARAMETER(DriverContext);

    NdisZeroMemory(&idle, sizeof(idle));
    idle.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_SS_CHARACTERISTICS;
    idle.Header.Revision = NDIS_MINIPORT_SS_CHARACTERISTICS_REVISION_1;
    idle.Header.Size = NDIS_SIZEOF_MINIPORT_SS_CHARACTERISTICS_REVISION_1;
    idle.IdleNotificationHandler = Idle;
    idle.CancelIdleNotificationHandler = CancelIdleAsChosen;
    return NdisSetOptionalHandlers(NdisDriverHandle, (PNDIS_DRIVER_OPTIONAL_HANDLERS)&idle);
}

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisMDeregisterMiniportDriver(DriverHandle);
}

/* ------------------------------------------------------------------ the choice */

/* Keyword Choice of the adapter, a number; absent means 0. */
static NDIS_STATUS
Choose(NDIS_HANDLE Handle)
{
    NDIS_STRING keyword = RTL_CONSTANT_STRING(L"Choice");
    NDIS_CONFIGURATION_OBJECT object;
    PNDIS_CONFIGURATION_PARAMETER parameter;
    NDIS_HANDLE configuration;
    NDIS_STATUS status;
    ULONG choice = 0;

    NdisZeroMemory(&object, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1;
    object.Header.Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1;
    object.NdisHandle = Handle;
    status = NdisOpenConfigurationEx(&object, &configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisReadConfiguration(&status, &parameter, configuration, &keyword, NdisParameterInteger);
    if (status == NDIS_STATUS_SUCCESS)
        choice = parameter->ParameterData.IntegerData;
    NdisCloseConfiguration(configuration);
    if (choice >= sizeof(Changes) / sizeof(Changes[0]))
        return NDIS_STATUS_FAILURE;
    Change = Changes[choice];
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ static VOID
HaltAsChosen(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    (Change->Halt != NULL ? Change->Halt : Halt)(MiniportAdapterContext, HaltAction);
}

_Use_decl_annotations_ static NDIS_STATUS
PauseAsChosen(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    return (Change->Pause != NULL ? Change->Pause : Pause)(MiniportAdapterContext, PauseParameters);
}

_Use_decl_annotations_ static NDIS_STATUS
OidAsChosen(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    return (Change->Oid != NULL ? Change->Oid : Oid)(MiniportAdapterContext, OidRequest);
}

_Use_decl_annotations_ static NDIS_STATUS
ResetAsChosen(NDIS_HANDLE MiniportAdapterContext, PBOOLEAN AddressingReset)
{
    return (Change->Reset != NULL ? Change->Reset : Reset)(MiniportAdapterContext, AddressingReset);
}

/* ------------------------------------------------------------------ initialize and halt */

static const NDIS_OID Supported[] = {
    OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_CURRENT_LOOKAHEAD, OID_GEN_STATISTICS,
    OID_802_3_MULTICAST_LIST,      OID_PNP_SET_POWER,         OID_PNP_QUERY_POWER,
};

/* The registers among Resources; NULL: the INF names no card. */
static const CM_PARTIAL_RESOURCE_DESCRIPTOR *
FindRegisters(PNDIS_RESOURCE_LIST Resources)
{
    ULONG i;

    for (i = 0; Resources != NULL && i < Resources->Count; i++)
        if (Resources->PartialDescriptors[i].Type == CmResourceTypeMemory)
            return &Resources->PartialDescriptors[i];
    return NULL;
}

static NDIS_STATUS
MapRegisters(PADAPTER Adapter, const CM_PARTIAL_RESOURCE_DESCRIPTOR *Registers)
{
    PVOID mapped;
    NDIS_STATUS status;

    if (Registers == NULL)
        return NDIS_STATUS_SUCCESS;
    status = NdisMMapIoSpace(&mapped, Adapter->Handle, Registers->u.Memory.Start, Registers->u.Memory.Length);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    Adapter->Registers = mapped;
    Adapter->RegistersLength = Registers->u.Memory.Length;
    MaskInterrupts(Adapter);
    return NDIS_STATUS_SUCCESS;
}

VOID
MaskInterrupts(PADAPTER Adapter)
{
    if (Adapter->Registers != NULL)
        WRITE_REGISTER_ULONG(&Adapter->Registers[NC_REG_MASK], 0);
}

static NDIS_STATUS
Register(PADAPTER Adapter, BOOLEAN Hardware)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;

    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.MiniportAdapterContext = Adapter;
    registration.AttributeFlags =
        NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK | NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    if (Hardware)
        registration.AttributeFlags |= NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE;
    registration.InterfaceType = Hardware ? NdisInterfacePci : NdisInterfaceInternal;
    return NdisMSetMiniportAttributes(Adapter->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
}

NDIS_STATUS
Describe(PADAPTER Adapter)
{
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_PM_CAPABILITIES power;

    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.MediaType = NdisMedium802_3;
    general.PhysicalMediumType = NdisPhysicalMediumUnspecified;
    general.MtuSize = 1500;
    general.LookaheadSize = 1500;
    general.MaxXmitLinkSpeed = general.XmitLinkSpeed = LINK_SPEED;
    general.MaxRcvLinkSpeed = general.RcvLinkSpeed = LINK_SPEED;
    general.MediaConnectState = MediaConnectStateConnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.MacOptions = NDIS_MAC_OPTION_NO_LOOPBACK;
    general.SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_PROMISCUOUS;
    general.MacAddressLength = 6;
    general.PermanentMacAddress[0] = general.CurrentMacAddress[0] = 2; /* locally administered */
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    if (Change->CancelIdle != NULL) {
        NdisZeroMemory(&power, sizeof(power));
        power.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
        power.Header.Revision = NDIS_PM_CAPABILITIES_REVISION_2;
        power.Header.Size = NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2;
        power.Flags = NDIS_PM_SELECTIVE_SUSPEND_SUPPORTED;
        general.PowerManagementCapabilitiesEx = &power;
    }
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)Supported;
    general.SupportedOidListLength = sizeof(Supported);
    return NdisMSetMiniportAttributes(Adapter->Handle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

static NDIS_STATUS
CreateFrame(PADAPTER Adapter)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = RULES_TAG;
    Adapter->Frame[0] = 2; /* locally administered; from nobody, of a type nobody has */
    Adapter->Frame[6] = 2;
    Adapter->Frame[12] = 0x88;
    Adapter->Frame[13] = 0xb5;
    Adapter->Pool = NdisAllocateNetBufferListPool(Adapter->Handle, &parameters);
    Adapter->Mdl = NdisAllocateMdl(Adapter->Handle, Adapter->Frame, OWN_FRAME);
    Adapter->WorkItem = NdisAllocateIoWorkItem(Adapter->Handle);
    if (Adapter->Pool == NULL || Adapter->Mdl == NULL || Adapter->WorkItem == NULL)
        return NDIS_STATUS_RESOURCES;
    Adapter->Own = NdisAllocateNetBufferAndNetBufferList(Adapter->Pool, 0, 0, Adapter->Mdl, 0, OWN_FRAME);
    if (Adapter->Own == NULL)
        return NDIS_STATUS_RESOURCES;
    Adapter->Own->SourceHandle = Adapter->Handle;
    return NDIS_STATUS_SUCCESS;
}

VOID
AdapterFree(PADAPTER Adapter)
{
    if (Adapter->Own != NULL)
        NdisFreeNetBufferList(Adapter->Own);
    if (Adapter->Mdl != NULL)
        NdisFreeMdl(Adapter->Mdl);
    if (Adapter->Pool != NULL)
        NdisFreeNetBufferListPool(Adapter->Pool);
    if (Adapter->WorkItem != NULL)
        NdisFreeIoWorkItem(Adapter->WorkItem);
    if (Adapter->Registers != NULL)
        NdisMUnmapIoSpace(Adapter->Handle, (PVOID)Adapter->Registers, Adapter->RegistersLength);
    OutFree(&Adapter->Out);
    NdisFreeMemory(Adapter, 0, 0);
}

_Use_decl_annotations_ static NDIS_STATUS
Initialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
           PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    PADAPTER adapter =
        NdisAllocateMemoryWithTagPriority(NdisMiniportHandle, sizeof(*adapter), RULES_TAG, NormalPoolPriority);
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *registers = FindRegisters(MiniportInitParameters->AllocatedResources);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportDriverContext);

    if (adapter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->Handle = NdisMiniportHandle;
    OutInitialize(&adapter->Out);
    status = Register(adapter, registers != NULL);
    if (status == NDIS_STATUS_SUCCESS)
        status = MapRegisters(adapter, registers);
    if (status == NDIS_STATUS_SUCCESS)
        status = Choose(NdisMiniportHandle);
    if (status == NDIS_STATUS_SUCCESS)
        status = (Change->Describe != NULL ? Change->Describe : Describe)(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = CreateFrame(adapter);
    if (status == NDIS_STATUS_SUCCESS && Change->Initialized != NULL)
        status = Change->Initialized(adapter);
    if (status != NDIS_STATUS_SUCCESS)
        AdapterFree(adapter);
    return status;
}

_Use_decl_annotations_ VOID
Halt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    PADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(HaltAction);

    Release(adapter, NDIS_STATUS_REQUEST_ABORTED);
    if (adapter->Port != NDIS_DEFAULT_PORT_NUMBER)
        NdisMFreePort(adapter->Handle, adapter->Port);
    if (adapter->Poll != NULL)
        NdisDeregisterPoll(adapter->Poll);
    AdapterFree(adapter);
}

_Use_decl_annotations_ static VOID
Shutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}

_Use_decl_annotations_ static VOID
DevicePnPEvent(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

/* ------------------------------------------------------------------ restart and pause */

_Use_decl_annotations_ static NDIS_STATUS
Restart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(RestartParameters);

    OutRun(&((PADAPTER)MiniportAdapterContext)->Out);
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ NDIS_STATUS
Pause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(PauseParameters);

    return OutPause(&((PADAPTER)MiniportAdapterContext)->Out);
}

/* The last may complete a pause; the adapter is not touched after it. */
static VOID
IsBack(PADAPTER Adapter)
{
    NDIS_HANDLE handle = Adapter->Handle;

    if (OutBack(&Adapter->Out))
        NdisMPauseComplete(handle);
}

/* ------------------------------------------------------------------ frames */

_Use_decl_annotations_ static VOID
Send(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    PADAPTER adapter = MiniportAdapterContext;
    NDIS_STATUS status = OutMayGo(&adapter->Out) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PAUSED;
    PNET_BUFFER_LIST nbl;

    UNREFERENCED_PARAMETER(PortNumber);

    for (nbl = NetBufferList; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        NET_BUFFER_LIST_STATUS(nbl) = status;
    NdisMSendNetBufferListsComplete(
        adapter->Handle, NetBufferList,
        NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0);
    if (status != NDIS_STATUS_SUCCESS)
        return;
    if (Change->Running != NULL && KeGetCurrentIrql() == PASSIVE_LEVEL && InterlockedExchange(&Ran, 1) == 0)
        Change->Running(adapter);
    IsBack(adapter);
}

/* No send waits here. */
_Use_decl_annotations_ static VOID
CancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
}

/* It is counted for the indication, too, which may return later than the frame. */
VOID
IndicateOwn(PADAPTER Adapter, NDIS_PORT_NUMBER Port)
{
    if (!OutMayGo(&Adapter->Out))
        return;
    OutGo(&Adapter->Out);
    NdisMIndicateReceiveNetBufferLists(Adapter->Handle, Adapter->Own, Port, 1, 0);
    IsBack(Adapter);
}

_Use_decl_annotations_ static VOID
Return(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    UNREFERENCED_PARAMETER(NetBufferLists); /* its own frame: there is no other */
    UNREFERENCED_PARAMETER(ReturnFlags);

    IsBack(MiniportAdapterContext);
}

/* ------------------------------------------------------------------ requests */

_Use_decl_annotations_ NDIS_STATUS
Oid(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    PADAPTER adapter = MiniportAdapterContext;

    if (OidRequest->RequestType == NdisRequestSetInformation) {
        switch (OidRequest->DATA.SET_INFORMATION.Oid) {
        case OID_GEN_CURRENT_PACKET_FILTER:
        case OID_GEN_CURRENT_LOOKAHEAD:
        case OID_802_3_MULTICAST_LIST:
        case OID_PNP_SET_POWER:
        case OID_PM_PARAMETERS:
            OidRequest->DATA.SET_INFORMATION.BytesRead = OidRequest->DATA.SET_INFORMATION.InformationBufferLength;
            return NDIS_STATUS_SUCCESS;
        default:
            return NDIS_STATUS_NOT_SUPPORTED;
        }
    }
    if (OidRequest->DATA.QUERY_INFORMATION.Oid == OID_PNP_QUERY_POWER)
        return NDIS_STATUS_SUCCESS;
    return OidRequest->DATA.QUERY_INFORMATION.Oid == OID_RULES_KEPT ? Keep(adapter, OidRequest)
                                                                    : NDIS_STATUS_NOT_SUPPORTED;
}

NDIS_STATUS
Keep(PADAPTER Adapter, PNDIS_OID_REQUEST Request)
{
    BOOLEAN kept;

    NdisAcquireSpinLock(&Adapter->Out.Lock);
    kept = Adapter->Kept == NULL;
    if (kept)
        Adapter->Kept = Request;
    NdisReleaseSpinLock(&Adapter->Out.Lock);
    return kept ? NDIS_STATUS_PENDING : NDIS_STATUS_NOT_SUPPORTED;
}

VOID
Release(PADAPTER Adapter, NDIS_STATUS Status)
{
    PNDIS_OID_REQUEST kept;

    NdisAcquireSpinLock(&Adapter->Out.Lock);
    kept = Adapter->Kept;
    Adapter->Kept = NULL;
    NdisReleaseSpinLock(&Adapter->Out.Lock);
    if (kept != NULL)
        NdisMOidRequestComplete(Adapter->Handle, kept, Status);
}

_Use_decl_annotations_ static VOID
CancelOid(NDIS_HANDLE MiniportAdapterContext, PVOID RequestId)
{
    PADAPTER adapter = MiniportAdapterContext;
    BOOLEAN it;

    NdisAcquireSpinLock(&adapter->Out.Lock);
    it = adapter->Kept != NULL && adapter->Kept->RequestId == RequestId;
    NdisReleaseSpinLock(&adapter->Out.Lock);
    if (it)
        Release(adapter, NDIS_STATUS_REQUEST_ABORTED);
}

_Use_decl_annotations_ NDIS_STATUS
Reset(NDIS_HANDLE MiniportAdapterContext, PBOOLEAN AddressingReset)
{
    Release(MiniportAdapterContext, NDIS_STATUS_REQUEST_ABORTED);
    *AddressingReset = FALSE;
    return NDIS_STATUS_SUCCESS;
}
