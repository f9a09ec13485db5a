/* SPDX-License-Identifier: MIT */
/* port.c - the serialized miniport; see stack5.h. */
#include "stack5.h"

NDIS_HANDLE Port, Wrapper;
NDIS_STATUS PortSays, PortFetches, PortPacketStatus, PortResets = NDIS_STATUS_PENDING;
volatile LONG PortHangs;
BOOLEAN PortAddressing, PortNested;
BOOLEAN PortHoldsFilter;
ULONG PortLast[8], PortListBytes, PortFilter, PortParameter;
UCHAR PortList[64], PortFrame[FRAME_MAX];
UINT PortOffset, PortBytes;

static NDIS_MINIPORT_TIMER Timer;
static VOID (*Action)(VOID);
static KEVENT ActionDone;
static PNDIS_PACKET Held[PORT_SENDS], Fetching;
static ULONG HeldCount;
static BOOLEAN Asked, AskedQuery, Inside;

/* Every handler of the data path: never two at once, always at DISPATCH_LEVEL (documented for serialized miniports). */
static VOID
Enter(VOID)
{
    if (Inside || KeGetCurrentIrql() != DISPATCH_LEVEL)
        PortNested = TRUE;
    Inside = TRUE;
}

static VOID
Leave(VOID)
{
    Inside = FALSE;
}

static VOID NTAPI
TimerRan(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    VOID (*action)(VOID) = Action;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(FunctionContext);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    Enter();
    InterlockedIncrement(&Seen.Timers);
    Action = NULL;
    if (action != NULL)
        action();
    Leave();
    if (action != NULL)
        KeSetEvent(&ActionDone, IO_NO_INCREMENT, FALSE);
}

VOID
PortDo(VOID (*ToDo)(VOID))
{
    KeClearEvent(&ActionDone);
    Action = ToDo;
    NdisMSetTimer(&Timer, 1);
    KeWaitForSingleObject(&ActionDone, Executive, KernelMode, FALSE, NULL);
}

/* ---- sends */

static NDIS_STATUS
TakeSend(PNDIS_PACKET Packet)
{
    PNDIS_BUFFER first;
    PVOID bytes;
    UINT length, total;

    if (PortSays == NDIS_STATUS_RESOURCES) {
        InterlockedIncrement(&Seen.SendsRefused);
        return PortSays;
    }
    NdisGetFirstBufferFromPacketSafe(Packet, &first, &bytes, &length, &total, NormalPagePriority);
    if (bytes != NULL && length > FRAME_HEADER)
        PortLast[Seen.Sends % 8] = ((PUCHAR)bytes)[FRAME_HEADER];
    if (PortSays == NDIS_STATUS_PENDING && HeldCount < PORT_SENDS)
        Held[HeldCount++] = Packet;
    InterlockedIncrement(&Seen.Sends);
    return PortSays;
}

#ifdef STACK5_ARRAYS
static VOID NTAPI
SendPackets(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    UINT i;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    Enter();
    for (i = 0; i < NumberOfPackets; i++)
        NDIS_SET_PACKET_STATUS(PacketArray[i], TakeSend(PacketArray[i]));
    Leave();
}
#else
static NDIS_STATUS NTAPI
Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(Flags);
    Enter();
    status = TakeSend(Packet);
    Leave();
    return status;
}
#endif

VOID
PortCompleteSends(VOID)
{
    ULONG i, count = HeldCount;

    HeldCount = 0;
    for (i = 0; i < count; i++)
        NdisMSendComplete(Port, Held[i], PortSays == NDIS_STATUS_PENDING ? NDIS_STATUS_SUCCESS : PortSays);
}

VOID
PortResume(VOID)
{
    NdisMSendResourcesAvailable(Port);
}

static VOID NTAPI
CancelSends(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
    InterlockedIncrement(&Seen.Cancels);
}

/* ---- receives */

/* Inside an indication, and so inside whatever handler indicated. */
static NDIS_STATUS NTAPI
TransferData(PNDIS_PACKET Packet, PUINT BytesTransferred, NDIS_HANDLE MiniportAdapterContext,
             NDIS_HANDLE MiniportReceiveContext, UINT ByteOffset, UINT BytesToTransfer)
{
    PNDIS_BUFFER buffer;
    UINT length, done = 0;
    PVOID bytes;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.Transfers);
    PortOffset = ByteOffset;
    PortBytes = BytesToTransfer;
    CHECK(MiniportReceiveContext == (NDIS_HANDLE)PortFrame && KeGetCurrentIrql() == DISPATCH_LEVEL);
    NdisQueryPacket(Packet, NULL, NULL, &buffer, NULL);
    for (; buffer != NULL; NdisGetNextBuffer(buffer, &buffer)) {
        NdisQueryBufferSafe(buffer, &bytes, &length, NormalPagePriority);
        if (length > BytesToTransfer - done)
            length = BytesToTransfer - done;
        NdisMoveMemory(bytes, PortFrame + FRAME_HEADER + ByteOffset + done, length);
        done += length;
    }
    *BytesTransferred = done;
    if (PortFetches == NDIS_STATUS_PENDING)
        Fetching = Packet;
    return PortFetches;
}

VOID
PortTransferred(VOID)
{
    NdisMTransferDataComplete(Port, Fetching, NDIS_STATUS_SUCCESS, PortBytes);
}

static VOID
Show(UINT Have, UINT Size)
{
    NdisMEthIndicateReceive(Port, PortFrame, PortFrame, FRAME_HEADER, PortFrame + FRAME_HEADER, Have, Size);
}

VOID
PortShowsAll(VOID)
{
    Show(86, 86);
    NdisMEthIndicateReceiveComplete(Port);
}

VOID
PortShowsSome(VOID)
{
    Show(20, 300);
    NdisMEthIndicateReceiveComplete(Port);
}

VOID
PortShowsSomeTwice(VOID)
{
    Show(20, 300);
    Show(20, 300);
    NdisMEthIndicateReceiveComplete(Port);
}

static NDIS_HANDLE Packets, Buffers;
static PNDIS_PACKET Indicated;

VOID
PortShowsPacket(VOID)
{
    NDIS_SET_PACKET_STATUS(Indicated, NDIS_STATUS_SUCCESS);
    NdisMIndicateReceivePacket(Port, &Indicated, 1);
    PortPacketStatus = NDIS_GET_PACKET_STATUS(Indicated);
}

static VOID NTAPI
ReturnPacket(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    CHECK(Packet == Indicated);
    InterlockedIncrement(&Seen.Returns);
}

/* ---- requests */

static NDIS_STATUS NTAPI
Query(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
      PULONG BytesWritten, PULONG BytesNeeded)
{
    static const UCHAR address[6] = { 0x02, 0, 0, 0, 0, 0x51 };
    ULONG value, length = sizeof(value);
    const VOID *from = &value;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    switch (Oid) {
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        value = FRAME_MAX - FRAME_HEADER;
        break;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
        value = 256;
        break;
    case OID_GEN_LINK_SPEED:
        value = 1000000;
        break;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        value = 4;
        break;
    case OID_GEN_MAXIMUM_SEND_PACKETS:
        value = 3;
        break;
    case OID_802_3_PERMANENT_ADDRESS:
    case OID_802_3_CURRENT_ADDRESS:
        from = address;
        length = sizeof(address);
        break;
    case OID_PENDS:
        Asked = AskedQuery = TRUE;
        *BytesWritten = 0;
        return NDIS_STATUS_PENDING;
    case OID_FAILS:
        return NDIS_STATUS_INVALID_DATA;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    if (InformationBufferLength < length) {
        *BytesNeeded = length;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    NdisMoveMemory(InformationBuffer, from, length);
    *BytesWritten = length;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Set(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
    PULONG BytesRead, PULONG BytesNeeded)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(BytesNeeded);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    *BytesRead = InformationBufferLength;
    switch (Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        PortFilter = *(PULONG)InformationBuffer;
        InterlockedIncrement(&Seen.Filters);
        if (!PortHoldsFilter)
            return NDIS_STATUS_SUCCESS;
        Asked = TRUE;
        AskedQuery = FALSE;
        return NDIS_STATUS_PENDING;
    case OID_GEN_CURRENT_LOOKAHEAD:
        InterlockedIncrement(&Seen.Lookaheads);
        return NDIS_STATUS_SUCCESS;
    case OID_802_3_MULTICAST_LIST:
        PortListBytes = InformationBufferLength;
        NdisMoveMemory(PortList, InformationBuffer, min(InformationBufferLength, sizeof(PortList)));
        InterlockedIncrement(&Seen.Lists);
        return NDIS_STATUS_SUCCESS;
    case OID_PENDS:
        Asked = TRUE;
        AskedQuery = FALSE;
        return NDIS_STATUS_PENDING;
    default:
        *BytesRead = 0;
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

VOID
PortAnswer(VOID)
{
    CHECK(Asked);
    Asked = FALSE;
    if (AskedQuery)
        NdisMQueryInformationComplete(Port, NDIS_STATUS_SUCCESS);
    else
        NdisMSetInformationComplete(Port, NDIS_STATUS_SUCCESS);
}

VOID
PortUnlinks(VOID)
{
    NdisMIndicateStatus(Port, NDIS_STATUS_MEDIA_DISCONNECT, NULL, 0);
    NdisMIndicateStatusComplete(Port);
}

VOID
PortLinks(VOID)
{
    NdisMIndicateStatus(Port, NDIS_STATUS_MEDIA_CONNECT, NULL, 0);
    NdisMIndicateStatusComplete(Port);
}

/* ---- hang and reset */

static BOOLEAN NTAPI
CheckForHang(NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    InterlockedIncrement(&Seen.Hangs);
    return InterlockedExchange(&PortHangs, 0) != 0;
}

/* The driver forgets what it was to send (documented for serialized ones). */
static NDIS_STATUS NTAPI
Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    HeldCount = 0;
    InterlockedIncrement(&Seen.Resets);
    *AddressingReset = FALSE;
    return PortResets;
}

VOID
PortReset(VOID)
{
    NdisMResetComplete(Port, NDIS_STATUS_SUCCESS, PortAddressing);
}

/* ---- life */

/* Ends the run, so that a scenario that shuts down sees it called, with what, and where. */
static VOID NTAPI
Shutdown(PVOID ShutdownContext)
{
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, 0x5d, ShutdownContext == &Port, KeGetCurrentIrql(), 0);
}

static VOID
ReadParameter(NDIS_HANDLE WrapperConfigurationContext)
{
    NDIS_STRING name = NDIS_STRING_CONST("Number");
    PNDIS_CONFIGURATION_PARAMETER value;
    NDIS_HANDLE configuration;
    NDIS_STATUS status;

    NdisOpenConfiguration(&status, &configuration, WrapperConfigurationContext);
    CHECK(status == NDIS_STATUS_SUCCESS);
    if (status != NDIS_STATUS_SUCCESS)
        return;
    NdisReadConfiguration(&status, &value, configuration, &name, NdisParameterInteger);
    if (status == NDIS_STATUS_SUCCESS)
        PortParameter = value->ParameterData.IntegerData;
    NdisCloseConfiguration(configuration);
}

static NDIS_STATUS NTAPI
Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
           NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);
    for (i = 0; i < MediumArraySize && MediumArray[i] != NdisMedium802_3; i++)
        ;
    *SelectedMediumIndex = i;
    CallSetAttributes(MiniportAdapterHandle, &Port, FALSE, NdisInterfaceInternal);
    NdisMRegisterAdapterShutdownHandler(MiniportAdapterHandle, NULL, Shutdown);
    NdisMDeregisterAdapterShutdownHandler(MiniportAdapterHandle);
    NdisMRegisterAdapterShutdownHandler(MiniportAdapterHandle, &Port, Shutdown); /* another context */
    ReadParameter(WrapperConfigurationContext);
    KeInitializeEvent(&ActionDone, NotificationEvent, FALSE);
    NdisMInitializeTimer(&Timer, MiniportAdapterHandle, TimerRan, NULL);
    NdisAllocatePacketPool(&status, &Packets, 1, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBufferPool(&status, &Buffers, 1);
    NdisAllocatePacket(&status, &Indicated, Packets);
    NdisAllocateBuffer(&status, &buffer, Buffers, PortFrame, 100);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisChainBufferAtFront(Indicated, buffer);
    Port = MiniportAdapterHandle;
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
Halt(NDIS_HANDLE MiniportAdapterContext)
{
    PNDIS_BUFFER buffer;
    BOOLEAN cancelled;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    NdisMCancelTimer(&Timer, &cancelled);
    NdisMDeregisterAdapterShutdownHandler(Port);
    NdisUnchainBufferAtFront(Indicated, &buffer);
    NdisFreeBuffer(buffer);
    NdisFreePacket(Indicated);
    NdisFreeBufferPool(Buffers);
    NdisFreePacketPool(Packets);
    Port = NULL;
}

NDIS_STATUS
PortRegister(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;

    NdisMInitializeWrapper(&Wrapper, DriverObject, RegistryPath, NULL);
    if (Wrapper == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = 5;
    miniport.MinorNdisVersion = 1;
    miniport.InitializeHandler = Initialize;
    miniport.HaltHandler = Halt;
    miniport.ResetHandler = Reset;
    miniport.CheckForHangHandler = CheckForHang;
    miniport.QueryInformationHandler = Query;
    miniport.SetInformationHandler = Set;
    miniport.TransferDataHandler = TransferData;
    miniport.ReturnPacketHandler = ReturnPacket;
    miniport.CancelSendPacketsHandler = CancelSends;
#ifdef STACK5_ARRAYS
    miniport.SendPacketsHandler = SendPackets;
#else
    miniport.SendHandler = Send;
#endif
    return NdisMRegisterMiniport(Wrapper, &miniport, sizeof(miniport));
}
