/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_set.c - sets of a binding whose effect at the miniport is the sum over all bindings.
 *
 * Model: each binding asks for the packet filter, lookahead and multicast addresses it wants; the layers below must see
 * what serves them all (documented: the pages of these OIDs). So NDIS sends a request of its own with the combined
 * value, in the name of the protocol's request, and answers that one when its own is answered. A binding's value counts
 * from when the set succeeded, so one such set of an adapter is under way at a time, and what all want is summed up
 * when it begins (assumed; protocols see no more than that sets pend). documented: adding and deleting one address
 * becomes a set of the whole list; an address is gone when it was deleted as often as added.
 * assumed: a set that was combined is not cancelled with the request it came from; it completes as it would have.
 * Start reading at: oid_set_combined().
 */
#include "ndis/driver.h"
#include "ndis/misc.h"

#include <string.h>

#define ADDRESS 6u

/* A request of NDIS's own, made for a binding's. Machine memory: the layers below look at it. */
struct own_request {
    struct ndis_object object;
    NDIS_OID_REQUEST request;
    NDIS_OID_REQUEST *original;
    struct ndis_binding *binding;
    uint32_t wanted;             /* packet filter, lookahead */
    struct ndis_multicast *list; /* what the binding's becomes */
    uint8_t value[];             /* what goes down */
};

/* A set that waits for the one under way. Monitor memory. */
struct waiting_set {
    struct list_node node;
    struct ndis_binding *binding;
    NDIS_OID_REQUEST *request;
};

static void carry_on(struct waiting_set *w);

/* The set under way has ended: the next one, or NULL. */
static struct waiting_set *
take_waiting(struct ndis_adapter *ad)
{
    struct list_node *node;

    sched_touch((uint64_t)&ad->sets);
    node = list_pop_head(&ad->sets);
    ad->setting = node != NULL;
    return node != NULL ? list_entry(node, struct waiting_set, node) : NULL;
}

/* ------------------------------------------------------------------ sums */

static bool
holds(const uint8_t *list, uint32_t count, const uint8_t *address)
{
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(list + i * ADDRESS, address, ADDRESS) == 0)
            return true;
    return false;
}

static uint32_t
append(const struct ndis_multicast *m, uint8_t *out, uint32_t count)
{
    for (uint32_t i = 0; m != NULL && i < m->count; i++) {
        if (holds(out, count, m->address + i * ADDRESS))
            continue;
        memcpy(out + count * ADDRESS, m->address + i * ADDRESS, ADDRESS);
        count++;
    }
    return count;
}

uint32_t
ndis_multicast_bytes(const struct ndis_adapter *ad)
{
    struct ndis_binding *b;
    uint32_t count = 0;

    list_for_each (b, &ad->bindings, node)
        count += b->multicast != NULL ? b->multicast->count : 0;
    return count * ADDRESS;
}

/* With `instead` in place of what binding b has. */
static uint32_t
unite(const struct ndis_adapter *ad, const struct ndis_binding *b, const struct ndis_multicast *instead, uint8_t *out)
{
    uint32_t count = append(instead, out, 0);
    struct ndis_binding *other;

    list_for_each (other, &ad->bindings, node)
        if (other != b)
            count = append(other->multicast, out, count);
    return count * ADDRESS;
}

uint32_t
ndis_multicast_union(const struct ndis_adapter *ad, uint8_t *out)
{
    return unite(ad, NULL, NULL, out);
}

static uint32_t
combined(const struct ndis_adapter *ad, const struct ndis_binding *b, uint32_t oid, uint32_t value)
{
    struct ndis_binding *other;

    list_for_each (other, &ad->bindings, node) {
        if (other == b)
            continue;
        if (oid == OID_GEN_CURRENT_PACKET_FILTER)
            value |= other->packet_filter;
        else if (other->lookahead > value)
            value = other->lookahead;
    }
    return value;
}

/* ------------------------------------------------------------------ the request below */

static bool
of_list(uint32_t oid)
{
    return oid == OID_802_3_MULTICAST_LIST || oid == OID_802_3_ADD_MULTICAST_ADDRESS ||
           oid == OID_802_3_DELETE_MULTICAST_ADDRESS;
}

/* Copy the outcome to the protocol's request. */
static void
finish(struct own_request *own, NDIS_STATUS status)
{
    struct ndis_binding *b = own->binding;
    NDIS_OID_REQUEST *original = own->original;
    uint32_t oid = oid_of(original);

    original->DATA.SET_INFORMATION.BytesRead = own->request.DATA.SET_INFORMATION.BytesRead;
    original->DATA.SET_INFORMATION.BytesNeeded = own->request.DATA.SET_INFORMATION.BytesNeeded;
    if (status == NDIS_STATUS_SUCCESS) {
        sched_touch((uint64_t)b);
        if (of_list(oid)) {
            original->DATA.SET_INFORMATION.BytesRead = original->DATA.SET_INFORMATION.InformationBufferLength;
            ndis_free(b->multicast);
            b->multicast = own->list;
            own->list = NULL;
        } else {
            original->DATA.SET_INFORMATION.BytesRead = sizeof(uint32_t);
            if (oid == OID_GEN_CURRENT_LOOKAHEAD)
                b->lookahead = own->wanted;
            else
                b->packet_filter =
                    b->shared_filter != NULL ? b->shared_filter(original, own->wanted, true) : own->wanted;
        }
    }
    ndis_free(own->list);
    ndis_free(own);
}

static void
tell(struct ndis_binding *b, NDIS_OID_REQUEST *original, NDIS_STATUS status)
{
    b->layer.ledger->oids--;
    NDIS_CALL(ndis_site.ndisInvokeOidRequestComplete, b->layer.op[NDIS_OP_OID_COMPLETE], b->layer.context,
              (uint64_t)original, (uint32_t)status);
}

static void
own_done(struct oid_record *r, NDIS_STATUS status)
{
    struct own_request *own = (struct own_request *)r->done_arg;
    struct ndis_binding *b = own->binding;
    NDIS_OID_REQUEST *original = own->original;
    struct waiting_set *next;

    finish(own, status);
    next = take_waiting(b->layer.adapter);
    tell(b, original, status); /* without a next one the adapter may be gone after it */
    if (next != NULL)
        carry_on(next);
}

/* With room for so many bytes of value. */
static struct own_request *
own_create(struct ndis_binding *b, NDIS_OID_REQUEST *original, uint32_t room)
{
    struct own_request *own = ndis_object_alloc(NDIS_SIG_OID, sizeof(*own) + room, "OID request of NDIS");

    if (own == NULL)
        return NULL;
    own->original = original;
    own->binding = b;
    own->request = *original;
    memset(own->request.NdisReserved, 0, sizeof(own->request.NdisReserved));
    memset(own->request.SourceReserved, 0, sizeof(own->request.SourceReserved));
    ndis_header_set(&own->request.Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    own->request.DATA.SET_INFORMATION.InformationBuffer = own->value;
    own->request.DATA.SET_INFORMATION.InformationBufferLength = room;
    own->request.DATA.SET_INFORMATION.BytesRead = 0;
    own->request.DATA.SET_INFORMATION.BytesNeeded = 0;
    return own;
}

/* ------------------------------------------------------------------ packet filter and lookahead */

/* NDIS checks these two itself before any layer sees them (assumed for the lookahead). */
static NDIS_STATUS
number_request(struct ndis_binding *b, NDIS_OID_REQUEST *request, struct own_request **own)
{
    const struct ndis_adapter *ad = b->layer.adapter;
    uint32_t oid = oid_of(request), wanted, value;

    if (request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(wanted)) {
        request->DATA.SET_INFORMATION.BytesNeeded = sizeof(wanted);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(&wanted, request->DATA.SET_INFORMATION.InformationBuffer, sizeof(wanted));
    if (oid == OID_GEN_CURRENT_LOOKAHEAD && ad->general.LookaheadSize != 0 && wanted > ad->general.LookaheadSize)
        return NDIS_STATUS_INVALID_DATA;
    *own = own_create(b, request, sizeof(wanted));
    if (*own == NULL)
        return NDIS_STATUS_RESOURCES;
    (*own)->wanted = wanted;
    if (oid == OID_GEN_CURRENT_PACKET_FILTER && b->shared_filter != NULL)
        wanted = b->shared_filter(request, wanted, false);
    value = combined(ad, b, oid, wanted);
    memcpy((*own)->value, &value, sizeof(value));
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ multicast addresses */

/* The binding's list as the request would have it; NULL: *status says why not. */
static struct ndis_multicast *
list_wanted(const struct ndis_binding *b, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    const uint8_t *given = request->DATA.SET_INFORMATION.InformationBuffer;
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength, oid = oid_of(request);
    uint32_t had = oid != OID_802_3_MULTICAST_LIST && b->multicast != NULL ? b->multicast->count : 0, out = 0;
    bool deleted = oid != OID_802_3_DELETE_MULTICAST_ADDRESS;
    struct ndis_multicast *list;

    *status = NDIS_STATUS_INVALID_LENGTH;
    if (length % ADDRESS != 0 || (oid != OID_802_3_MULTICAST_LIST && length != ADDRESS)) {
        request->DATA.SET_INFORMATION.BytesNeeded = oid != OID_802_3_MULTICAST_LIST ? ADDRESS : length / 6 * 6 + 6;
        return NULL;
    }
    *status = NDIS_STATUS_MULTICAST_FULL; /* documented: for an invalid address, too */
    for (uint32_t at = 0; at < length; at += ADDRESS)
        if ((given[at] & 1) == 0)
            return NULL;
    *status = NDIS_STATUS_RESOURCES;
    list = ndis_object_alloc(NDIS_SIG_OID, sizeof(*list) + had * ADDRESS + length, "multicast list");
    if (list == NULL)
        return NULL;
    for (uint32_t i = 0; i < had; i++) {
        const uint8_t *address = b->multicast->address + i * ADDRESS;

        if (!deleted && memcmp(address, given, ADDRESS) == 0)
            deleted = true;
        else
            memcpy(list->address + out++ * ADDRESS, address, ADDRESS);
    }
    if (oid != OID_802_3_DELETE_MULTICAST_ADDRESS) {
        memcpy(list->address + out * ADDRESS, given, length);
        out += length / ADDRESS;
    }
    list->count = out;
    if (deleted)
        return list;
    *status = NDIS_STATUS_MULTICAST_NOT_FOUND;
    ndis_free(list);
    return NULL;
}

static NDIS_STATUS
list_request(struct ndis_binding *b, NDIS_OID_REQUEST *request, struct own_request **own)
{
    const struct ndis_adapter *ad = b->layer.adapter;
    struct ndis_multicast *list;
    NDIS_STATUS status;
    uint32_t length;

    list = list_wanted(b, request, &status);
    if (list == NULL)
        return status;
    *own = own_create(b, request, ndis_multicast_bytes(ad) + list->count * ADDRESS);
    if (*own == NULL) {
        ndis_free(list);
        return NDIS_STATUS_RESOURCES;
    }
    length = unite(ad, b, list, (*own)->value);
    if (length > ad->general.MaxMulticastListSize * ADDRESS) {
        ndis_free(list);
        ndis_free(*own);
        return NDIS_STATUS_MULTICAST_FULL;
    }
    (*own)->list = list;
    (*own)->request.DATA.SET_INFORMATION.Oid = OID_802_3_MULTICAST_LIST;
    (*own)->request.DATA.SET_INFORMATION.InformationBufferLength = length;
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ again, after a reset or a sleep */

/* buffer: in guest scratch memory. A miniport that does not take it keeps what it has. */
static void
restore(struct ndis_adapter *ad, uint32_t oid, void *buffer, uint32_t length)
{
    ndis_oid_ask(&ad->layer, NdisRequestSetInformation, oid, buffer, length);
}

void
ndis_oid_restore(struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    uint32_t *filter = guest_alloc(sizeof(*filter)), *lookahead = guest_alloc(sizeof(*lookahead));
    uint8_t *list = guest_alloc(ndis_multicast_bytes(ad) + 1);
    uint32_t bytes = ndis_multicast_union(ad, list);

    *filter = combined(ad, NULL, OID_GEN_CURRENT_PACKET_FILTER, 0);
    *lookahead = combined(ad, NULL, OID_GEN_CURRENT_LOOKAHEAD, 0);
    if (*filter != 0)
        restore(ad, OID_GEN_CURRENT_PACKET_FILTER, filter, sizeof(*filter));
    if (bytes != 0)
        restore(ad, OID_802_3_MULTICAST_LIST, list, bytes);
    if (*lookahead != 0)
        restore(ad, OID_GEN_CURRENT_LOOKAHEAD, lookahead, sizeof(*lookahead));
    guest_release(mark);
}

/* ------------------------------------------------------------------ one at a time */

/* Whatever it returns but PENDING is the answer; nobody was told. */
static NDIS_STATUS
begin(struct ndis_binding *b, NDIS_OID_REQUEST *request)
{
    struct own_request *own;
    NDIS_STATUS status = of_list(oid_of(request)) ? list_request(b, request, &own) : number_request(b, request, &own);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    status = oid_submit(NULL, &b->layer, &own->request, false, own_done, (uint64_t)own);
    if (status != NDIS_STATUS_PENDING)
        finish(own, status);
    return status;
}

/* Takes w. */
static void
carry_on(struct waiting_set *w)
{
    while (w != NULL) {
        struct ndis_binding *b = w->binding;
        NDIS_OID_REQUEST *request = w->request;
        NDIS_STATUS status = begin(b, request);

        mon_free(w, sizeof(*w));
        if (status == NDIS_STATUS_PENDING)
            return;
        w = take_waiting(b->layer.adapter);
        tell(b, request, status);
    }
}

bool
oid_set_combined(struct ndis_binding *b, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    struct ndis_adapter *ad = b->layer.adapter;
    uint32_t oid = oid_of(request);
    struct waiting_set *w;

    if (request->RequestType != NdisRequestSetInformation || request->PortNumber != NDIS_DEFAULT_PORT_NUMBER ||
        (oid != OID_GEN_CURRENT_PACKET_FILTER && oid != OID_GEN_CURRENT_LOOKAHEAD && !of_list(oid)))
        return false;
    trace_emit(EV_OID_REQUEST, request, b->layer.kind, (uint64_t)b, oid, request->RequestType);
    b->layer.ledger->oids++;
    sched_touch((uint64_t)&ad->sets);
    if (ad->setting) {
        w = mon_alloc(sizeof(*w));
        w->binding = b;
        w->request = request;
        list_add_tail(&ad->sets, &w->node);
        *status = NDIS_STATUS_PENDING;
        return true;
    }
    ad->setting = true;
    *status = begin(b, request);
    if (*status != NDIS_STATUS_PENDING) {
        w = take_waiting(ad);
        b->layer.ledger->oids--;
        if (w != NULL)
            carry_on(w);
    }
    return true;
}
