/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/packet.c - packets and their pools.
 *
 * Model: a packet is one heap block: two stack locations for intermediate drivers, the word that leads to its record,
 * the header, the protocol's reserved bytes, out-of-band data, per-packet information. Nothing is kept for reuse, so a
 * packet that was freed faults. The record says who has it; see legacy.h.
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#define STACK_LOCATIONS 2u
#define HEAD_CHECK      0xc2b2ae3d27d4eb4full

struct packet_head {
    NDIS_PACKET_STACK stack[STACK_LOCATIONS];
    uint64_t track; /* struct packet_track * */
    uint64_t check;
};

/* Offset of the out-of-band data. */
static uint32_t
oob_offset(uint32_t reserved)
{
    return (uint32_t)((offsetof(NDIS_PACKET, ProtocolReserved) + reserved + 7) & ~7ull);
}

struct packet_track *
packet_track_of(const NDIS_PACKET *packet)
{
    const struct packet_head *head = (const struct packet_head *)packet - 1;
    struct packet_track *track;

    if (!machine_readable((uint64_t)head, sizeof(*head) + sizeof(*packet)))
        return NULL;
    if ((head->track ^ (uint64_t)packet ^ HEAD_CHECK) != head->check)
        return NULL;
    track = (struct packet_track *)head->track;
    return track->packet == packet ? track : NULL;
}

void
packet_misuse(const void *packet, enum packet_misuse what, const void *handle, enum ndis_layer_kind layer)
{
    trace_emit(EV_PACKET_MISUSE, packet, what, (uint64_t)handle, layer);
}

struct packet_pool *
packet_pool_create(uint32_t packets, uint32_t reserved)
{
    struct packet_pool *pool = ndis_object_alloc(NDIS_SIG_PACKET_POOL, sizeof(*pool), "packet pool");

    if (pool != NULL) {
        pool->room = packets;
        pool->reserved = reserved;
    }
    return pool;
}

NDIS_PACKET *
packet_create(struct packet_pool *pool)
{
    uint32_t oob = oob_offset(pool->reserved);
    struct packet_head *head;
    struct packet_track *track;
    NDIS_PACKET *packet;

    sched_touch((uint64_t)pool);
    if (pool->out == pool->room)
        return NULL;
    head = ndis_alloc(sizeof(*head) + oob + sizeof(NDIS_PACKET_OOB_DATA) + sizeof(NDIS_PACKET_EXTENSION),
                      NDIS_SIG_PACKET, "NDIS packet");
    if (head == NULL)
        return NULL;
    track = mon_alloc(sizeof(*track));
    list_node_init(&track->node);
    list_node_init(&track->behind);
    packet = (NDIS_PACKET *)(head + 1);
    track->packet = packet;
    track->pool = pool;
    head->track = (uint64_t)track;
    head->check = head->track ^ (uint64_t)packet ^ HEAD_CHECK;
    packet->Private.Pool = pool;
    packet->Private.Flags = pool->protocol_id;
    packet->Private.NdisPacketFlags = fPACKET_ALLOCATED_BY_NDIS;
    packet->Private.NdisPacketOobOffset = (USHORT)oob;
    pool->out++;
    trace_emit(EV_PACKET_ALLOC, packet, (uint64_t)pool);
    return packet;
}

void
packet_free(NDIS_PACKET *packet)
{
    struct packet_track *track = packet_track_of(packet);
    struct packet_pool *pool = packet->Private.Pool; /* as ndis.sys does: faults on a packet that is freed */

    sched_touch((uint64_t)pool);
    trace_emit(EV_PACKET_FREE, packet, (uint64_t)pool);
    pool->out--;
    if (track != NULL) {
        track->packet = NULL;
        mon_free(track, sizeof(*track));
    }
    ndis_free((struct packet_head *)packet - 1);
}

void
packet_free_again(const NDIS_PACKET *packet)
{
    struct packet_head *head = (struct packet_head *)packet - 1;

    if (heap_free(head) == HEAP_DOUBLE_FREE)
        machine_bugcheck(0xc2 /* BAD_POOL_CALLER */, 7 /* the block is free already */, 0, NDIS_SIG_PACKET,
                         (uint64_t)head);
}

/* ------------------------------------------------------------------ what drivers call */

#define DESCRIPTORS_MAX 0xffffu

/*
 * NdisAllocatePacketPoolEx - a pool of packets with ProtocolReservedLength bytes each. NdisAllocatePacketPool - the
 * same without an overflow.
 *
 * Source:    documented: there may be as many packets as both numbers come to, of which the first is refused beyond
 *            0xffff and the second cut to what is left of that. Assumed: memory is not set aside for them.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the caller takes *PoolHandle until NdisFreePacketPool.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES.
 */
VOID NTAPI
NdisAllocatePacketPoolEx(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors,
                         UINT NumberOfOverflowDescriptors, UINT ProtocolReservedLength)
{
    struct packet_pool *pool = NULL;
    UINT room;

    if (NumberOfDescriptors <= DESCRIPTORS_MAX && ProtocolReservedLength < 0x8000 &&
        oob_offset(ProtocolReservedLength) < 0x8000) {
        room = DESCRIPTORS_MAX - NumberOfDescriptors;
        room = NumberOfDescriptors + (NumberOfOverflowDescriptors < room ? NumberOfOverflowDescriptors : room);
        pool = packet_pool_create(room, ProtocolReservedLength);
    }
    *PoolHandle = pool;
    *Status = pool != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

VOID NTAPI
NdisAllocatePacketPool(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors,
                       UINT ProtocolReservedLength)
{
    NdisAllocatePacketPoolEx(Status, PoolHandle, NumberOfDescriptors, 0, ProtocolReservedLength);
}

/* NdisFreePacketPool - its packets have to be free. Source: documented. IRQL: <= DISPATCH_LEVEL */
VOID NTAPI
NdisFreePacketPool(NDIS_HANDLE PoolHandle)
{
    struct packet_pool *pool = PoolHandle;

    if (pool->out != 0)
        packet_misuse(pool, PACKET_POOL_NOT_EMPTY, (void *)(uint64_t)pool->out, NDIS_LAYER_MINIPORT);
    ndis_free(pool);
}

/* NdisPacketPoolUsage - how many of its packets are in use. Source: documented. IRQL: <= DISPATCH_LEVEL */
UINT NTAPI
NdisPacketPoolUsage(NDIS_HANDLE PoolHandle)
{
    return ((struct packet_pool *)PoolHandle)->out;
}

/* NdisPacketSize - bytes of a packet with so many reserved for the protocol. Source: documented. IRQL: any */
UINT NTAPI
NdisPacketSize(UINT ProtocolReservedSize)
{
    return (UINT)(oob_offset(ProtocolReservedSize) + sizeof(NDIS_PACKET_OOB_DATA) + sizeof(NDIS_PACKET_EXTENSION));
}

/* NdisSetPacketPoolProtocolId - an id that each of its packets carries in its flags. Source: documented. */
VOID NTAPI
NdisSetPacketPoolProtocolId(NDIS_HANDLE PacketPoolHandle, UINT ProtocolId)
{
    ((struct packet_pool *)PacketPoolHandle)->protocol_id = ProtocolId & NDIS_FLAGS_PROTOCOL_ID_MASK;
}

/* NdisGetPoolFromPacket - Source: documented. IRQL: <= DISPATCH_LEVEL */
NDIS_HANDLE NTAPI
NdisGetPoolFromPacket(PNDIS_PACKET Packet)
{
    return Packet->Private.Pool;
}

/*
 * NdisAllocatePacket - a packet without buffers. The Dpr forms are the same at DISPATCH_LEVEL.
 *
 * Source:    documented: out-of-band data are zero.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the caller takes *Packet until NdisFreePacket.
 * Status:    NDIS_STATUS_SUCCESS, _RESOURCES (then *Packet is NULL).
 */
VOID NTAPI
NdisAllocatePacket(PNDIS_STATUS Status, PNDIS_PACKET *Packet, NDIS_HANDLE PoolHandle)
{
    *Packet = packet_create(PoolHandle);
    *Status = *Packet != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

VOID NTAPI
NdisDprAllocatePacket(PNDIS_STATUS Status, PNDIS_PACKET *Packet, NDIS_HANDLE PoolHandle)
{
    NdisAllocatePacket(Status, Packet, PoolHandle);
}

VOID NTAPI
NdisDprAllocatePacketNonInterlocked(PNDIS_STATUS Status, PNDIS_PACKET *Packet, NDIS_HANDLE PoolHandle)
{
    NdisAllocatePacket(Status, Packet, PoolHandle);
}

/*
 * NdisFreePacket - back to its pool; buffers that are chained to it stay the caller's (documented). The Dpr forms are
 * the same at DISPATCH_LEVEL.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
VOID NTAPI
NdisFreePacket(PNDIS_PACKET Packet)
{
    struct packet_track *track = packet_track_of(Packet);

    if (track != NULL && (track->given != PACKET_NOT_GIVEN || track->taken != PACKET_NOT_TAKEN))
        packet_misuse(Packet, PACKET_FREED_IN_FLIGHT, Packet->Private.Pool, NDIS_LAYER_PROTOCOL);
    packet_free(Packet);
}

VOID NTAPI
NdisDprFreePacket(PNDIS_PACKET Packet)
{
    NdisFreePacket(Packet);
}

VOID NTAPI
NdisDprFreePacketNonInterlocked(PNDIS_PACKET Packet)
{
    NdisFreePacket(Packet);
}

/*
 * NdisIMGetCurrentPacketStack - room of an intermediate driver's own in a packet.
 *
 * Source:    documented: NULL and FALSE if none is left. Here each driver is given packets of its own at each edge, so
 *            one location is enough.
 * IRQL:      <= DISPATCH_LEVEL
 */
PNDIS_PACKET_STACK NTAPI
NdisIMGetCurrentPacketStack(PNDIS_PACKET Packet, BOOLEAN *StacksRemaining)
{
    bool ours = (Packet->Private.NdisPacketFlags & fPACKET_ALLOCATED_BY_NDIS) != 0;

    *StacksRemaining = ours;
    return ours ? &((struct packet_head *)Packet - 1)->stack[0] : NULL;
}

/* Which per-packet information goes along when a packet is sent on as another. documented. */
static const uint8_t copied[] = { TcpIpChecksumPacketInfo,        IpSecPacketInfo, TcpLargeSendPacketInfo,
                                  ClassificationHandlePacketInfo, Ieee8021QInfo,   PacketCancelId };

/*
 * NdisIMCopySendPerPacketInfo - per-packet information of a send, to the packet it is sent on as.
 * NdisIMCopySendCompletePerPacketInfo - what the layer below wrote, back.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
VOID NTAPI
NdisIMCopySendPerPacketInfo(PNDIS_PACKET DstPacket, PNDIS_PACKET SrcPacket)
{
    for (unsigned i = 0; i < sizeof(copied); i++)
        NDIS_PER_PACKET_INFO_FROM_PACKET(DstPacket, copied[i]) = NDIS_PER_PACKET_INFO_FROM_PACKET(SrcPacket, copied[i]);
}

VOID NTAPI
NdisIMCopySendCompletePerPacketInfo(PNDIS_PACKET DstPacket, PNDIS_PACKET SrcPacket)
{
    NDIS_PER_PACKET_INFO_FROM_PACKET(DstPacket, TcpLargeSendPacketInfo) =
        NDIS_PER_PACKET_INFO_FROM_PACKET(SrcPacket, TcpLargeSendPacketInfo);
}
