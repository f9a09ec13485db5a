/* SPDX-License-Identifier: MIT */
/*
 * ndis/ends/wiretest.c - the test miniport.
 *
 * Model: a struct wire per nic, in monitor memory, that survives disable and enable. Three counts decide when a pause
 * is done: sends it holds, receives that are not back, indications that have not returned. Whoever brings the last of
 * them to zero completes the pause. What it does later it does from its own thread at DISPATCH_LEVEL, as a DPC would.
 */
#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "ndis/driver.h"
#include "ndis/ends/shape.h"
#include "nt/nt.h"

#define LINK_SPEED 1000000000u /* bits per second */

struct frame {
    struct frame *next;
    size_t length;
    uint8_t bytes[];
};

struct wire {
    struct ndis_nic *nic;
    struct fiber *fiber;
    NDIS_HANDLE adapter; /* NULL while halted */
    struct shape_pools pools;
    NET_BUFFER_LIST *queue, **queue_end; /* sends to complete later */
    struct frame *loop, **loop_end;      /* frames to loop back */
    NDIS_OID_REQUEST *oid;               /* to answer later: NDIS gives one at a time */
    uint32_t receives_out, indicating;
    uint8_t mac[6];
    uint8_t complete; /* enum ends_complete */
    bool loopback, oids_later, running, pausing, completing, idle;
    struct ends_wire_stats stats;
};

static ndis_fn handler[16]; /* filled in init: const while drivers run */
static ends_tap_fn tap;     /* likewise; NULL: nobody watches */
static void *tap_context;

static void
wake(struct wire *w)
{
    sched_touch((uint64_t)w);
    if (!w->idle)
        return;
    w->idle = false;
    sched_wake(w->fiber);
}

static bool
drained(const struct wire *w)
{
    return w->queue == NULL && !w->completing && w->receives_out == 0 && w->indicating == 0;
}

/* Something came back: the pause may be done. */
static void
check_pause(struct wire *w)
{
    sched_touch((uint64_t)w);
    if (!w->pausing || !drained(w))
        return;
    w->pausing = false;
    NdisMPauseComplete(w->adapter);
}

static void
complete(struct wire *w, NET_BUFFER_LIST *nbls, NDIS_STATUS status, uint32_t flags)
{
    for (NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
        nbl->Status = status;
    NdisMSendNetBufferListsComplete(w->adapter, nbls, flags);
}

static void
loop_frames(struct wire *w, const NET_BUFFER_LIST *nbls)
{
    for (; nbls != NULL; nbls = nbls->Next)
        for (const NET_BUFFER *nb = nbls->FirstNetBuffer; nb != NULL; nb = nb->Next) {
            struct frame *frame = mon_alloc(sizeof(*frame) + nb->DataLength);

            frame->length = ndis_nb_read(nb, 0, frame->bytes, nb->DataLength);
            frame->next = NULL;
            *w->loop_end = frame;
            w->loop_end = &frame->next;
        }
}

static void
show_tap(const NET_BUFFER_LIST *nbls, bool sent)
{
    for (; tap != NULL && nbls != NULL; nbls = nbls->Next)
        for (const NET_BUFFER *nb = nbls->FirstNetBuffer; nb != NULL; nb = nb->Next) {
            uint8_t *to = tap(tap_context, sent, nb->DataLength);

            if (to != NULL)
                ndis_nb_read(nb, 0, to, nb->DataLength);
        }
}

/* ------------------------------------------------------------------ handlers */

static uint64_t
send(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];
    NET_BUFFER_LIST *nbls = (NET_BUFFER_LIST *)a[1];
    uint32_t flags = a[3] & NDIS_SEND_FLAGS_DISPATCH_LEVEL ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;
    bool later = w->complete == ENDS_COMPLETE_LATER;

    sched_touch((uint64_t)w);
    if (!w->running) {
        for (const NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
            w->stats.refused++;
        complete(w, nbls, NDIS_STATUS_PAUSED, flags);
        return 0;
    }
    for (const NET_BUFFER_LIST *nbl = nbls; nbl != NULL; nbl = nbl->Next)
        w->stats.sent_hash = shape_digest(w->stats.sent_hash, nbl, &w->stats.sent, &w->stats.sent_bytes);
    show_tap(nbls, true);
    if (w->loopback)
        loop_frames(w, nbls);
    if (w->complete == ENDS_COMPLETE_CHOICE)
        later = choose(CHOICE_EVENT, 2, (uint64_t)w) == 1;
    if (later) {
        *w->queue_end = nbls;
        while (*w->queue_end != NULL)
            w->queue_end = &(*w->queue_end)->Next;
    }
    if (later || w->loop != NULL)
        wake(w);
    if (!later)
        complete(w, nbls, NDIS_STATUS_SUCCESS, flags);
    return 0;
}

static uint64_t
returned(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];
    NET_BUFFER_LIST *nbl = (NET_BUFFER_LIST *)a[1], *next;

    for (; nbl != NULL; nbl = next) {
        next = nbl->Next;
        shape_free(nbl);
        w->receives_out--;
        w->stats.returned++;
    }
    check_pause(w);
    return 0;
}

static uint64_t
cancel_send(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];
    void *id = (void *)a[1];
    NET_BUFFER_LIST **at = &w->queue, *cancelled = NULL, **end = &cancelled;

    sched_touch((uint64_t)w);
    while (*at != NULL) {
        NET_BUFFER_LIST *nbl = *at;

        if (NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl) != id) {
            at = &nbl->Next;
            continue;
        }
        *at = nbl->Next;
        nbl->Next = NULL;
        *end = nbl;
        end = &nbl->Next;
    }
    w->queue_end = at;
    if (cancelled != NULL)
        complete(w, cancelled, NDIS_STATUS_SEND_ABORTED, 0);
    check_pause(w);
    return 0;
}

static const NDIS_OID oids[] = { OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_CURRENT_LOOKAHEAD, OID_GEN_STATISTICS };

/* It may be armed to wake, by a magic packet: in guest scratch memory. */
static PNDIS_PM_CAPABILITIES
power_capabilities(void)
{
    NDIS_PM_CAPABILITIES *c = guest_alloc(sizeof(*c));

    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PM_CAPABILITIES_REVISION_1,
                    NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1);
    c->SupportedWoLPacketPatterns = NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED;
    c->MinMagicPacketWakeUp = NdisDeviceStateD3;
    return c;
}

static NDIS_STATUS
set_attributes(struct wire *w, NDIS_HANDLE adapter)
{
    uint64_t mark = guest_mark();
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *r = guest_alloc(sizeof(*r));
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = guest_alloc(sizeof(*g));
    NDIS_OID *list = guest_alloc(sizeof(oids));
    NDIS_STATUS status;

    ndis_header_set(&r->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2);
    r->MiniportAdapterContext = w;
    r->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM | NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    r->InterfaceType = NdisInterfaceInternal;
    status = NdisMSetMiniportAttributes(adapter, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)r);
    if (status != NDIS_STATUS_SUCCESS)
        goto out;
    memcpy(list, oids, sizeof(oids));
    ndis_header_set(&g->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2);
    g->MediaType = NdisMedium802_3;
    g->PhysicalMediumType = NdisPhysicalMediumUnspecified;
    g->MtuSize = 1500;
    g->MaxXmitLinkSpeed = g->XmitLinkSpeed = g->MaxRcvLinkSpeed = g->RcvLinkSpeed = LINK_SPEED;
    g->MediaConnectState = MediaConnectStateConnected;
    g->MediaDuplexState = MediaDuplexStateFull;
    g->LookaheadSize = 1500;
    g->MacOptions =
        NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND | NDIS_MAC_OPTION_NO_LOOPBACK;
    g->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST |
                                NDIS_PACKET_TYPE_ALL_MULTICAST | NDIS_PACKET_TYPE_BROADCAST |
                                NDIS_PACKET_TYPE_PROMISCUOUS;
    g->MaxMulticastListSize = 32;
    g->MacAddressLength = 6;
    memcpy(g->PermanentMacAddress, w->mac, 6);
    memcpy(g->CurrentMacAddress, w->mac, 6);
    g->AccessType = NET_IF_ACCESS_BROADCAST;
    g->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    g->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    g->IfType = 6; /* ethernetCsmacd */
    g->IfConnectorPresent = TRUE;
    g->PowerManagementCapabilitiesEx = power_capabilities();
    g->SupportedOidList = list;
    g->SupportedOidListLength = sizeof(oids);
    status = NdisMSetMiniportAttributes(adapter, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)g);
out:
    guest_release(mark);
    return status;
}

static uint64_t
initialize(const uint64_t *a)
{
    struct ndis_adapter *ad = (struct ndis_adapter *)a[0];
    struct wire *w = ad->nic->host;
    NDIS_STATUS status = set_attributes(w, ad);

    if (status != NDIS_STATUS_SUCCESS)
        return (uint32_t)status;
    if (!shape_pools_init(&w->pools, ad))
        return (uint32_t)NDIS_STATUS_RESOURCES;
    w->adapter = ad;
    w->queue = NULL;
    w->queue_end = &w->queue;
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

static uint64_t
halt(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];

    shape_pools_fini(&w->pools);
    w->adapter = NULL;
    return 0;
}

static uint64_t
pause(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];

    sched_touch((uint64_t)w);
    w->running = false;
    w->loop = NULL;
    w->loop_end = &w->loop;
    if (drained(w))
        return (uint32_t)NDIS_STATUS_SUCCESS;
    w->pausing = true;
    return (uint32_t)NDIS_STATUS_PENDING;
}

static uint64_t
restart(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];

    sched_touch((uint64_t)w);
    w->running = true;
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
answer_oid(NDIS_OID_REQUEST *request)
{
    uint32_t oid = request->DATA.SET_INFORMATION.Oid;

    if (request->RequestType == NdisRequestSetInformation &&
        (oid == OID_GEN_CURRENT_PACKET_FILTER || oid == OID_GEN_CURRENT_LOOKAHEAD || oid == OID_802_3_MULTICAST_LIST ||
         oid == OID_PM_PARAMETERS)) {
        request->DATA.SET_INFORMATION.BytesRead = request->DATA.SET_INFORMATION.InformationBufferLength;
        return NDIS_STATUS_SUCCESS;
    }
    if (oid == OID_PNP_SET_POWER || oid == OID_PNP_QUERY_POWER)
        return NDIS_STATUS_SUCCESS; /* a wire of memory needs no power */
    return NDIS_STATUS_NOT_SUPPORTED;
}

static uint64_t
oid_request(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];

    if (!w->oids_later)
        return (uint32_t)answer_oid((NDIS_OID_REQUEST *)a[1]);
    sched_touch((uint64_t)w);
    w->oid = (NDIS_OID_REQUEST *)a[1];
    wake(w);
    return (uint32_t)NDIS_STATUS_PENDING;
}

static uint64_t
cancel_oid(const uint64_t *a)
{
    struct wire *w = (struct wire *)a[0];
    NDIS_OID_REQUEST *request = w->oid;

    sched_touch((uint64_t)w);
    if (request == NULL || request->RequestId != (void *)a[1])
        return 0;
    w->oid = NULL;
    NdisMOidRequestComplete(w->adapter, request, NDIS_STATUS_REQUEST_ABORTED);
    return 0;
}

static uint64_t
nothing(const uint64_t *a)
{
    (void)a;
    return 0; /* handlers a miniport must have and this one has no use for */
}

/* ------------------------------------------------------------------ its thread */

static void
indicate(struct wire *w, NET_BUFFER_LIST *nbls, uint32_t count, unsigned flags)
{
    uint32_t ndis_flags = (flags & ENDS_DISPATCH ? NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL : 0) |
                          (flags & ENDS_RESOURCES ? NDIS_RECEIVE_FLAGS_RESOURCES : 0);
    NET_BUFFER_LIST *next;

    w->indicating++;
    w->receives_out += count;
    w->stats.indicated += count;
    show_tap(nbls, false);
    sched_point(OP_DDI, (uint64_t)w->adapter);
    NdisMIndicateReceiveNetBufferLists(w->adapter, nbls, NDIS_DEFAULT_PORT_NUMBER, count, ndis_flags);
    w->indicating--;
    for (; (flags & ENDS_RESOURCES) && nbls != NULL; nbls = next) {
        next = nbls->Next;
        shape_free(nbls);
        w->receives_out--;
        w->stats.returned++;
    }
    check_pause(w);
}

int
ends_wire_receive(struct ndis_nic *nic, const void *frame, size_t length, enum ends_shape shape, unsigned flags)
{
    struct wire *w = nic->host;
    NET_BUFFER_LIST *nbls;
    uint32_t count;
    uint8_t irql = (uint8_t)irql_get();

    sched_point(OP_INTERNAL, (uint64_t)w);
    if (!w->running) {
        w->stats.dropped++;
        return -ENETDOWN;
    }
    nbls = shape_build(&w->pools, w->adapter, frame, length, shape, &count);
    if (nbls == NULL)
        return -ENOMEM;
    w->indicating++; /* holds a pause while the IRQL changes */
    if (flags & ENDS_DISPATCH)
        irql_raise(IRQL_DISPATCH);
    w->indicating--;
    indicate(w, nbls, count, flags);
    irql_lower(irql);
    return 0;
}

static void
complete_queue(struct wire *w)
{
    NET_BUFFER_LIST *nbls = w->queue;

    w->queue = NULL;
    w->queue_end = &w->queue;
    w->completing = true;
    irql_raise(IRQL_DISPATCH);
    sched_point(OP_DPC, (uint64_t)w);
    complete(w, nbls, NDIS_STATUS_SUCCESS, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    w->completing = false;
    check_pause(w);
    irql_lower(IRQL_PASSIVE);
}

static void
complete_oid(struct wire *w)
{
    NDIS_OID_REQUEST *request = w->oid;

    w->oid = NULL;
    irql_raise(IRQL_DISPATCH);
    sched_point(OP_DPC, (uint64_t)w);
    NdisMOidRequestComplete(w->adapter, request, answer_oid(request));
    irql_lower(IRQL_PASSIVE);
}

static void
loop_one(struct wire *w)
{
    struct frame *frame = w->loop;

    w->loop = frame->next;
    if (w->loop == NULL)
        w->loop_end = &w->loop;
    sched_point(OP_DPC, (uint64_t)w);
    ends_wire_receive(w->nic, frame->bytes, frame->length, ENDS_PLAIN, ENDS_DISPATCH);
}

static void
run(void *arg)
{
    struct wire *w = arg;

    for (;;) {
        sched_touch((uint64_t)w);
        if (w->queue != NULL)
            complete_queue(w);
        else if (w->oid != NULL)
            complete_oid(w);
        else if (w->loop != NULL)
            loop_one(w);
        else {
            w->idle = true;
            sched_block(BLOCK_IDLE, (uint64_t)w, NULL, "waits for sends");
        }
    }
}

/* ------------------------------------------------------------------ set-up */

struct ndis_nic *
ends_wire_add(const char *name, const uint8_t mac[6])
{
    struct ndis_nic_config config = { .name = name, .service = "wiretest" };
    struct ndis_nic *nic = ndis_nic_add(&config);
    struct wire *w;
    char thread[40];

    if (nic == NULL)
        return NULL;
    w = mon_alloc(sizeof(*w));
    w->nic = nic;
    w->queue_end = &w->queue;
    w->loop_end = &w->loop;
    if (mac != NULL)
        memcpy(w->mac, mac, 6);
    else
        memcpy(w->mac, (const uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)nic->if_index }, 6);
    nic->host = w;
    fmt(thread, sizeof(thread), "wire of %s", nic->name);
    w->fiber = ps_thread_create(thread, FIBER_SYSTEM, NULL, run, w, true, NULL);
    NDIS_ASSERT(w->fiber != NULL);
    return nic;
}

void
ends_wire_oids_later(struct ndis_nic *nic, bool later)
{
    struct wire *w = nic->host;

    w->oids_later = later;
}

int
ends_wire_link(struct ndis_nic *nic, bool up)
{
    struct wire *w = nic->host;
    uint64_t mark = guest_mark();
    NDIS_STATUS_INDICATION *indication = guest_alloc(sizeof(*indication));
    NDIS_LINK_STATE *link = guest_alloc(sizeof(*link));

    sched_point(OP_INTERNAL, (uint64_t)w);
    if (!w->running) {
        guest_release(mark);
        return -ENETDOWN;
    }
    w->indicating++; /* holds a pause, and so the halt */
    ndis_header_set(&link->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1,
                    NDIS_SIZEOF_LINK_STATE_REVISION_1);
    link->MediaConnectState = up ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    link->MediaDuplexState = MediaDuplexStateFull;
    link->XmitLinkSpeed = link->RcvLinkSpeed = LINK_SPEED;
    link->PauseFunctions = NdisPauseFunctionsUnsupported;
    ndis_header_set(&indication->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    indication->SourceHandle = w->adapter;
    indication->StatusCode = NDIS_STATUS_LINK_STATE;
    indication->StatusBuffer = link;
    indication->StatusBufferSize = sizeof(*link);
    irql_raise(IRQL_DISPATCH);
    sched_point(OP_DDI, (uint64_t)w->adapter);
    NdisMIndicateStatusEx(w->adapter, indication);
    w->indicating--;
    check_pause(w);
    irql_lower(IRQL_PASSIVE);
    guest_release(mark);
    return 0;
}

void
ends_wire_mode(struct ndis_nic *nic, enum ends_complete complete_when, bool loop)
{
    struct wire *w = nic->host;

    w->complete = (uint8_t)complete_when;
    w->loopback = loop;
}

void
ends_wire_tap(ends_tap_fn function, void *context)
{
    tap = function;
    tap_context = context;
}

void
ends_wire_stats(const struct ndis_nic *nic, struct ends_wire_stats *out)
{
    *out = ((const struct wire *)nic->host)->stats;
}

void
ends_wiretest_init(void)
{
    static const ndis_host_fn functions[] = { initialize, halt,     pause,       restart, oid_request,
                                              send,       returned, cancel_send, nothing, cancel_oid };
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), NDIS_SIG_MINIPORT_DRIVER);
    NDIS_HANDLE driver;
    NDIS_STATUS status;

    for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        handler[i] = ndis_host_handler(functions[i]);
    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->InitializeHandlerEx = (void *)handler[0];
    c->HaltHandlerEx = (void *)handler[1];
    c->PauseHandler = (void *)handler[2];
    c->RestartHandler = (void *)handler[3];
    c->OidRequestHandler = (void *)handler[4];
    c->SendNetBufferListsHandler = (void *)handler[5];
    c->ReturnNetBufferListsHandler = (void *)handler[6];
    c->CancelSendHandler = (void *)handler[7];
    c->UnloadHandler = (void *)handler[8];
    c->DevicePnPEventNotifyHandler = (void *)handler[8];
    c->ShutdownHandlerEx = (void *)handler[8];
    c->CancelOidRequestHandler = (void *)handler[9];
    status = NdisMRegisterMiniportDriver(NULL, ndis_string("\\Registry\\Machine\\System\\wiretest"), NULL, c, &driver);
    NDIS_ASSERT(status == NDIS_STATUS_SUCCESS);
    ((struct ndis_driver *)driver)->record->host = true;
    heap_free(c);
}
