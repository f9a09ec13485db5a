/* SPDX-License-Identifier: MIT */
/*
 * ndis/ends/proto.c - the test protocol.
 *
 * Model: a struct proto_stack per nic it is bound to, in monitor memory. A pause is done when its sends are back and
 * what it held is returned; the event may only be completed at PASSIVE_LEVEL, so that happens on NDIS's own thread.
 */
#include <errno.h>
#include <string.h>

#include "ndis/ends/proto.h"

#define CANCEL_ID ((void *)0x7f00000000000001ull) /* of all its sends */

struct proto {
    struct list stacks;
    NDIS_HANDLE driver;
};

static ndis_fn handler[12]; /* filled in init: const while drivers run */

static struct proto *
root(void)
{
    return ndis_root()->ends;
}

struct proto_stack *
proto_stack_of(const struct ndis_nic *nic)
{
    struct proto *proto = root();
    struct proto_stack *s;

    list_for_each (s, &proto->stacks, node)
        if (s->nic == nic)
            return s;
    s = mon_alloc(sizeof(*s));
    s->nic = (struct ndis_nic *)nic;
    s->held_end = &s->held;
    list_init(&s->oids);
    list_add_tail(&proto->stacks, &s->node);
    return s;
}

static void
pause_done(void *arg)
{
    struct proto_stack *s = arg;
    NET_PNP_EVENT_NOTIFICATION *event = s->event;

    s->event = NULL;
    NdisCompleteNetPnPEvent(s->binding, event, NDIS_STATUS_SUCCESS);
}

static void
check_pause(struct proto_stack *s)
{
    sched_touch((uint64_t)s);
    if (s->event != NULL && s->sends_out == 0)
        ndis_work_queue(pause_done, s);
}

static void
return_held(struct proto_stack *s)
{
    NET_BUFFER_LIST *nbls = s->held;

    s->held = NULL;
    s->held_end = &s->held;
    s->stats.held = 0;
    if (nbls != NULL)
        NdisReturnNetBufferLists(s->binding, nbls, 0);
}

/* ------------------------------------------------------------------ handlers */

static uint64_t
send_complete(const uint64_t *a)
{
    struct proto_stack *s = (struct proto_stack *)a[0];
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)a[1], *next;

    for (; nbl != NULL; nbl = next) {
        next = nbl->Next;
        s->stats.completed++;
        if (nbl->Status == NDIS_STATUS_PAUSED)
            s->stats.refused++;
        else if (nbl->Status != NDIS_STATUS_SUCCESS)
            s->stats.failed++;
        shape_free(nbl);
        s->sends_out--;
    }
    check_pause(s);
    return 0;
}

static uint64_t
receive(const uint64_t *a)
{
    struct proto_stack *s = (struct proto_stack *)a[0];
    NET_BUFFER_LIST *nbls = (NET_BUFFER_LIST *)a[1];
    uint32_t flags = (uint32_t)a[4], count = 0;
    bool hold = s->hold == ENDS_HOLD;

    sched_touch((uint64_t)s);
    for (const NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next, count++)
        s->stats.received_hash =
            shape_digest(s->stats.received_hash, nbl, &s->stats.received, &s->stats.received_bytes);
    if (flags & NDIS_RECEIVE_FLAGS_RESOURCES)
        return 0;
    if (s->hold == ENDS_HOLD_CHOICE)
        hold = choose(CHOICE_EVENT, 2, (uint64_t)s) == 1;
    if (!hold || !s->running) {
        NdisReturnNetBufferLists(s->binding, nbls,
                                 flags & NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0);
        return 0;
    }
    *s->held_end = nbls;
    while (*s->held_end != NULL)
        s->held_end = &(*s->held_end)->Next;
    s->stats.held += count;
    return 0;
}

static uint64_t
net_pnp_event(const uint64_t *a)
{
    struct proto_stack *s = (struct proto_stack *)a[0];
    NET_PNP_EVENT_NOTIFICATION *event = (NET_PNP_EVENT_NOTIFICATION *)a[1];

    sched_touch((uint64_t)s);
    switch (event->NetPnPEvent.NetEvent) {
    case NetEventRestart:
        s->running = true;
        return (uint32_t)NDIS_STATUS_SUCCESS;
    case NetEventSetPower:
        s->asleep = *(const uint32_t *)event->NetPnPEvent.Buffer != NdisDeviceStateD0;
        return (uint32_t)NDIS_STATUS_SUCCESS;
    case NetEventPause:
        s->running = false;
        return_held(s);
        if (s->sends_out == 0)
            return (uint32_t)NDIS_STATUS_SUCCESS;
        s->event = event;
        return (uint32_t)NDIS_STATUS_PENDING;
    default:
        return (uint32_t)NDIS_STATUS_SUCCESS;
    }
}

static uint64_t
bind(const uint64_t *a)
{
    struct ndis_bind_context *bc = (struct ndis_bind_context *)a[1];
    const NDIS_BIND_PARAMETERS *p = (const NDIS_BIND_PARAMETERS *)a[2];
    struct proto_stack *s = proto_stack_of(bc->binding->layer.link->nic);
    uint64_t mark = guest_mark();
    NDIS_OPEN_PARAMETERS *open = guest_alloc(sizeof(*open));
    NDIS_MEDIUM *media = guest_alloc(sizeof(*media));
    UINT *selected = guest_alloc(sizeof(*selected));
    NDIS_HANDLE *handle = guest_alloc(sizeof(*handle));
    NDIS_STATUS status = NDIS_STATUS_RESOURCES;

    ndis_header_set(&open->Header, NDIS_OBJECT_TYPE_OPEN_PARAMETERS, NDIS_OPEN_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1);
    open->AdapterName = p->AdapterName;
    *media = NdisMedium802_3;
    open->MediumArray = media;
    open->MediumArraySize = 1;
    open->SelectedMediumIndex = selected;
    if (!shape_pools_init(&s->pools, root()->driver))
        goto out;
    status = NdisOpenAdapterEx(root()->driver, s, open, bc, handle);
    if (status != NDIS_STATUS_SUCCESS) {
        shape_pools_fini(&s->pools);
        goto out;
    }
    s->binding = *handle;
    s->running = s->closing = false;
    s->held = NULL;
    s->held_end = &s->held;
    s->stats.held = 0;
    s->binding->packet_filter = NDIS_PACKET_TYPE_PROMISCUOUS;
out:
    guest_release(mark);
    return (uint32_t)status;
}

static void
unbound(struct proto_stack *s)
{
    s->binding = NULL;
    shape_pools_fini(&s->pools);
}

static uint64_t
unbind(const uint64_t *a)
{
    struct proto_stack *s = (struct proto_stack *)a[1];

    s->binding->packet_filter = 0;
    return_held(s);
    proto_oids_wait(s);
    if (NdisCloseAdapterEx(s->binding) == NDIS_STATUS_PENDING)
        return (uint32_t)NDIS_STATUS_SUCCESS; /* NDIS waits for the close; close_complete does the rest */
    unbound(s);
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

static uint64_t
close_complete(const uint64_t *a)
{
    unbound((struct proto_stack *)a[0]);
    return 0;
}

static uint64_t
nothing(const uint64_t *a)
{
    (void)a;
    return 0; /* handlers a protocol must have and this one has no use for */
}

/* ------------------------------------------------------------------ for actors */

int
ends_proto_send(struct ndis_nic *nic, const void *frame, size_t length, enum ends_shape shape, unsigned flags)
{
    struct proto_stack *s = proto_stack_of(nic);
    NET_BUFFER_LIST *nbls;
    uint32_t count;
    uint8_t irql = (uint8_t)irql_get();

    sched_point(OP_INTERNAL, (uint64_t)s);
    if (s->binding == NULL || !s->running)
        return -ENETDOWN;
    nbls = shape_build(&s->pools, s->binding, frame, length, shape, &count);
    if (nbls == NULL)
        return -ENOMEM;
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
        NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, CANCEL_ID);
    s->sends_out += count; /* from here on a pause waits for us */
    s->stats.sent += count;
    if (flags & ENDS_DISPATCH)
        irql_raise(IRQL_DISPATCH);
    sched_point(OP_DDI, (uint64_t)s->binding);
    NdisSendNetBufferLists(s->binding, nbls, NDIS_DEFAULT_PORT_NUMBER,
                           flags & ENDS_DISPATCH ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0);
    irql_lower(irql);
    return 0;
}

int
ends_proto_cancel_sends(struct ndis_nic *nic)
{
    struct proto_stack *s = proto_stack_of(nic);

    sched_point(OP_INTERNAL, (uint64_t)s);
    if (s->binding == NULL || s->sends_out == 0)
        return -ENETDOWN;
    s->sends_out++; /* the binding stays until we are back */
    sched_point(OP_DDI, (uint64_t)s->binding);
    NdisCancelSendNetBufferLists(s->binding, CANCEL_ID);
    s->sends_out--;
    check_pause(s);
    return 0;
}

void
ends_proto_return(struct ndis_nic *nic)
{
    struct proto_stack *s = proto_stack_of(nic);

    sched_touch((uint64_t)s);
    if (s->binding == NULL)
        return;
    while (s->held != NULL) { /* one by one, each time the first or the second of what is left */
        NET_BUFFER_LIST **at = &s->held, *nbl;

        if (s->held->Next != NULL && choose(CHOICE_EVENT, 2, (uint64_t)s) == 1)
            at = &s->held->Next;
        nbl = *at;
        *at = nbl->Next;
        if (s->held == NULL || s->held_end == &nbl->Next)
            for (s->held_end = &s->held; *s->held_end != NULL;)
                s->held_end = &(*s->held_end)->Next;
        nbl->Next = NULL;
        s->stats.held--;
        NdisReturnNetBufferLists(s->binding, nbl, 0);
    }
}

void
ends_proto_mode(struct ndis_nic *nic, enum ends_hold hold)
{
    proto_stack_of(nic)->hold = (uint8_t)hold;
}

void
ends_proto_stats(const struct ndis_nic *nic, struct ends_proto_stats *out)
{
    *out = proto_stack_of(nic)->stats;
}

/* ------------------------------------------------------------------ set-up */

void
ends_proto_start(void)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), NDIS_SIG_PROTOCOL_DRIVER);
    NDIS_STATUS status;

    NDIS_ASSERT(c != NULL);
    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS,
                    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2,
                    NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->Name = *ndis_string("proto");
    c->BindAdapterHandlerEx = (void *)handler[0];
    c->UnbindAdapterHandlerEx = (void *)handler[1];
    c->CloseAdapterCompleteHandlerEx = (void *)handler[2];
    c->NetPnPEventHandler = (void *)handler[3];
    c->ReceiveNetBufferListsHandler = (void *)handler[4];
    c->SendNetBufferListsCompleteHandler = (void *)handler[5];
    c->OpenAdapterCompleteHandlerEx = (void *)handler[6];
    c->OidRequestCompleteHandler = (void *)handler[7];
    c->StatusHandlerEx = (void *)handler[6];
    do /* an allocation that fails on purpose is for the drivers under test */
        status = NdisRegisterProtocolDriver(NULL, c, &root()->driver);
    while (status == NDIS_STATUS_RESOURCES);
    NDIS_ASSERT(status == NDIS_STATUS_SUCCESS);
    ((struct ndis_driver *)root()->driver)->record->host = true;
    heap_free(c);
}

void ends_wiretest_init(void);

void
ends_init(void)
{
    static const ndis_host_fn functions[] = { bind,    unbind,        close_complete, net_pnp_event,
                                              receive, send_complete, nothing,        proto_oid_complete };
    struct proto *proto = mon_alloc(sizeof(*proto));

    list_init(&proto->stacks);
    ndis_root()->ends = proto;
    for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        handler[i] = ndis_host_handler(functions[i]);
    ends_wiretest_init();
}
