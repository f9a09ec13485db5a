/* SPDX-License-Identifier: MIT */
/* nd5_binary.c - NDIS 5.x as drivers use it that were built with BINARY_COMPATIBLE: the macros of others are calls. */
#define NDIS_LEGACY_DRIVER 1
#define BINARY_COMPATIBLE  1
#include "ddi.h"

static UCHAR Bytes[100];

static VOID
BuffersByCall(VOID)
{
    NDIS_HANDLE pool, packets;
    PNDIS_BUFFER buffer = NULL, first = NULL;
    PNDIS_PACKET packet;
    NDIS_STATUS status;
    PVOID address = NULL;
    UINT offset = 0, length = 0, total = 0;

    NdisAllocateBufferPool(&status, &pool, 4);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisAllocateBuffer(&status, &buffer, pool, Bytes, sizeof(Bytes));
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK(NdisBufferLength(buffer) == 100 && NdisBufferVirtualAddress(buffer) == Bytes);
    NdisAdjustBufferLength(buffer, 60);
    NdisQueryBufferSafe(buffer, &address, &length, NormalPagePriority);
    CHECK(address == Bytes && length == 60);
    NdisQueryBufferOffset(buffer, &offset, &length);
    CHECK(offset == ((ULONG_PTR)Bytes & (PAGE_SIZE - 1)) && length == 60);

    NdisAllocatePacketPool(&status, &packets, 1, 16);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisAllocatePacket(&status, &packet, packets);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    NdisGetFirstBufferFromPacketSafe(packet, &first, &address, &length, &total, NormalPagePriority);
    CHECK(first == NULL && total == 0);
    NdisChainBufferAtFront(packet, buffer);
    NdisGetFirstBufferFromPacket(packet, &first, &address, &length, &total);
    CHECK(first == buffer && address == Bytes && length == 60 && total == 60);
    NdisGetFirstBufferFromPacketSafe(packet, &first, &address, &length, &total, NormalPagePriority);
    CHECK(first == buffer && address == Bytes && length == 60 && total == 60);
    NdisFreePacket(packet);
    NdisFreePacketPool(packets);
    NdisFreeBuffer(buffer);
    NdisFreeBufferPool(pool);
}

static VOID
PacketsAtDispatch(VOID)
{
    PNDIS_PACKET a = NULL, b = NULL, c = NULL;
    BOOLEAN remaining = TRUE;
    NDIS_STATUS status;
    NDIS_HANDLE pool;
    KIRQL old;

    NdisAllocatePacketPool(&status, &pool, 2, 16);
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NdisDprAllocatePacket(&status, &a, pool);
    CHECK(status == NDIS_STATUS_SUCCESS && a != NULL);
    NdisDprAllocatePacketNonInterlocked(&status, &b, pool);
    CHECK(status == NDIS_STATUS_SUCCESS && b != NULL);
    NdisDprAllocatePacket(&status, &c, pool);
    CHECK(status == NDIS_STATUS_RESOURCES);
    NdisDprAllocatePacketNonInterlocked(&status, &c, pool);
    CHECK(status == NDIS_STATUS_RESOURCES);
    if (a != NULL && b != NULL) {
        PVOID tag = (PVOID)(ULONG_PTR)0x2001;

        NDIS_PER_PACKET_INFO_FROM_PACKET(a, Ieee8021QInfo) = tag;
        NdisIMCopySendPerPacketInfo(b, a);
        CHECK(NDIS_PER_PACKET_INFO_FROM_PACKET(b, Ieee8021QInfo) == tag);
        NDIS_PER_PACKET_INFO_FROM_PACKET(b, TcpLargeSendPacketInfo) = (PVOID)(ULONG_PTR)700;
        NdisIMCopySendCompletePerPacketInfo(a, b);
        CHECK(NDIS_PER_PACKET_INFO_FROM_PACKET(a, TcpLargeSendPacketInfo) == (PVOID)(ULONG_PTR)700);
        NdisIMGetCurrentPacketStack(a, &remaining);
        NdisDprFreePacket(a);
        NdisDprFreePacketNonInterlocked(b);
    }
    KeLowerIrql(old);
    CHECK(NdisPacketPoolUsage(pool) == 0);
    NdisFreePacketPool(pool);
}

static KEVENT Ran;
static PVOID SeenContext;

static VOID NTAPI
TimerRan(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    SeenContext = FunctionContext;
    KeSetEvent(&Ran, IO_NO_INCREMENT, FALSE);
}

static VOID
TimerWithContext(VOID)
{
    static NDIS_TIMER timer;
    LARGE_INTEGER second;

    second.QuadPart = -10 * 1000 * 1000;
    KeInitializeEvent(&Ran, NotificationEvent, FALSE);
    NdisInitializeTimer(&timer, TimerRan, &timer);
    NdisSetTimerEx(&timer, 5, &Ran);
    CHECK(KeWaitForSingleObject(&Ran, Executive, KernelMode, FALSE, &second) == STATUS_SUCCESS);
    CHECK(SeenContext == &Ran); /* the context of the call, not of the initialization */
}

DDI_TESTS(binary, { "buffers_by_call", BuffersByCall }, { "packets_at_dispatch", PacketsAtDispatch },
          { "timer_with_context", TimerWithContext });
