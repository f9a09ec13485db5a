/* SPDX-License-Identifier: MIT */
/* binding.c - the protocol: bind and unbind pend, and are completed by a work item; frames come by lookahead. */
#include "stack5.h"

NDIS_HANDLE Protocol, Binding, VirtualBinding;
WCHAR PortDevice[80];
NDIS_STATUS LastStatus, BoundSection = NDIS_STATUS_PENDING;
PNDIS_PACKET LastDone;
UCHAR FrameSeen[FRAME_MAX];
UINT FrameSeenLength, FrameSeenHave, FrameSeenFetched;
BOOLEAN FrameSeenPacket, FetchByCall;
PNDIS_PACKET SendOnFrame;

/* One bind or unbind that pends. */
typedef struct _LATER {
    NDIS_WORK_ITEM Item;
    NDIS_HANDLE Context;
    NDIS_STATUS Status;
    PNDIS_HANDLE Handle; /* whose binding it is */
} LATER;

static LATER BindLater, UnbindLater;

static VOID NTAPI
Bound(PNDIS_WORK_ITEM WorkItem, PVOID Context)
{
    LATER *later = Context;

    UNREFERENCED_PARAMETER(WorkItem);
    InterlockedIncrement(&Seen.Binds);
    NdisCompleteBindAdapter(later->Context, later->Status, NDIS_STATUS_SUCCESS);
}

static NDIS_STATUS
ReadSection(PVOID SystemSpecific1)
{
    NDIS_STRING name = NDIS_STRING_CONST("NoSuchValue");
    PNDIS_CONFIGURATION_PARAMETER value;
    NDIS_HANDLE section;
    NDIS_STATUS status;

    NdisOpenProtocolConfiguration(&status, &section, SystemSpecific1);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisReadConfiguration(&status, &value, section, &name, NdisParameterInteger);
    CHECK(status == NDIS_STATUS_FAILURE); /* documented: it is not there */
    NdisCloseConfiguration(section);
    return NDIS_STATUS_SUCCESS;
}

/* The first adapter is the port, the second the virtual one; no others are there that this protocol may have. */
static VOID NTAPI
Bind(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
     PVOID SystemSpecific2)
{
    static NDIS_MEDIUM wrong = NdisMediumFddi, medium = NdisMedium802_3;
    NDIS_STRING nowhere = NDIS_STRING_CONST("\\Device\\{no adapter}");
    PNDIS_HANDLE handle = Binding == NULL ? &Binding : &VirtualBinding;
    NDIS_STATUS error;
    UINT index = 9;

    UNREFERENCED_PARAMETER(SystemSpecific2);
    *Status = NDIS_STATUS_FAILURE;
    if (*handle != NULL || Port == NULL || (handle == &VirtualBinding && Virtual == NULL))
        return;
    if (handle == &Binding && DeviceName->Length < sizeof(PortDevice))
        NdisMoveMemory(PortDevice, DeviceName->Buffer, DeviceName->Length);
    BoundSection = ReadSection(SystemSpecific1);
    NdisOpenAdapter(Status, &error, handle, &index, &wrong, 1, Protocol, handle, DeviceName, 0, NULL);
    CHECK(*Status == NDIS_STATUS_UNSUPPORTED_MEDIA);
    NdisOpenAdapter(Status, &error, handle, &index, &medium, 1, Protocol, handle, &nowhere, 0, NULL);
    CHECK(*Status == NDIS_STATUS_ADAPTER_NOT_FOUND);
    NdisOpenAdapter(Status, &error, handle, &index, &medium, 1, Protocol, handle, DeviceName, 0, NULL);
    CHECK(*Status == NDIS_STATUS_SUCCESS && index == 0);
    BindLater.Context = BindContext;
    BindLater.Status = *Status;
    *Status = NDIS_STATUS_PENDING;
    NdisInitializeWorkItem(&BindLater.Item, Bound, &BindLater);
    NdisScheduleWorkItem(&BindLater.Item);
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(OpenErrorStatus);
}

static VOID NTAPI
Unbound(PNDIS_WORK_ITEM WorkItem, PVOID Context)
{
    LATER *later = Context;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(WorkItem);
    NdisCloseAdapter(&status, *later->Handle);
    CHECK(status == NDIS_STATUS_SUCCESS); /* nothing is out */
    *later->Handle = NULL;
    InterlockedIncrement(&Seen.Unbinds);
    NdisCompleteUnbindAdapter(later->Context, NDIS_STATUS_SUCCESS);
}

static VOID NTAPI
Unbind(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    UnbindLater.Handle = ProtocolBindingContext;
    UnbindLater.Context = UnbindContext;
    *Status = NDIS_STATUS_PENDING;
    NdisInitializeWorkItem(&UnbindLater.Item, Unbound, &UnbindLater);
    NdisScheduleWorkItem(&UnbindLater.Item);
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
    InterlockedIncrement(&Seen.Closes);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    LastDone = Packet;
    LastStatus = Status;
    InterlockedIncrement(&Seen.SendsDone);
}

static VOID
Fetch(NDIS_HANDLE Handle, NDIS_HANDLE Context, UINT Have, UINT Lacking)
{
    NDIS_HANDLE packets, buffers;
    PNDIS_PACKET packet;
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;

    NdisAllocatePacketPool(&status, &packets, 1, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    NdisAllocateBufferPool(&status, &buffers, 1);
    NdisAllocatePacket(&status, &packet, packets);
    NdisAllocateBuffer(&status, &buffer, buffers, FrameSeen + FRAME_HEADER + Have, Lacking);
    NdisChainBufferAtFront(packet, buffer);
    if (FetchByCall)
        CallTransferData(&status, Handle, Context, Have, Lacking, packet, &FrameSeenFetched);
    else
        NdisTransferData(&status, Handle, Context, Have, Lacking, packet, &FrameSeenFetched);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisUnchainBufferAtFront(packet, &buffer);
    NdisFreeBuffer(buffer);
    NdisFreePacket(packet);
    NdisFreeBufferPool(buffers);
    NdisFreePacketPool(packets);
}

static NDIS_STATUS NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer, UINT HeaderBufferSize,
        PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    NDIS_HANDLE handle = *(PNDIS_HANDLE)ProtocolBindingContext;
    PNDIS_PACKET packet = NdisGetReceivedPacket(handle, MacReceiveContext);
    UINT length = 0;

    CHECK(HeaderBufferSize == FRAME_HEADER && PacketSize <= FRAME_MAX - FRAME_HEADER);
    if (packet != NULL)
        NdisQueryPacketLength(packet, &length);
    FrameSeenPacket = packet != NULL && length == FRAME_HEADER + PacketSize;
    FrameSeenLength = FRAME_HEADER + PacketSize;
    FrameSeenHave = LookaheadBufferSize;
    FrameSeenFetched = 0;
    NdisMoveMemory(FrameSeen, HeaderBuffer, HeaderBufferSize);
    NdisMoveMemory(FrameSeen + FRAME_HEADER, LookAheadBuffer, LookaheadBufferSize);
    if (LookaheadBufferSize < PacketSize)
        Fetch(handle, MacReceiveContext, LookaheadBufferSize, PacketSize - LookaheadBufferSize);
    if (SendOnFrame != NULL) {
        NDIS_STATUS status;

        NdisSend(&status, handle, SendOnFrame);
        SendOnFrame = NULL;
        CHECK(status == NDIS_STATUS_PENDING);
    }
    InterlockedIncrement(&Seen.Frames);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
ReceiveComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    InterlockedIncrement(&Seen.FramesComplete);
}

static VOID NTAPI
TransferComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status, UINT BytesTransferred)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(BytesTransferred);
}

static VOID NTAPI
RequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NdisRequest);
    LastStatus = Status;
    InterlockedIncrement(&Seen.RequestsDone);
}

static VOID NTAPI
ResetComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    LastStatus = Status;
    InterlockedIncrement(&Seen.ResetsDone);
}

static VOID NTAPI
Status(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusBuffer);
    UNREFERENCED_PARAMETER(StatusBufferSize);
    if (GeneralStatus == NDIS_STATUS_RESET_START)
        InterlockedIncrement(&Seen.Resetting);
    else if (GeneralStatus == NDIS_STATUS_RESET_END)
        InterlockedIncrement(&Seen.Resetted);
    else if (GeneralStatus == NDIS_STATUS_MEDIA_CONNECT)
        InterlockedIncrement(&Seen.Linked);
    else if (GeneralStatus == NDIS_STATUS_MEDIA_DISCONNECT)
        InterlockedIncrement(&Seen.Unlinked);
    InterlockedIncrement(&Seen.Statuses);
}

static VOID NTAPI
StatusComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    InterlockedIncrement(&Seen.StatusesComplete);
}

NDIS_STATUS
BindingRegister(VOID)
{
    NDIS_PROTOCOL_CHARACTERISTICS chars;
    NDIS_STATUS status;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.MajorNdisVersion = 5;
    NdisInitUnicodeString(&chars.Name, L"DDI_ND5");
    chars.BindAdapterHandler = Bind;
    chars.UnbindAdapterHandler = Unbind;
    chars.OpenAdapterCompleteHandler = OpenComplete;
    chars.CloseAdapterCompleteHandler = CloseComplete;
    chars.SendCompleteHandler = SendComplete;
    chars.TransferDataCompleteHandler = TransferComplete;
    chars.ResetCompleteHandler = ResetComplete;
    chars.RequestCompleteHandler = RequestComplete;
    chars.ReceiveHandler = Receive;
    chars.ReceiveCompleteHandler = ReceiveComplete;
    chars.StatusHandler = Status;
    chars.StatusCompleteHandler = StatusComplete;
    NdisRegisterProtocol(&status, &Protocol, &chars, sizeof(chars));
    return status;
}
