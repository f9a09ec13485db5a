/* SPDX-License-Identifier: MIT */
/* ndis/ends/proto.h - what the files of the test protocol share. */
#ifndef NDIS_ENDS_PROTO_H
#define NDIS_ENDS_PROTO_H

#include "ndis/driver.h"
#include "ndis/ends/shape.h"

/* The protocol on one nic, in monitor memory; it survives unbinding. */
struct proto_stack {
    struct list_node node;
    struct ndis_nic *nic;
    struct ndis_binding *binding; /* NULL while unbound */
    struct shape_pools pools;
    NET_BUFFER_LIST *held, **held_end;
    NET_PNP_EVENT_NOTIFICATION *event; /* pended pause */
    uint32_t sends_out;
    uint8_t hold; /* enum ends_hold */
    bool running, closing, asleep; /* asleep: it asks nothing of the adapter */
    struct ends_proto_stats stats;
    struct list oids;           /* requests that are under way */
    uint64_t oid_id;            /* RequestId of the latest */
    struct ndis_wait oids_back; /* closing waits here until the last is back */
};

struct proto_stack *proto_stack_of(const struct ndis_nic *nic);

/* proto_oid.c */
uint64_t proto_oid_complete(const uint64_t *a); /* ProtocolOidRequestComplete */
void proto_oids_wait(struct proto_stack *s);    /* until none is under way; no new ones come while closing */

#endif
