/* SPDX-License-Identifier: MIT */
/* tests.c - the questions, and DriverEntry; see stack5.h. */
#include "stack5.h"

DRIVER_INITIALIZE DriverEntry;

STACK5_SEEN Seen;
NDIS_HANDLE DdiFilterDriver;
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

static NDIS_HANDLE Packets, Buffers;
static UCHAR Bytes[8][60];

BOOLEAN
Reaches(volatile LONG *Count, LONG Value)
{
    LARGE_INTEGER wait;
    ULONG i;

    wait.QuadPart = -10 * 1000;
    for (i = 0; i < 6000 && *Count < Value; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
    return *Count >= Value;
}

/* A packet to send, of 60 bytes, marked with a number from 0 to 7. */
static PNDIS_PACKET
NewPacket(ULONG Mark)
{
    PNDIS_PACKET packet = NULL;
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;

    NdisAllocatePacket(&status, &packet, Packets);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBuffer(&status, &buffer, Buffers, Bytes[Mark], sizeof(Bytes[Mark]));
    CHECK(status == NDIS_STATUS_SUCCESS);
    RtlFillMemory(Bytes[Mark], 6, 0xff);
    Bytes[Mark][12] = 0x88;
    Bytes[Mark][13] = 0xb5;
    Bytes[Mark][FRAME_HEADER] = (UCHAR)Mark;
    NdisChainBufferAtFront(packet, buffer);
    return packet;
}

static VOID
FreePacket(PNDIS_PACKET Packet)
{
    PNDIS_BUFFER buffer;

    NdisUnchainBufferAtFront(Packet, &buffer);
    NdisFreeBuffer(buffer);
    NdisFreePacket(Packet);
}

static NDIS_STATUS
Ask(NDIS_REQUEST_TYPE Type, NDIS_OID Oid, PVOID Buffer, UINT Length, PUINT Done, PUINT Needed)
{
    static NDIS_REQUEST request;
    LONG before = Seen.RequestsDone;
    NDIS_STATUS status;

    NdisZeroMemory(&request, sizeof(request));
    request.RequestType = Type;
    request.DATA.QUERY_INFORMATION.Oid = Oid;
    request.DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
    request.DATA.QUERY_INFORMATION.InformationBufferLength = Length;
    if (Type == NdisRequestSetInformation)
        CallRequest(&status, Binding, &request);
    else
        NdisRequest(&status, Binding, &request);
    if (status == NDIS_STATUS_PENDING) {
        if (Oid == OID_PENDS)
            PortDo(PortAnswer);
        CHECK(Reaches(&Seen.RequestsDone, before + 1));
        status = LastStatus;
    }
    *Done = request.DATA.QUERY_INFORMATION.BytesWritten;
    *Needed = request.DATA.QUERY_INFORMATION.BytesNeeded;
    return status;
}

static NDIS_STATUS
SetOid(NDIS_OID Oid, const VOID *Buffer, UINT Length)
{
    UINT done, needed;

    return Ask(NdisRequestSetInformation, Oid, (PVOID)(ULONG_PTR)Buffer, Length, &done, &needed);
}

/* ---- the tests */

static VOID
CameUp(VOID)
{
    CHECK(Port != NULL && Seen.Binds == 1);
    CHECK(BoundSection == NDIS_STATUS_SUCCESS);
    CHECK(PortParameter == 4711);
}

static VOID
Requests(VOID)
{
    UCHAR address[6];
    ULONG value = 0;
    UINT done, needed;

    CHECK(Ask(NdisRequestQueryInformation, OID_802_3_CURRENT_ADDRESS, address, 6, &done, &needed) ==
          NDIS_STATUS_SUCCESS);
    CHECK(done == 6 && address[0] == 0x02 && address[5] == 0x51);
    CHECK(Ask(NdisRequestQueryInformation, OID_802_3_CURRENT_ADDRESS, address, 5, &done, &needed) ==
          NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(needed == 6);
    CHECK(Ask(NdisRequestQueryInformation, OID_FAILS, &value, 4, &done, &needed) == NDIS_STATUS_INVALID_DATA);
    CHECK(Ask(NdisRequestQueryInformation, OID_PENDS, &value, 4, &done, &needed) == NDIS_STATUS_SUCCESS);
    CHECK(Ask(NdisRequestSetInformation, OID_PENDS, &value, 4, &done, &needed) == NDIS_STATUS_SUCCESS && done == 4);
    CHECK(Ask(NdisRequestMethod, OID_PENDS, &value, 4, &done, &needed) == NDIS_STATUS_NOT_SUPPORTED);
}

static VOID
Addresses(VOID)
{
    static const UCHAR two[12] = { 0x01, 0, 0x5e, 0, 0, 1, 0x01, 0, 0x5e, 0, 0, 2 };
    static const UCHAR twice[18] = { 0x01, 0, 0x5e, 0, 0, 1, 0x01, 0, 0x5e, 0, 0, 1, 0x01, 0, 0x5e, 0, 0, 3 };
    static const UCHAR five[30] = { 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 4, 1 };
    static const UCHAR single[6] = { 0x02, 0, 0, 0, 0, 1 };
    ULONG filter = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_BROADCAST, lookahead = 100;
    UCHAR back[30];
    UINT done, needed;
    LONG lists;

    CHECK(SetOid(OID_GEN_CURRENT_PACKET_FILTER, &filter, sizeof(filter)) == NDIS_STATUS_SUCCESS);
    CHECK((PortFilter & filter) == filter);
    CHECK(SetOid(OID_GEN_CURRENT_LOOKAHEAD, &lookahead, sizeof(lookahead)) == NDIS_STATUS_SUCCESS);
    CHECK(SetOid(OID_802_3_MULTICAST_LIST, two, sizeof(two)) == NDIS_STATUS_SUCCESS);
    CHECK(PortListBytes == 12 && RtlEqualMemory(PortList, two, 12));
    CHECK(SetOid(OID_802_3_MULTICAST_LIST, twice, sizeof(twice)) == NDIS_STATUS_SUCCESS);
    CHECK(PortListBytes == 12 && RtlEqualMemory(PortList, twice + 6, 12)); /* documented: without repetition */
    CHECK(Ask(NdisRequestQueryInformation, OID_802_3_MULTICAST_LIST, back, 30, &done, &needed) == NDIS_STATUS_SUCCESS);
    CHECK(done == 12 && RtlEqualMemory(back, twice + 6, 12));
    CHECK(SetOid(OID_802_3_ADD_MULTICAST_ADDRESS, two + 6, 6) == NDIS_STATUS_SUCCESS);
    CHECK(PortListBytes == 18 && RtlEqualMemory(PortList + 12, two + 6, 6));
    CHECK(SetOid(OID_802_3_ADD_MULTICAST_ADDRESS, two + 6, 6) == NDIS_STATUS_SUCCESS);
    CHECK(SetOid(OID_802_3_DELETE_MULTICAST_ADDRESS, two + 6, 6) == NDIS_STATUS_SUCCESS);
    CHECK(PortListBytes == 18); /* it was added twice */
    CHECK(SetOid(OID_802_3_DELETE_MULTICAST_ADDRESS, two + 6, 6) == NDIS_STATUS_SUCCESS);
    CHECK(PortListBytes == 12);
    lists = Seen.Lists;
    CHECK(SetOid(OID_802_3_DELETE_MULTICAST_ADDRESS, two + 6, 6) != NDIS_STATUS_SUCCESS);
    CHECK(SetOid(OID_802_3_MULTICAST_LIST, five, sizeof(five)) == NDIS_STATUS_MULTICAST_FULL); /* the port takes 4 */
    CHECK(SetOid(OID_802_3_MULTICAST_LIST, single, sizeof(single)) == NDIS_STATUS_MULTICAST_FULL);
    CHECK(SetOid(OID_802_3_MULTICAST_LIST, two, 11) == NDIS_STATUS_INVALID_LENGTH);
    CHECK(Seen.Lists == lists && PortListBytes == 12);
}

static NDIS_STATUS
Filter(NDIS_REQUEST *Request, NDIS_HANDLE Handle, const ULONG *Value)
{
    NDIS_STATUS status;

    NdisZeroMemory(Request, sizeof(*Request));
    Request->RequestType = NdisRequestSetInformation;
    Request->DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    Request->DATA.SET_INFORMATION.InformationBuffer = (PVOID)(ULONG_PTR)Value;
    Request->DATA.SET_INFORMATION.InformationBufferLength = sizeof(*Value);
    NdisRequest(&status, Handle, Request);
    return status;
}

/* Two opens of the port set their filters at once: the port passes what both want and no more. */
static VOID
FiltersAtOnce(VOID)
{
    static const ULONG first = NDIS_PACKET_TYPE_DIRECTED, second = NDIS_PACKET_TYPE_BROADCAST;
    static NDIS_REQUEST of_first, of_second, back;
    static NDIS_MEDIUM medium = NdisMedium802_3;
    ULONG all = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_BROADCAST, i;
    LONG done = Seen.RequestsDone;
    NDIS_HANDLE other = NULL;
    NDIS_STATUS status, error;
    NDIS_STRING name;
    UINT index;

    NdisInitUnicodeString(&name, PortDevice);
    NdisOpenAdapter(&status, &error, &other, &index, &medium, 1, Protocol, &other, &name, 0, NULL);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    PortHoldsFilter = TRUE;
    CHECK(Filter(&of_first, Binding, &first) == NDIS_STATUS_PENDING);
    CHECK(Filter(&of_second, other, &second) == NDIS_STATUS_PENDING);
    for (i = 1; i <= 2; i++) {
        PortDo(PortAnswer);
        CHECK(Reaches(&Seen.RequestsDone, done + (LONG)i) && LastStatus == NDIS_STATUS_SUCCESS);
    }
    PortHoldsFilter = FALSE;
    CHECK((PortFilter & all) == (first | second));
    NdisCloseAdapter(&status, other);
    CHECK(status == NDIS_STATUS_SUCCESS);
    status = Filter(&back, Binding, &all);
    CHECK(status == NDIS_STATUS_SUCCESS || Reaches(&Seen.RequestsDone, done + 3));
    CHECK((PortFilter & all) == all);
}

static VOID
FramesWhole(VOID)
{
    LONG frames = Seen.Frames, complete = Seen.FramesComplete, transfers = Seen.Transfers;
    ULONG i;

    for (i = 0; i < sizeof(PortFrame); i++)
        PortFrame[i] = (UCHAR)(i * 7);
    RtlFillMemory(PortFrame, 6, 0xff);
    PortDo(PortShowsAll);
    REQUIRE(Seen.Frames == frames + 1);
    CHECK(Seen.FramesComplete > complete && Seen.Transfers == transfers);
    CHECK(FrameSeenLength == 100 && RtlEqualMemory(FrameSeen, PortFrame, 100) && FrameSeenPacket);
}

static VOID
FramesFetched(VOID)
{
    LONG frames = Seen.Frames, transfers = Seen.Transfers;
    ULONG i;

    for (i = 0; i < 2; i++) {
        RtlZeroMemory(FrameSeen, sizeof(FrameSeen));
        FetchByCall = i == 0;
        PortFetches = NDIS_STATUS_SUCCESS;
        PortDo(PortShowsSome);
        REQUIRE(Seen.Frames == frames + 1 + (LONG)i && Seen.Transfers == transfers + 1 + (LONG)i);
        CHECK(PortOffset == 20 && PortBytes == 280);
        CHECK(FrameSeenLength == 314 && RtlEqualMemory(FrameSeen, PortFrame, 314));
        CHECK(FrameSeenHave >= 100 && FrameSeenHave < 300 && FrameSeenFetched == 300 - FrameSeenHave);
    }
}

static VOID
FramesFetchedLater(VOID)
{
    LONG frames = Seen.Frames, transfers = Seen.Transfers;

    PortFetches = NDIS_STATUS_PENDING;
    PortDo(PortShowsSomeTwice);
    CHECK(Seen.Frames == frames && Seen.Transfers == transfers + 1); /* assumed: the second is lost */
    PortDo(PortTransferred);
    CHECK(Seen.Frames == frames + 1 && FrameSeenLength == 314 && RtlEqualMemory(FrameSeen, PortFrame, 314));
    PortFetches = NDIS_STATUS_FAILURE;
    PortDo(PortShowsSome);
    CHECK(Seen.Frames == frames + 1 && Seen.Transfers == transfers + 2);
    PortFetches = NDIS_STATUS_SUCCESS;
}

static VOID
FramesByPacket(VOID)
{
    LONG frames = Seen.Frames, returns = Seen.Returns;

    PortDo(PortShowsPacket);
    CHECK(Seen.Frames == frames + 1 && FrameSeenLength == 100 && RtlEqualMemory(FrameSeen, PortFrame, 100));
    CHECK(PortPacketStatus == NDIS_STATUS_SUCCESS && Seen.Returns == returns); /* copied: it is the port's again */
}

/* A send, by call or macro, until it is complete; after it is PENDING in the port the action completes it. */
static NDIS_STATUS
SendOne(BOOLEAN ByCall, NDIS_STATUS Says, VOID (*Action)(VOID))
{
    LONG done = Seen.SendsDone;
    PNDIS_PACKET packet = NewPacket(3);
    NDIS_STATUS status;

    PortSays = Says;
    if (ByCall)
        CallSend(&status, Binding, packet);
    else
        NdisSend(&status, Binding, packet);
    if (status == NDIS_STATUS_PENDING) {
        if (Action != NULL) {
            CHECK(Seen.SendsDone == done);
            PortDo(Action);
        }
        CHECK(Reaches(&Seen.SendsDone, done + 1) && LastDone == packet);
        status = LastStatus;
    }
    FreePacket(packet);
    return status;
}

static VOID
Sends(VOID)
{
    LONG sends = Seen.Sends;

    CHECK(SendOne(TRUE, NDIS_STATUS_SUCCESS, NULL) == NDIS_STATUS_SUCCESS);
    CHECK(SendOne(FALSE, NDIS_STATUS_SUCCESS, NULL) == NDIS_STATUS_SUCCESS);
    CHECK(SendOne(FALSE, NDIS_STATUS_FAILURE, NULL) == NDIS_STATUS_FAILURE);
    CHECK(SendOne(FALSE, NDIS_STATUS_PENDING, PortCompleteSends) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.Sends == sends + 4 && PortLast[sends % 8] == 3);
}

static VOID
ResumesAndSends(VOID)
{
    PortSays = NDIS_STATUS_SUCCESS;
    PortResume();
}

/* What the port has no room for comes again, in order; what comes behind it waits. */
static VOID
SendsWait(VOID)
{
    LONG done = Seen.SendsDone, sends = Seen.Sends, refused = Seen.SendsRefused;
    PNDIS_PACKET array[5];
    ULONG i, round;

    for (round = 0; round < 2; round++) {
        PortSays = NDIS_STATUS_RESOURCES;
        for (i = 0; i < RTL_NUMBER_OF(array); i++)
            array[i] = NewPacket(i);
        if (round == 0)
            CallSendPackets(Binding, array, RTL_NUMBER_OF(array));
        else
            NdisSendPackets(Binding, array, RTL_NUMBER_OF(array));
        CHECK(Seen.Sends == sends && Seen.SendsDone == done && Seen.SendsRefused > refused);
        refused = Seen.SendsRefused;
        PortDo(PortResume); /* still no room */
        CHECK(Seen.Sends == sends && Seen.SendsDone == done && Seen.SendsRefused > refused);
        PortDo(ResumesAndSends);
        CHECK(Reaches(&Seen.SendsDone, done + 5) && Seen.Sends == sends + 5);
        for (i = 0; i < RTL_NUMBER_OF(array); i++) {
            CHECK(PortLast[(sends + i) % 8] == i);
            FreePacket(array[i]);
        }
        done += 5;
        sends += 5;
        refused = Seen.SendsRefused;
    }
}

/* A protocol sends from inside an indication: the port's send handler runs when its timer has returned. */
static VOID
SendsFromReceive(VOID)
{
    LONG done = Seen.SendsDone, frames = Seen.Frames;
    PNDIS_PACKET packet = NewPacket(6);

    PortSays = NDIS_STATUS_SUCCESS;
    SendOnFrame = packet;
    PortDo(PortShowsAll);
    CHECK(Seen.Frames == frames + 1 && Reaches(&Seen.SendsDone, done + 1) && LastStatus == NDIS_STATUS_SUCCESS);
    CHECK(!PortNested);
    FreePacket(packet);
}

static VOID
SendsCancelled(VOID)
{
    LONG done = Seen.SendsDone, cancels = Seen.Cancels, sends = Seen.Sends;
    PNDIS_PACKET first = NewPacket(1), second = NewPacket(2);
    NDIS_STATUS status;

    PortSays = NDIS_STATUS_RESOURCES;
    NDIS_SET_PACKET_CANCEL_ID(first, (PVOID)(ULONG_PTR)0x1234);
    NDIS_SET_PACKET_CANCEL_ID(second, (PVOID)(ULONG_PTR)0x5678);
    NdisSend(&status, Binding, first);
    CHECK(status == NDIS_STATUS_PENDING);
    NdisSend(&status, Binding, second);
    CHECK(status == NDIS_STATUS_PENDING);
    NdisCancelSendPackets(Binding, (PVOID)(ULONG_PTR)0x5678);
    CHECK(Seen.SendsDone == done + 1 && LastDone == second && LastStatus == NDIS_STATUS_REQUEST_ABORTED);
    CHECK(Reaches(&Seen.Cancels, cancels + 1)); /* the port is asked, too: it may have such a packet */
    PortDo(ResumesAndSends);
    CHECK(Reaches(&Seen.SendsDone, done + 2) && LastDone == first && LastStatus == NDIS_STATUS_SUCCESS);
    CHECK(Seen.Sends == sends + 1);
    FreePacket(first);
    FreePacket(second);
}

static VOID
Statuses(VOID)
{
    LONG statuses = Seen.Statuses, complete = Seen.StatusesComplete;

    PortDo(PortUnlinks);
    CHECK(Reaches(&Seen.Unlinked, 1));
    PortDo(PortLinks);
    CHECK(Reaches(&Seen.Linked, 1));
    CHECK(Seen.Statuses == statuses + 2 && Seen.StatusesComplete == complete + 2);
}

/* documented: CheckForHang every two seconds where the driver names no time. */
static VOID
ChecksForHang(VOID)
{
    LONG hangs = Seen.Hangs;

    NdisMSleep(8100000);
    CHECK(Seen.Hangs - hangs >= 3 && Seen.Hangs - hangs <= 5 && Seen.Resets == 0);
}

static VOID
Resets(VOID)
{
    LONG done = Seen.SendsDone, filters = Seen.Filters, lists = Seen.Lists, lookaheads = Seen.Lookaheads,
         sends = Seen.Sends;
    PNDIS_PACKET held = NewPacket(4), waits = NewPacket(5), late = NewPacket(6);
    NDIS_STATUS status;
    ULONG value;
    UINT count, needed;

    PortSays = NDIS_STATUS_PENDING;
    NdisSend(&status, Binding, held);
    CHECK(status == NDIS_STATUS_PENDING && Seen.Sends == sends + 1);
    PortSays = NDIS_STATUS_RESOURCES;
    NdisSend(&status, Binding, waits);
    CHECK(status == NDIS_STATUS_PENDING && Seen.Sends == sends + 1);
    InterlockedExchange(&PortHangs, 1);
    CHECK(Reaches(&Seen.Resets, 1) && Seen.Resetting == 1 && Seen.Resetted == 0);

    NdisSend(&status, Binding, late); /* documented: refused while it is being reset */
    CHECK(status == NDIS_STATUS_PENDING && Seen.SendsDone == done + 1 && LastDone == late);
    CHECK(LastStatus == NDIS_STATUS_RESET_IN_PROGRESS);
    CHECK(Ask(NdisRequestQueryInformation, OID_FAILS, &value, 4, &count, &needed) == NDIS_STATUS_RESET_IN_PROGRESS);
    NdisReset(&status, Binding); /* documented: superfluous */
    CHECK(status == NDIS_STATUS_RESET_IN_PROGRESS && Seen.Resets == 1);

    PortAddressing = TRUE;
    PortSays = NDIS_STATUS_SUCCESS;
    RtlZeroMemory(PortList, sizeof(PortList));
    PortFilter = 0;
    PortDo(PortReset);
    CHECK(Reaches(&Seen.Resetted, 1) && Reaches(&Seen.SendsDone, done + 3));
    CHECK(LastDone == waits && LastStatus == NDIS_STATUS_SUCCESS && Seen.Sends == sends + 2);
    CHECK(Reaches(&Seen.Filters, filters + 1) && Reaches(&Seen.Lists, lists + 1) &&
          Reaches(&Seen.Lookaheads, lookaheads + 1));
    CHECK((PortFilter & NDIS_PACKET_TYPE_MULTICAST) != 0 && PortListBytes == 12 && PortList[5] == 1);
    FreePacket(held);
    FreePacket(waits);
    FreePacket(late);
}

/* documented: a send that a serialized miniport keeps for two checks is a hang; it comes back with an error. */
static VOID
SendsTimeOut(VOID)
{
    LONG done = Seen.SendsDone, resets = Seen.Resets, filters = Seen.Filters;
    PNDIS_PACKET packet = NewPacket(7);
    NDIS_STATUS status;

    PortSays = NDIS_STATUS_PENDING;
    NdisSend(&status, Binding, packet);
    CHECK(Reaches(&Seen.Resets, resets + 1) && Seen.SendsDone == done);
    PortAddressing = FALSE;
    PortDo(PortReset);
    CHECK(Reaches(&Seen.SendsDone, done + 1) && LastStatus == NDIS_STATUS_REQUEST_ABORTED);
    CHECK(Seen.Filters == filters); /* the driver had restored it */
    FreePacket(packet);
}

/* documented: a protocol of 5.x may ask for a reset; a second wish while one is under way is superfluous. */
static VOID
ProtocolsReset(VOID)
{
    LONG resets = Seen.Resets, starts = Seen.Resetting, ends = Seen.Resetted, done = Seen.ResetsDone;
    NDIS_STATUS status;

    NdisReset(&status, Binding);
    CHECK(status == NDIS_STATUS_PENDING && Seen.Resets == resets + 1 && Seen.Resetting == starts + 1);
    CallReset(&status, Binding);
    CHECK(status == NDIS_STATUS_RESET_IN_PROGRESS && Seen.Resets == resets + 1);
    PortDo(PortReset);
    CHECK(Reaches(&Seen.ResetsDone, done + 1) && LastStatus == NDIS_STATUS_SUCCESS && Seen.Resetted == ends + 1);

    PortResets = NDIS_STATUS_HARD_ERRORS; /* at once: there is no completion */
    CallReset(&status, Binding);
    CHECK(status == NDIS_STATUS_HARD_ERRORS && Seen.Resets == resets + 2 && Seen.Resetted == ends + 2);
    CHECK(Seen.ResetsDone == done + 1);
    PortResets = NDIS_STATUS_PENDING;
}

static volatile LONG Ticks;

static VOID NTAPI
Tick(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    if (KeGetCurrentIrql() == DISPATCH_LEVEL && FunctionContext == (PVOID)Bytes)
        InterlockedIncrement(&Ticks);
}

static VOID
PeriodicTimer(VOID)
{
    static NDIS_MINIPORT_TIMER timer;
    BOOLEAN cancelled;
    LONG ticks;

    NdisMInitializeTimer(&timer, Port, Tick, Bytes);
    NdisMSetPeriodicTimer(&timer, 10);
    NdisMSleep(55000);
    NdisMCancelTimer(&timer, &cancelled);
    ticks = Ticks;
    CHECK(cancelled && ticks >= 4 && ticks <= 6);
    NdisMSleep(50000);
    NdisMCancelTimer(&timer, &cancelled);
    CHECK(!cancelled && Ticks == ticks);
}

static NTSTATUS NTAPI
Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS
OpenDevice(PUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    NTSTATUS status;
    HANDLE handle;

    InitializeObjectAttributes(&attributes, Name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    status = ZwCreateFile(&handle, GENERIC_READ, &attributes, &io, NULL, 0, 0, FILE_OPEN, 0, NULL, 0);
    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

static VOID
Devices(VOID)
{
    NDIS_STRING name = NDIS_STRING_CONST("\\Device\\DdiNd5"), link = NDIS_STRING_CONST("\\DosDevices\\DdiNd5");
    PDRIVER_DISPATCH functions[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_HANDLE handle, second;
    PDEVICE_OBJECT device, other;

    NdisZeroMemory(functions, sizeof(functions));
    functions[IRP_MJ_CREATE] = functions[IRP_MJ_CLEANUP] = functions[IRP_MJ_CLOSE] = Create;
    CHECK(!NT_SUCCESS(OpenDevice(&name)));
    REQUIRE(NdisMRegisterDevice(Wrapper, &name, &link, functions, &device, &handle) == NDIS_STATUS_SUCCESS);
    CHECK(device != NULL && NT_SUCCESS(OpenDevice(&name)) && NT_SUCCESS(OpenDevice(&link)));
    CHECK(NdisMRegisterDevice(Wrapper, &name, &link, functions, &other, &second) != NDIS_STATUS_SUCCESS);
    CHECK(NdisMDeregisterDevice(handle) == NDIS_STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(OpenDevice(&name)));
}

/* The virtual adapter comes, is bound to, goes and is unbound from; each handler pends. */
static VOID
VirtualAdapter(VOID)
{
    NDIS_STRING name = NDIS_STRING_CONST("\\Device\\{5d8c1c52-7a3e-4a52-9a43-6a0d5b1f4e01}");
    NDIS_STRING unknown = NDIS_STRING_CONST("\\Device\\{00000000-7a3e-4a52-9a43-6a0d5b1f4e01}");
    LONG binds = Seen.Binds, unbinds = Seen.Unbinds;

    CHECK(NdisIMCancelInitializeDeviceInstance(VirtualDriver, &name) == NDIS_STATUS_FAILURE); /* none asked for it */
    REQUIRE(NdisIMInitializeDeviceInstanceEx(VirtualDriver, &name, &VirtualDriver) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.VirtualUp == 1);
    REQUIRE(Reaches(&Seen.Binds, binds + 1) && VirtualBinding != NULL);
    CHECK(NdisIMGetBindingContext(VirtualBinding) == &VirtualDriver);
    CHECK(NdisIMGetBindingContext(Binding) == NULL);
    CHECK(NdisIMCancelInitializeDeviceInstance(VirtualDriver, &name) == NDIS_STATUS_FAILURE); /* it is up */
    CHECK(NdisIMCancelInitializeDeviceInstance(VirtualDriver, &unknown) == NDIS_STATUS_FAILURE);
    CHECK(NdisIMDeInitializeDeviceInstance(Virtual) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.VirtualDown == 1 && Seen.Unbinds == unbinds + 1 && VirtualBinding == NULL);
    CHECK(NdisIMCancelInitializeDeviceInstance(VirtualDriver, &name) == NDIS_STATUS_SUCCESS);
}

static VOID
HandlersNeverOverlapped(VOID)
{
    CHECK(!PortNested && Seen.Timers > 10);
}

/* The last: nothing is bound after it. */
static VOID
ProtocolLeaves(VOID)
{
    LONG unbinds = Seen.Unbinds;
    NDIS_STATUS status = NDIS_STATUS_FAILURE;

    NdisDeregisterProtocol(&status, Protocol);
    CHECK(status == NDIS_STATUS_SUCCESS && Seen.Unbinds == unbinds + 1 && Binding == NULL);
}

DDI_TESTS(stack5, { "came_up", CameUp }, { "requests", Requests }, { "addresses", Addresses },
          { "filters_at_once", FiltersAtOnce },
          { "frames_whole", FramesWhole }, { "frames_fetched", FramesFetched },
          { "frames_fetched_later", FramesFetchedLater }, { "frames_by_packet", FramesByPacket }, { "sends", Sends },
          { "sends_wait", SendsWait },
          { "sends_from_receive", SendsFromReceive }, { "sends_cancelled", SendsCancelled }, { "statuses", Statuses },
          { "checks_for_hang", ChecksForHang }, { "resets", Resets }, { "sends_time_out", SendsTimeOut },
          { "protocols_reset", ProtocolsReset }, { "periodic_timer", PeriodicTimer },
          { "devices", Devices }, { "virtual_adapter", VirtualAdapter },
          { "handlers_never_overlapped", HandlersNeverOverlapped }, { "protocol_leaves", ProtocolLeaves });

VOID
RunTests(VOID)
{
    NDIS_STATUS status;
    ULONG failed;

    Reaches(&Seen.Binds, 1);
    NdisAllocatePacketPool(&status, &Packets, 16, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    NdisAllocateBufferPool(&status, &Buffers, 16);
    failed = DdiRunGroup(&stack5Group);
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, stack5Group.Count - failed, failed, 0, 0);
}

static VOID NTAPI
TestThread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    RunTests();
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_STATUS status;
    HANDLE thread;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;
    status = PortRegister(DriverObject, RegistryPath);
    if (status == NDIS_STATUS_SUCCESS)
        status = VirtualRegister(Wrapper);
    if (status == NDIS_STATUS_SUCCESS)
        status = BindingRegister();
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    thread = DdiThread(TestThread, NULL);
    if (thread != NULL)
        ZwClose(thread);
    return STATUS_SUCCESS;
}
