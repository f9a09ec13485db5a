/* SPDX-License-Identifier: MIT */
/*
 * ndis/ends/proto_oid.c - OID requests of the test protocol.
 *
 * Model: a request and its buffer are one block of machine memory; what is known of it lies outside. Whoever asked
 * waits for the answer; somebody else may cancel what is under way. A protocol closes its binding when all are back
 * (documented: NdisCloseAdapterEx).
 */
#include <errno.h>
#include <string.h>

#include "ndis/ends/proto.h"

struct oid {
    struct list_node node;
    NDIS_OID_REQUEST *request;
    struct ndis_wait wait;
};

static void
back(struct proto_stack *s, struct oid *o)
{
    list_del(&o->node);
    if (s->closing && list_empty(&s->oids))
        ndis_wait_done(&s->oids_back, 0);
}

uint64_t
proto_oid_complete(const uint64_t *a)
{
    struct proto_stack *s = (struct proto_stack *)a[0];
    struct oid *o;

    sched_touch((uint64_t)&s->oids);
    list_for_each (o, &s->oids, node)
        if (o->request == (NDIS_OID_REQUEST *)a[1]) {
            back(s, o);
            ndis_wait_done(&o->wait, (int32_t)a[2]);
            break;
        }
    return 0;
}

void
proto_oids_wait(struct proto_stack *s)
{
    sched_touch((uint64_t)&s->oids);
    s->closing = true;
    s->oids_back = (struct ndis_wait){ .done = list_empty(&s->oids) };
    ndis_wait(&s->oids_back, (uint64_t)s,
              ndis_words("waits for its OID requests to %s%s before it closes the binding", s->nic->name, ""));
}

static NDIS_OID_REQUEST *
make_request(struct proto_stack *s, const struct ends_oid *ask)
{
    NDIS_OID_REQUEST *r = heap_alloc(sizeof(*r) + ask->length, NDIS_SIG_PROTOCOL_DRIVER);

    if (r == NULL)
        return NULL;
    heap_label(r, "OID request");
    memset(r, 0, sizeof(*r) + ask->length);
    ndis_header_set(&r->Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    r->RequestType = ask->set ? NdisRequestSetInformation : NdisRequestQueryInformation;
    r->RequestId = (void *)++s->oid_id;
    r->DATA.QUERY_INFORMATION.Oid = ask->oid; /* the variants for queries and sets are alike so far */
    r->DATA.QUERY_INFORMATION.InformationBuffer = ask->length ? r + 1 : NULL;
    r->DATA.QUERY_INFORMATION.InformationBufferLength = ask->length;
    if (ask->set && ask->length >= sizeof(ask->value))
        memcpy(r + 1, &ask->value, sizeof(ask->value));
    return r;
}

int
ends_proto_oid(struct ndis_nic *nic, const struct ends_oid *ask, int32_t *status)
{
    struct proto_stack *s = proto_stack_of(nic);
    uint8_t irql = (uint8_t)irql_get();
    struct oid *o;

    sched_point(OP_INTERNAL, (uint64_t)&s->oids);
    if (s->binding == NULL || s->closing)
        return -ENETDOWN;
    o = mon_alloc(sizeof(*o));
    o->request = make_request(s, ask);
    if (o->request == NULL)
        return -ENOMEM;
    list_add_tail(&s->oids, &o->node);
    if (ask->flags & ENDS_DISPATCH)
        irql_raise(IRQL_DISPATCH);
    sched_point(OP_DDI, (uint64_t)s->binding);
    *status = s->asleep ? NDIS_STATUS_LOW_POWER_STATE : NdisOidRequest(s->binding, o->request);
    sched_touch((uint64_t)&s->oids);
    irql_lower(irql);
    if (*status != NDIS_STATUS_PENDING)
        back(s, o);
    else
        *status = ndis_wait(&o->wait, (uint64_t)s,
                            ndis_words("waits for the answer to an OID request to %s%s", nic->name, ""));
    heap_free(o->request);
    return 0;
}

int
ends_proto_cancel_oids(struct ndis_nic *nic)
{
    struct proto_stack *s = proto_stack_of(nic);
    uint64_t id[8];
    unsigned n = 0;
    struct oid *o;

    sched_point(OP_INTERNAL, (uint64_t)&s->oids);
    if (s->binding == NULL)
        return -ENETDOWN;
    list_for_each (o, &s->oids, node)
        if (n < sizeof(id) / sizeof(id[0]))
            id[n++] = (uint64_t)o->request->RequestId;
    for (unsigned i = 0; i < n && s->binding != NULL; i++) {
        sched_point(OP_DDI, (uint64_t)s->binding);
        NdisCancelOidRequest(s->binding, (void *)id[i]);
    }
    return 0;
}
