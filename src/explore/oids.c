/* SPDX-License-Identifier: MIT */
/*
 * explore/oids.c - the OID requests of the battery: `{ op: oid, oid: 0 }`.
 *
 * Model: what protocols ask of an Ethernet adapter in the field (documented: "General Objects", "Ethernet Objects"; the
 * mandatory ones, and what TCP/IP sets), with room enough, with too little, with none, and one that nobody knows. NDIS
 * answers many of them itself; what it does not answer goes down the stack. The answers are the driver's affair, how
 * it gives them is for the rules.
 */
#include "ddk/ndis.h"
#include "explore/lab_internal.h"
#include "ndis/ends/ends.h"

#define UNKNOWN_OID 0xff00fe01u /* of a vendor's range */

static const struct ends_oid oids[] = {
    { .oid = OID_GEN_SUPPORTED_LIST, .length = 512 },
    { .oid = OID_GEN_HARDWARE_STATUS, .length = 4 },
    { .oid = OID_GEN_MEDIA_SUPPORTED, .length = 4 },
    { .oid = OID_GEN_MAXIMUM_LOOKAHEAD, .length = 4 },
    { .oid = OID_GEN_MAXIMUM_FRAME_SIZE, .length = 4 },
    { .oid = OID_GEN_LINK_SPEED, .length = 4 },
    { .oid = OID_GEN_TRANSMIT_BUFFER_SPACE, .length = 4 },
    { .oid = OID_GEN_RECEIVE_BUFFER_SPACE, .length = 4 },
    { .oid = OID_GEN_TRANSMIT_BLOCK_SIZE, .length = 4 },
    { .oid = OID_GEN_RECEIVE_BLOCK_SIZE, .length = 4 },
    { .oid = OID_GEN_VENDOR_ID, .length = 4 },
    { .oid = OID_GEN_VENDOR_DESCRIPTION, .length = 128 },
    { .oid = OID_GEN_VENDOR_DRIVER_VERSION, .length = 4 },
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .length = 4 },
    { .oid = OID_GEN_CURRENT_LOOKAHEAD, .length = 4 },
    { .oid = OID_GEN_MAXIMUM_TOTAL_SIZE, .length = 4 },
    { .oid = OID_GEN_MAC_OPTIONS, .length = 4 },
    { .oid = OID_GEN_MEDIA_CONNECT_STATUS, .length = 4 },
    { .oid = OID_GEN_MAXIMUM_SEND_PACKETS, .length = 4 },
    { .oid = OID_GEN_XMIT_OK, .length = 8 },
    { .oid = OID_GEN_RCV_OK, .length = 4 },
    { .oid = OID_GEN_STATISTICS, .length = sizeof(NDIS_STATISTICS_INFO) },
    { .oid = OID_GEN_STATISTICS, .length = 3 },
    { .oid = OID_GEN_STATISTICS, .length = 0 },
    { .oid = OID_802_3_PERMANENT_ADDRESS, .length = 6 },
    { .oid = OID_802_3_CURRENT_ADDRESS, .length = 5 },
    { .oid = OID_802_3_MAXIMUM_LIST_SIZE, .length = 4 },
    { .oid = OID_802_3_MULTICAST_LIST, .length = 6, .value = 0x005e0001, .set = true },
    { .oid = OID_802_3_MULTICAST_LIST, .length = 7, .value = 0x005e0001, .set = true },
    { .oid = OID_802_3_MULTICAST_LIST, .length = 192 },
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .length = 4, .value = NDIS_PACKET_TYPE_DIRECTED, .set = true },
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .length = 4, .value = 0x80000000, .set = true },
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .length = 2, .set = true },
    { .oid = OID_GEN_CURRENT_PACKET_FILTER, .length = 4, .value = NDIS_PACKET_TYPE_PROMISCUOUS, .set = true },
    { .oid = OID_GEN_CURRENT_LOOKAHEAD, .length = 4, .value = 256, .set = true, .flags = ENDS_DISPATCH },
    { .oid = UNKNOWN_OID, .length = 64 },
    { .oid = UNKNOWN_OID, .length = 64, .set = true },
};

void
lab_oid_op(const struct scn_op *op, struct ndis_nic *nic)
{
    struct ends_oid one = { .oid = op->oid, .length = op->in ? op->in : op->out, .set = op->in != 0 };
    unsigned count = op->oid ? 1 : sizeof(oids) / sizeof(oids[0]);
    int32_t status;

    for (unsigned round = 0; round < op->count; round++)
        for (unsigned i = 0; i < count; i++) {
            sched_point(OP_ACTOR, OBJECT_WORLD);
            ends_proto_oid(nic, op->oid ? &one : &oids[i], &status);
        }
}
