/* SPDX-License-Identifier: MIT */
/*
 * opens_often.c - an NDIS 5.0 protocol that opens nothing when it is offered an adapter, and later opens it twice, as
 * capture drivers do for each program.
 *
 * Model: a read does it all: each open has its own packet filter, both see what both want, and one sees what only it
 * wants; what is closed sees nothing. A write asks for a reset. A check that fails stops the machine with its line. The
 * wire is a loop.
 */
#include <ndis.h>

#include "../common/plain.h"

#define CHECK(what)                                                    \
    do {                                                               \
        if (!(what))                                                   \
            KeBugCheckEx(MANUALLY_INITIATED_CRASH, __LINE__, 0, 0, 0); \
    } while (0)
#define FRAME 60

typedef struct _OFTEN_OPEN {
    NDIS_HANDLE Handle;
    volatile LONG Received;
    NDIS_EVENT Done; /* of a request or close that pended */
    NDIS_STATUS Status;
    ULONG Filter;
    NDIS_REQUEST Request;
} OFTEN_OPEN;

static NDIS_HANDLE Protocol, PacketPool, BufferPool;
static WCHAR AdapterText[80];
static NDIS_STRING Adapter = { 0, sizeof(AdapterText), AdapterText };
static NDIS_EVENT Sent;
static UCHAR Frame[FRAME];

/* ---- handlers ---- */

static VOID NTAPI
OftenBind(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
          PVOID SystemSpecific2)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    RtlCopyUnicodeString(&Adapter, DeviceName);
}

static VOID NTAPI
OftenUnbind(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(UnbindContext);
    *Status = NDIS_STATUS_FAILURE;
    CHECK(FALSE); /* nothing is open when the adapter goes */
}

static VOID
Finished(NDIS_HANDLE Context, NDIS_STATUS Status)
{
    OFTEN_OPEN *open = Context;

    open->Status = Status;
    NdisSetEvent(&open->Done);
}

static VOID NTAPI
OftenOpened(NDIS_HANDLE Context, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus)
{
    UNREFERENCED_PARAMETER(OpenErrorStatus);
    Finished(Context, Status);
}

static VOID NTAPI
OftenClosed(NDIS_HANDLE Context, NDIS_STATUS Status)
{
    Finished(Context, Status);
}

static VOID NTAPI
OftenAnswered(NDIS_HANDLE Context, PNDIS_REQUEST Request, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(Request);
    Finished(Context, Status);
}

static VOID NTAPI
OftenSent(NDIS_HANDLE Context, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    PNDIS_BUFFER buffer;

    UNREFERENCED_PARAMETER(Context);
    CHECK(Status == NDIS_STATUS_SUCCESS);
    NdisUnchainBufferAtFront(Packet, &buffer);
    NdisFreeBuffer(buffer);
    NdisFreePacket(Packet);
    NdisSetEvent(&Sent);
}

static NDIS_STATUS NTAPI
OftenReceive(NDIS_HANDLE Context, NDIS_HANDLE MacReceiveContext, PVOID Header, UINT HeaderSize, PVOID Lookahead,
             UINT LookaheadSize, UINT PacketSize)
{
    UNREFERENCED_PARAMETER(MacReceiveContext);
    UNREFERENCED_PARAMETER(Header);
    UNREFERENCED_PARAMETER(HeaderSize);
    UNREFERENCED_PARAMETER(Lookahead);
    UNREFERENCED_PARAMETER(LookaheadSize);
    UNREFERENCED_PARAMETER(PacketSize);
    InterlockedIncrement(&((OFTEN_OPEN *)Context)->Received);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
OftenReceived(NDIS_HANDLE Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static VOID NTAPI
OftenStatus(NDIS_HANDLE Context, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(GeneralStatus);
    UNREFERENCED_PARAMETER(StatusBuffer);
    UNREFERENCED_PARAMETER(StatusBufferSize);
}

/* ---- what it does ---- */

static NDIS_STATUS
WaitFor(OFTEN_OPEN *Open, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_PENDING)
        return Status;
    NdisWaitEvent(&Open->Done, 0);
    return Open->Status;
}

static NDIS_STATUS
Open(OFTEN_OPEN *New, PNDIS_STRING Name)
{
    NDIS_MEDIUM medium = NdisMedium802_3;
    NDIS_STATUS status, error;
    UINT index;

    NdisZeroMemory(New, sizeof(*New));
    NdisInitializeEvent(&New->Done);
    NdisOpenAdapter(&status, &error, &New->Handle, &index, &medium, 1, Protocol, New, Name, 0, NULL);
    return WaitFor(New, status);
}

static VOID
Filter(OFTEN_OPEN *Of, ULONG Value)
{
    NDIS_STATUS status;

    Of->Filter = Value;
    Of->Request.RequestType = NdisRequestSetInformation;
    Of->Request.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    Of->Request.DATA.SET_INFORMATION.InformationBuffer = &Of->Filter;
    Of->Request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(Of->Filter);
    NdisResetEvent(&Of->Done);
    NdisRequest(&status, Of->Handle, &Of->Request);
    CHECK(WaitFor(Of, status) == NDIS_STATUS_SUCCESS);
    CHECK(Of->Filter == Value && Of->Request.DATA.SET_INFORMATION.BytesRead == sizeof(ULONG));
}

static VOID
Close(OFTEN_OPEN *Of)
{
    NDIS_STATUS status;

    NdisResetEvent(&Of->Done);
    NdisCloseAdapter(&status, Of->Handle);
    CHECK(WaitFor(Of, status) == NDIS_STATUS_SUCCESS);
}

/* A frame to that first byte and five more like it. */
static VOID
Send(OFTEN_OPEN *From, UCHAR To)
{
    PNDIS_PACKET packet;
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;

    NdisZeroMemory(Frame, sizeof(Frame));
    RtlFillMemory(Frame, 6, To);
    Frame[6] = 2;
    Frame[12] = 0x88;
    Frame[13] = 0xb5;
    NdisAllocatePacket(&status, &packet, PacketPool);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBuffer(&status, &buffer, BufferPool, Frame, sizeof(Frame));
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisChainBufferAtFront(packet, buffer);
    NdisResetEvent(&Sent);
    NdisSend(&status, From->Handle, packet);
    if (status == NDIS_STATUS_PENDING)
        NdisWaitEvent(&Sent, 0);
    else
        OftenSent(From, packet, status);
}

static VOID
Await(OFTEN_OPEN *Of, LONG Frames)
{
    while (Of->Received < Frames)
        NdisMSleep(1000);
    CHECK(Of->Received == Frames);
}

static NTSTATUS
OftenRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    static NDIS_STRING nowhere = RTL_CONSTANT_STRING(L"\\Device\\{no adapter}");
    OFTEN_OPEN *few = ExAllocatePoolWithTag(NonPagedPool, 2 * sizeof(*few), PLAIN_TAG), *all = few + 1;

    UNREFERENCED_PARAMETER(DeviceObject);
    CHECK(few != NULL && Adapter.Length > 0);
    CHECK(Open(few, &nowhere) == NDIS_STATUS_ADAPTER_NOT_FOUND);
    CHECK(Open(few, &Adapter) == NDIS_STATUS_SUCCESS);
    CHECK(Open(all, &Adapter) == NDIS_STATUS_SUCCESS);
    Filter(all, NDIS_PACKET_TYPE_PROMISCUOUS);
    Filter(few, NDIS_PACKET_TYPE_BROADCAST); /* and the other's stays */
    Send(few, 0xff);
    Await(few, 1);
    Await(all, 1);
    Send(few, 0x06); /* somebody else's */
    Await(all, 2);
    CHECK(few->Received == 1);
    Close(few);
    Send(all, 0xff);
    Await(all, 3);
    CHECK(few->Received == 1);
    Close(all);
    ExFreePoolWithTag(few, PLAIN_TAG);
    DbgPrint("both opens saw what they asked for\n");
    return PlainComplete(Irp, STATUS_SUCCESS, FRAME);
}

/* How a reset ends depends on the miniport: it is printed. */
static NTSTATUS
OftenWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    OFTEN_OPEN *one = ExAllocatePoolWithTag(NonPagedPool, sizeof(*one), PLAIN_TAG);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    CHECK(one != NULL && Open(one, &Adapter) == NDIS_STATUS_SUCCESS);
    NdisResetEvent(&one->Done);
    NdisReset(&status, one->Handle);
    DbgPrint("reset: %08x, then %08x\n", status, WaitFor(one, status));
    Close(one);
    ExFreePoolWithTag(one, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS
OftenLoad(PDRIVER_OBJECT DriverObject)
{
    NDIS_PROTOCOL_CHARACTERISTICS protocol;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverObject);
    NdisInitializeEvent(&Sent);
    NdisAllocatePacketPool(&status, &PacketPool, 4, 0);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBufferPool(&status, &BufferPool, 4);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisZeroMemory(&protocol, sizeof(protocol));
    protocol.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    protocol.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;
    RtlInitUnicodeString(&protocol.Name, L"opens_often");
    protocol.OpenAdapterCompleteHandler = OftenOpened;
    protocol.CloseAdapterCompleteHandler = OftenClosed;
    protocol.ResetCompleteHandler = OftenClosed;
    protocol.SendCompleteHandler = OftenSent;
    protocol.RequestCompleteHandler = OftenAnswered;
    protocol.ReceiveHandler = OftenReceive;
    protocol.ReceiveCompleteHandler = OftenReceived;
    protocol.StatusHandler = OftenStatus;
    protocol.StatusCompleteHandler = OftenReceived;
    protocol.BindAdapterHandler = OftenBind;
    protocol.UnbindAdapterHandler = OftenUnbind;
    NdisRegisterProtocol(&status, &Protocol, &protocol, sizeof(protocol));
    return status;
}

static VOID
OftenUnload(VOID)
{
    NDIS_STATUS status;

    NdisDeregisterProtocol(&status, Protocol);
    NdisFreeBufferPool(BufferPool);
    NdisFreePacketPool(PacketPool);
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"OpensOften"),
    .Load = OftenLoad,
    .Unload = OftenUnload,
    .Read = OftenRead,
    .Write = OftenWrite,
};
