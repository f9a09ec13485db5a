/* SPDX-License-Identifier: MIT */
/*
 * null_ends.c - both ends of a stack in one driver: a miniport that completes every send at once, and a protocol whose
 * device sends as many packets in batches of as many as an IOCTL says and answers how long that took. The NBLs are made
 * once and used again, the last completed first.
 */
#include <ndis.h>

#define TAG         'dneN'
#define NBLS        256u
#define FRAME       64u
#define IOCTL_RUN   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define DEVICE_NAME L"\\Device\\NullEnds"
#define LINK_NAME   L"\\DosDevices\\NullEnds"

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE MiniportDriver, ProtocolDriver, Pool, AdapterHandle, Binding;
static PNET_BUFFER_LIST Free; /* ready to be sent */
static PVOID Data;
static PMDL Mdl;
static PDEVICE_OBJECT Device;

typedef struct _RUN {
    ULONG Batch;
    ULONG Packets;
    LONGLONG Time; /* answer: 100 ns */
} RUN, *PRUN;

/* ------------------------------------------------------------------ miniport */

static const NDIS_OID Oids[] = { OID_GEN_CURRENT_PACKET_FILTER };

static NDIS_STATUS
EndsInitialize(NDIS_HANDLE MiniportHandle, NDIS_HANDLE DriverContext, PNDIS_MINIPORT_INIT_PARAMETERS Parameters)
{
    static const UCHAR address[6] = { 2, 0, 0, 0, 0, 1 };
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverContext);
    UNREFERENCED_PARAMETER(Parameters);
    AdapterHandle = MiniportHandle;
    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration.MiniportAdapterContext = &AdapterHandle;
    registration.InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(&general, sizeof(general));
    general.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general.Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general.MediaType = NdisMedium802_3;
    general.MtuSize = 1500;
    general.MediaConnectState = MediaConnectStateConnected;
    general.MediaDuplexState = MediaDuplexStateFull;
    general.LookaheadSize = 1500;
    general.SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED;
    general.MacAddressLength = 6;
    NdisMoveMemory(general.PermanentMacAddress, address, 6);
    NdisMoveMemory(general.CurrentMacAddress, address, 6);
    general.AccessType = NET_IF_ACCESS_BROADCAST;
    general.DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general.ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general.IfType = IF_TYPE_ETHERNET_CSMACD;
    general.SupportedOidList = (PNDIS_OID)(ULONG_PTR)Oids;
    general.SupportedOidListLength = sizeof(Oids);
    return NdisMSetMiniportAttributes(MiniportHandle, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&general);
}

static VOID
EndsHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Action);
}

static NDIS_STATUS
EndsPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
EndsRestart(NDIS_HANDLE Context, PNDIS_MINIPORT_RESTART_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static VOID
EndsShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Action);
}

static VOID
EndsPnP(NDIS_HANDLE Context, PNET_DEVICE_PNP_EVENT Event)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Event);
}

static NDIS_STATUS
EndsOid(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request)
{
    UNREFERENCED_PARAMETER(Context);
    return Request->RequestType == NdisRequestSetInformation ? NDIS_STATUS_SUCCESS : NDIS_STATUS_NOT_SUPPORTED;
}

static VOID
EndsCancelOid(NDIS_HANDLE Context, PVOID Id)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Id);
}

static VOID
EndsSend(NDIS_HANDLE Context, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Port);
    for (PNET_BUFFER_LIST nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_SUCCESS;
    NdisMSendNetBufferListsComplete(AdapterHandle, NetBufferLists,
                                    (Flags & NDIS_SEND_FLAGS_DISPATCH_LEVEL) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL
                                                                             : 0);
}

static VOID
EndsReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST NetBufferLists, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(NetBufferLists);
    UNREFERENCED_PARAMETER(Flags);
}

static VOID
EndsCancelSend(NDIS_HANDLE Context, PVOID Id)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Id);
}

/* ------------------------------------------------------------------ protocol */

static NDIS_STATUS
EndsBind(NDIS_HANDLE DriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS Parameters)
{
    static NDIS_MEDIUM media[] = { NdisMedium802_3 };
    NDIS_OPEN_PARAMETERS open;
    UINT index;

    UNREFERENCED_PARAMETER(DriverContext);
    NdisZeroMemory(&open, sizeof(open));
    open.Header.Type = NDIS_OBJECT_TYPE_OPEN_PARAMETERS;
    open.Header.Revision = NDIS_OPEN_PARAMETERS_REVISION_1;
    open.Header.Size = NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1;
    open.AdapterName = Parameters->AdapterName;
    open.MediumArray = media;
    open.MediumArraySize = 1;
    open.SelectedMediumIndex = &index;
    return NdisOpenAdapterEx(ProtocolDriver, &Binding, &open, BindContext, &Binding);
}

static NDIS_STATUS
EndsUnbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE Context)
{
    NDIS_HANDLE binding = Binding;

    UNREFERENCED_PARAMETER(UnbindContext);
    UNREFERENCED_PARAMETER(Context);
    Binding = NULL;
    return NdisCloseAdapterEx(binding); /* nothing is out: it does not pend */
}

static VOID
EndsOpenComplete(NDIS_HANDLE Context, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Status);
}

static VOID
EndsCloseComplete(NDIS_HANDLE Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static VOID
EndsOidComplete(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Status);
}

static VOID
EndsStatus(NDIS_HANDLE Context, PNDIS_STATUS_INDICATION Indication)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Indication);
}

static NDIS_STATUS
EndsNetPnP(NDIS_HANDLE Context, PNET_PNP_EVENT_NOTIFICATION Event)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Event);
    return NDIS_STATUS_SUCCESS;
}

static VOID
EndsReceive(NDIS_HANDLE Context, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER Port, ULONG Count, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Port);
    UNREFERENCED_PARAMETER(Count);
    if (!(Flags & NDIS_RECEIVE_FLAGS_RESOURCES))
        NdisReturnNetBufferLists(Binding, NetBufferLists, 0);
}

static VOID
EndsSendComplete(NDIS_HANDLE Context, PNET_BUFFER_LIST NetBufferLists, ULONG Flags)
{
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Flags);
    for (PNET_BUFFER_LIST nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = Free;
        Free = nbl;
    }
}

/* ------------------------------------------------------------------ the device */

static NTSTATUS
Run(PRUN Run)
{
    LARGE_INTEGER from;
    KIRQL old;

    if (Run->Batch == 0 || Run->Batch > NBLS || Binding == NULL)
        return STATUS_INVALID_PARAMETER;
    from = KeQueryPerformanceCounter(NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (ULONG sent = 0; sent < Run->Packets; sent += Run->Batch) {
        PNET_BUFFER_LIST first = NULL;

        for (ULONG i = 0; i < Run->Batch; i++) {
            PNET_BUFFER_LIST nbl = Free;

            Free = NET_BUFFER_LIST_NEXT_NBL(nbl);
            NET_BUFFER_LIST_NEXT_NBL(nbl) = first;
            nbl->SourceHandle = Binding;
            first = nbl;
        }
        NdisSendNetBufferLists(Binding, first, 0, NDIS_SEND_FLAGS_DISPATCH_LEVEL);
    }
    KeLowerIrql(old);
    Run->Time = KeQueryPerformanceCounter(NULL).QuadPart - from.QuadPart;
    return STATUS_SUCCESS;
}

static NTSTATUS
EndsDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR information = 0;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        status = STATUS_INVALID_DEVICE_REQUEST;
        if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_RUN &&
            stack->Parameters.DeviceIoControl.InputBufferLength == sizeof(RUN) &&
            stack->Parameters.DeviceIoControl.OutputBufferLength == sizeof(RUN)) {
            status = Run(Irp->AssociatedIrp.SystemBuffer);
            information = sizeof(RUN);
        }
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = NT_SUCCESS(status) ? information : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static VOID
EndsFree(VOID)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(LINK_NAME);
    PNET_BUFFER_LIST nbl;

    if (Device != NULL) {
        IoDeleteSymbolicLink(&link);
        IoDeleteDevice(Device);
    }
    while ((nbl = Free) != NULL) {
        Free = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        NdisFreeNetBufferList(nbl);
    }
    if (Pool != NULL)
        NdisFreeNetBufferListPool(Pool);
    if (Mdl != NULL)
        NdisFreeMdl(Mdl);
    if (Data != NULL)
        ExFreePoolWithTag(Data, TAG);
}

static VOID
EndsUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(ProtocolDriver);
    NdisMDeregisterMiniportDriver(MiniportDriver);
    EndsFree();
}

static NTSTATUS
MakeBuffers(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(DEVICE_NAME), link = RTL_CONSTANT_STRING(LINK_NAME);
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = TAG;
    Pool = NdisAllocateNetBufferListPool(NULL, &parameters);
    Data = ExAllocatePoolWithTag(NonPagedPoolNx, FRAME, TAG);
    if (Pool == NULL || Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NdisZeroMemory(Data, FRAME);
    Mdl = NdisAllocateMdl(NULL, Data, FRAME);
    for (ULONG i = 0; i < NBLS && Mdl != NULL; i++) {
        PNET_BUFFER_LIST nbl = NdisAllocateNetBufferAndNetBufferList(Pool, 0, 0, Mdl, 0, FRAME);

        if (nbl == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        NET_BUFFER_LIST_NEXT_NBL(nbl) = Free;
        Free = nbl;
    }
    if (Mdl == NULL || !NT_SUCCESS(IoCreateDevice(DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device)))
        return STATUS_INSUFFICIENT_RESOURCES;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return IoCreateSymbolicLink(&link, &name);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS miniport;
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS protocol;
    NDIS_STATUS status;

    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    miniport.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    miniport.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    miniport.MajorNdisVersion = 6;
    miniport.MinorNdisVersion = 30;
    miniport.InitializeHandlerEx = EndsInitialize;
    miniport.HaltHandlerEx = EndsHalt;
    miniport.UnloadHandler = EndsUnload;
    miniport.PauseHandler = EndsPause;
    miniport.RestartHandler = EndsRestart;
    miniport.ShutdownHandlerEx = EndsShutdown;
    miniport.DevicePnPEventNotifyHandler = EndsPnP;
    miniport.OidRequestHandler = EndsOid;
    miniport.CancelOidRequestHandler = EndsCancelOid;
    miniport.SendNetBufferListsHandler = EndsSend;
    miniport.CancelSendHandler = EndsCancelSend;
    miniport.ReturnNetBufferListsHandler = EndsReturn;
    status = NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &miniport, &MiniportDriver);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisZeroMemory(&protocol, sizeof(protocol));
    protocol.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    protocol.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    protocol.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    protocol.MajorNdisVersion = 6;
    protocol.MinorNdisVersion = 30;
    RtlInitUnicodeString(&protocol.Name, L"NULLENDS");
    protocol.BindAdapterHandlerEx = EndsBind;
    protocol.UnbindAdapterHandlerEx = EndsUnbind;
    protocol.OpenAdapterCompleteHandlerEx = EndsOpenComplete;
    protocol.CloseAdapterCompleteHandlerEx = EndsCloseComplete;
    protocol.NetPnPEventHandler = EndsNetPnP;
    protocol.OidRequestCompleteHandler = EndsOidComplete;
    protocol.StatusHandlerEx = EndsStatus;
    protocol.ReceiveNetBufferListsHandler = EndsReceive;
    protocol.SendNetBufferListsCompleteHandler = EndsSendComplete;
    status = NdisRegisterProtocolDriver(NULL, &protocol, &ProtocolDriver);
    if (status == NDIS_STATUS_SUCCESS)
        status = MakeBuffers(DriverObject);
    if (status != NDIS_STATUS_SUCCESS) {
        if (ProtocolDriver != NULL)
            NdisDeregisterProtocolDriver(ProtocolDriver);
        NdisMDeregisterMiniportDriver(MiniportDriver);
        EndsFree();
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = EndsDispatch;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = EndsDispatch;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = EndsDispatch;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = EndsDispatch;
    return STATUS_SUCCESS;
}
