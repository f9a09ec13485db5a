/* SPDX-License-Identifier: MIT */
/* nd5.c - NDIS 5.x: packets, buffers, pools, timers, work items, registration that is refused. */
#define NDIS_LEGACY_DRIVER 1
#include "ddi.h"

static UCHAR Bytes[200];

static VOID
PoolLimits(VOID)
{
    NDIS_HANDLE pool;
    PNDIS_PACKET packet[3];
    NDIS_STATUS status;

    NdisAllocatePacketPool(&status, &pool, 2, sizeof(PVOID));
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisAllocatePacket(&status, &packet[0], pool);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocatePacket(&status, &packet[1], pool);
    CHECK(status == NDIS_STATUS_SUCCESS);
    CHECK(NdisPacketPoolUsage(pool) == 2);
    NdisAllocatePacket(&status, &packet[2], pool);
    CHECK(status == NDIS_STATUS_RESOURCES && packet[2] == NULL);
    CHECK(NdisGetPoolFromPacket(packet[0]) == pool);
    NdisFreePacket(packet[0]);
    NdisFreePacket(packet[1]);
    CHECK(NdisPacketPoolUsage(pool) == 0);
    NdisFreePacketPool(pool);

    NdisAllocatePacketPoolEx(&status, &pool, 1, 1, 0);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisSetPacketPoolProtocolId(pool, NDIS_PROTOCOL_ID_TCP_IP);
    NdisAllocatePacket(&status, &packet[0], pool);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK((NdisGetPacketFlags(packet[0]) & NDIS_FLAGS_PROTOCOL_ID_MASK) == NDIS_PROTOCOL_ID_TCP_IP);
    NdisFreePacket(packet[0]);
    NdisFreePacketPool(pool);
    CHECK(NdisPacketSize(16) >= sizeof(NDIS_PACKET) + sizeof(NDIS_PACKET_OOB_DATA) + sizeof(NDIS_PACKET_EXTENSION));
}

/* How many packets a pool gives, up to eight; all are back in it then. */
static ULONG
Drain(NDIS_HANDLE Pool)
{
    PNDIS_PACKET packet[8];
    NDIS_STATUS status;
    ULONG count, i;

    for (count = 0; count < RTL_NUMBER_OF(packet); count++) {
        NdisAllocatePacket(&status, &packet[count], Pool);
        if (status != NDIS_STATUS_SUCCESS)
            break;
    }
    for (i = 0; i < count; i++)
        NdisFreePacket(packet[i]);
    return count;
}

/* Documented: more than 0xffff are refused; of an overflow beyond that so many are left out. */
static VOID
PoolBounds(VOID)
{
    NDIS_HANDLE pool;
    NDIS_STATUS status;

    NdisAllocatePacketPoolEx(&status, &pool, 0x10000, 0, sizeof(PVOID));
    CHECK(status == NDIS_STATUS_RESOURCES && pool == NULL);
    NdisAllocatePacketPool(&status, &pool, 0xffffffff, sizeof(PVOID));
    CHECK(status == NDIS_STATUS_RESOURCES && pool == NULL);
    NdisAllocatePacketPoolEx(&status, &pool, 2, 0xffffffff, sizeof(PVOID));
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK(Drain(pool) == 8);
    NdisFreePacketPool(pool);
    NdisAllocatePacketPoolEx(&status, &pool, 1, 2, sizeof(PVOID));
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK(Drain(pool) == 3);
    NdisFreePacketPool(pool);
    NdisAllocatePacketPool(&status, &pool, 0, sizeof(PVOID));
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK(Drain(pool) == 0);
    NdisFreePacketPool(pool);
}

/* A packet from a pool of its own; free both with FreePacket(). */
static PNDIS_PACKET
NewPacket(VOID)
{
    NDIS_HANDLE pool;
    PNDIS_PACKET packet = NULL;
    NDIS_STATUS status;

    NdisAllocatePacketPool(&status, &pool, 1, 32);
    if (status == NDIS_STATUS_SUCCESS)
        NdisAllocatePacket(&status, &packet, pool);
    CHECK(status == NDIS_STATUS_SUCCESS);
    return packet;
}

static VOID
FreePacket(PNDIS_PACKET Packet)
{
    NDIS_HANDLE pool = NdisGetPoolFromPacket(Packet);

    NdisFreePacket(Packet);
    NdisFreePacketPool(pool);
}

static VOID
OutOfBand(VOID)
{
    PNDIS_PACKET packet = NewPacket();
    PVOID info;
    UINT size;
    ULONG i;

    REQUIRE(packet != NULL);
    CHECK(NDIS_GET_PACKET_STATUS(packet) == 0);
    CHECK(NDIS_GET_PACKET_TIME_SENT(packet) == 0);
    for (i = 0; i < MaxPerPacketInfo; i++)
        CHECK(NDIS_PER_PACKET_INFO_FROM_PACKET(packet, i) == NULL);
    RtlFillMemory(packet->ProtocolReserved, 32, 0xff); /* reaches nothing behind it */
    CHECK(NDIS_GET_PACKET_STATUS(packet) == 0);
    NDIS_SET_PACKET_STATUS(packet, NDIS_STATUS_RESOURCES);
    CHECK(NDIS_GET_PACKET_STATUS(packet) == NDIS_STATUS_RESOURCES);
    NDIS_SET_PACKET_MEDIA_SPECIFIC_INFO(packet, Bytes, 8);
    NDIS_GET_PACKET_MEDIA_SPECIFIC_INFO(packet, &info, &size);
    CHECK(info == Bytes && size == 8);
    NDIS_SET_PACKET_CANCEL_ID(packet, Bytes);
    CHECK(NDIS_GET_PACKET_CANCEL_ID(packet) == Bytes);
    FreePacket(packet);
}

static PNDIS_BUFFER
NewBuffer(ULONG Offset, UINT Length)
{
    PNDIS_BUFFER buffer;
    NDIS_STATUS status;
    NDIS_HANDLE pool;

    NdisAllocateBufferPool(&status, &pool, 4);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBuffer(&status, &buffer, pool, Bytes + Offset, Length);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisFreeBufferPool(pool); /* a pool of buffers is no memory: they stay */
    return buffer;
}

static VOID
Chains(VOID)
{
    PNDIS_PACKET packet = NewPacket();
    PNDIS_BUFFER a = NewBuffer(0, 10), b = NewBuffer(10, 20), c = NewBuffer(30, 30), first, taken;
    PVOID address;
    UINT pages, count, length, total;

    REQUIRE(packet != NULL && a != NULL && b != NULL && c != NULL);
    NdisUnchainBufferAtFront(packet, &taken);
    CHECK(taken == NULL);
    NdisUnchainBufferAtBack(packet, &taken);
    CHECK(taken == NULL);
    NdisChainBufferAtFront(packet, b);
    NdisChainBufferAtFront(packet, a);
    NdisChainBufferAtBack(packet, c);
    NdisQueryPacket(packet, &pages, &count, &first, &total);
    CHECK(count == 3 && first == a && total == 60 && pages >= 3);
    NdisGetFirstBufferFromPacketSafe(packet, &first, &address, &length, &total, NormalPagePriority);
    CHECK(first == a && address == Bytes && length == 10 && total == 60);
    NdisUnchainBufferAtBack(packet, &taken);
    CHECK(taken == c && taken->Next == NULL);
    NdisUnchainBufferAtFront(packet, &taken);
    CHECK(taken == a && taken->Next == NULL);
    NdisQueryPacketLength(packet, &total);
    CHECK(total == 20);
    NdisUnchainBufferAtBack(packet, &taken);
    CHECK(taken == b && packet->Private.Head == NULL);
    NdisFreeBuffer(a);
    NdisFreeBuffer(b);
    NdisFreeBuffer(c);
    FreePacket(packet);
}

static VOID
Copies(VOID)
{
    PNDIS_PACKET from = NewPacket(), to = NewPacket();
    PNDIS_BUFFER part, source, sink;
    NDIS_STATUS status;
    PVOID address;
    UINT copied, length;
    ULONG i;

    REQUIRE(from != NULL && to != NULL);
    for (i = 0; i < sizeof(Bytes); i++)
        Bytes[i] = (UCHAR)i;
    source = NewBuffer(0, 50);
    sink = NewBuffer(100, 40);
    NdisChainBufferAtFront(from, source);
    NdisChainBufferAtFront(to, sink);
    NdisCopyFromPacketToPacket(to, 5, 100, from, 10, &copied);
    CHECK(copied == 35); /* what the destination has room for */
    CHECK(Bytes[104] == 104 && Bytes[105] == 10 && Bytes[139] == 44);
    NdisCopyFromPacketToPacketSafe(to, 0, 10, from, 45, &copied, NormalPagePriority);
    CHECK(copied == 5);
    NdisCopyBuffer(&status, &part, NULL, source, 20, 10);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisQueryBufferSafe(part, &address, &length, NormalPagePriority);
    CHECK(address == Bytes + 20 && length == 10);
    NdisFreeBuffer(part);
    NdisCopyBuffer(&status, &part, NULL, source, 45, 10);
    CHECK(status != NDIS_STATUS_SUCCESS && part == NULL);
    NdisFreeBuffer(source);
    NdisFreeBuffer(sink);
    FreePacket(from);
    FreePacket(to);
}

static volatile LONG Fired;

static VOID NTAPI
Fire(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    if (FunctionContext == (PVOID)Bytes && KeGetCurrentIrql() == DISPATCH_LEVEL)
        InterlockedIncrement(&Fired);
}

static VOID
Timers(VOID)
{
    static NDIS_TIMER timer;
    BOOLEAN cancelled;

    Fired = 0;
    NdisInitializeTimer(&timer, Fire, Bytes);
    NdisSetTimer(&timer, 5);
    NdisMSleep(20000);
    CHECK(Fired == 1);
    NdisSetTimer(&timer, 5000);
    NdisCancelTimer(&timer, &cancelled);
    CHECK(cancelled);
    NdisCancelTimer(&timer, &cancelled);
    CHECK(!cancelled);
    NdisSetPeriodicTimer(&timer, 10);
    NdisMSleep(35000);
    NdisCancelTimer(&timer, &cancelled);
    CHECK(cancelled && Fired >= 3);
}

static VOID NTAPI
Work(PNDIS_WORK_ITEM WorkItem, PVOID Context)
{
    UNREFERENCED_PARAMETER(WorkItem);
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        NdisSetEvent(Context);
}

static VOID
WorkItems(VOID)
{
    static NDIS_WORK_ITEM item;
    NDIS_EVENT done;

    NdisInitializeEvent(&done);
    NdisInitializeWorkItem(&item, Work, &done);
    CHECK(NdisScheduleWorkItem(&item) == NDIS_STATUS_SUCCESS);
    CHECK(NdisWaitEvent(&done, 1000));
}

static VOID
Refused(VOID)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;
    NDIS_PROTOCOL_CHARACTERISTICS protocol;
    NDIS_HANDLE wrapper, handle;
    NDIS_STATUS status;

    NdisZeroMemory(&miniport, sizeof(miniport));
    NdisZeroMemory(&protocol, sizeof(protocol));
    NdisMInitializeWrapper(&wrapper, DdiDriverObject, &DdiRegistryPath, NULL);
    REQUIRE(wrapper != NULL);
    miniport.MajorNdisVersion = 3;
    CHECK(NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport)) == NDIS_STATUS_BAD_VERSION);
    miniport.MajorNdisVersion = 5;
    CHECK(NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport)) == NDIS_STATUS_BAD_CHARACTERISTICS);
    CHECK(NdisMRegisterMiniport(wrapper, &miniport, 16) == NDIS_STATUS_BAD_CHARACTERISTICS);
    CHECK(NdisIMRegisterLayeredMiniport(wrapper, &miniport, 16, &handle) == NDIS_STATUS_BAD_CHARACTERISTICS);
    NdisTerminateWrapper(wrapper, NULL);
    protocol.MajorNdisVersion = 6;
    NdisRegisterProtocol(&status, &handle, &protocol, sizeof(protocol));
    CHECK(status == NDIS_STATUS_BAD_VERSION);
    protocol.MajorNdisVersion = 4;
    NdisRegisterProtocol(&status, &handle, &protocol, sizeof(protocol));
    CHECK(status == NDIS_STATUS_BAD_CHARACTERISTICS && handle == NULL);
}

DDI_TESTS(nd5, { "pool_limits", PoolLimits }, { "pool_bounds", PoolBounds }, { "out_of_band", OutOfBand },
          { "chains", Chains }, { "copies", Copies }, { "timers", Timers }, { "work_items", WorkItems },
          { "refused", Refused });
