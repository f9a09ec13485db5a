/* SPDX-License-Identifier: MIT */
/*
 * hostif/bind.c - the binding: open, requests, pause and restart, link, close; and the driver's registration.
 *
 * Model: what NDIS says of the adapter becomes what Linux sees of the interface: bind parameters and restart attributes
 * give address and MTU, link state and pauses the carrier. Requests are made one at a time, while binding.
 */
#include "builtin/hostif/hostif.h"

#include <errno.h>
#include <string.h>

#include "base/figure.h"
#include "builtin/driver.h"
#include "machine/machine.h"
#include "ndis/admin.h"
#include "ndis/driver.h"

/* An adapter that has both takes and gives 802.1Q tags out of band. */
#define TAGS (NDIS_MAC_OPTION_8021P_PRIORITY | NDIS_MAC_OPTION_8021Q_VLAN)

NDIS_HANDLE *hi_driver;
static struct list *hostifs; /* monitor memory; const after init */

struct hostif *
hi_find(const struct ndis_nic *nic)
{
    struct hostif *h;

    list_for_each (h, hostifs, node)
        if (h->nic == nic)
            return h;
    return NULL;
}

/* ------------------------------------------------------------------ carrier */

static void
set_carrier(struct hostif *h, bool carrier)
{
    if (carrier == h->carrier)
        return;
    h->carrier = carrier;
    wire_set_carrier(h->wire, carrier);
}

/* lock held, so that what was true last is what Linux sees last. A binding that is going has none. */
static void
update_carrier(struct hi_binding *b)
{
    set_carrier(b->hostif, b->hostif->binding == b && b->running && b->link_up);
}

/* ------------------------------------------------------------------ requests */

VOID NTAPI
HiOidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct hi_binding *b = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(OidRequest);
    b->answer = Status;
    NdisSetEvent(&b->answered);
}

/* Set oid and wait. value lies in machine memory. */
static NDIS_STATUS
set_oid(struct hi_binding *b, NDIS_OID oid, void *value, uint32_t length)
{
    NDIS_STATUS status;

    memset(&b->request, 0, sizeof(b->request));
    ndis_header_set(&b->request.Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    b->request.RequestType = NdisRequestSetInformation;
    b->request.DATA.SET_INFORMATION.Oid = oid;
    b->request.DATA.SET_INFORMATION.InformationBuffer = value;
    b->request.DATA.SET_INFORMATION.InformationBufferLength = length;
    NdisInitializeEvent(&b->answered);
    status = NdisOidRequest(b->handle, &b->request);
    if (status == NDIS_STATUS_PENDING) {
        NdisWaitEvent(&b->answered, 0);
        status = b->answer;
    }
    return status;
}

static void
note_offload(struct hi_binding *b, const NDIS_OFFLOAD *o)
{
    uint32_t offloads = 0;

    if (o->Checksum.IPv4Transmit.Encapsulation & NDIS_ENCAPSULATION_IEEE_802_3) {
        offloads |= o->Checksum.IPv4Transmit.TcpChecksum ? HI_TCP4 : 0;
        offloads |= o->Checksum.IPv4Transmit.UdpChecksum ? HI_UDP4 : 0;
    }
    if (o->Checksum.IPv6Transmit.Encapsulation & NDIS_ENCAPSULATION_IEEE_802_3) {
        offloads |= o->Checksum.IPv6Transmit.TcpChecksum ? HI_TCP6 : 0;
        offloads |= o->Checksum.IPv6Transmit.UdpChecksum ? HI_UDP6 : 0;
    }
    offloads |= o->LsoV2.IPv4.Encapsulation & NDIS_ENCAPSULATION_IEEE_802_3 ? HI_LSO4 : 0;
    offloads |= o->LsoV2.IPv6.Encapsulation & NDIS_ENCAPSULATION_IEEE_802_3 ? HI_LSO6 : 0;
    NdisAcquireSpinLock(&b->lock);
    b->offloads = offloads;
    NdisReleaseSpinLock(&b->lock);
}

/* documented: offloads are used after OID_OFFLOAD_ENCAPSULATION succeeded only. */
static void
activate_offloads(struct hi_binding *b, const NDIS_OFFLOAD *o)
{
    NDIS_OFFLOAD_ENCAPSULATION *e;

    if (o == NULL || !wire_info(b->hostif->wire)->checksums)
        return; /* a tap without words could not pass on what offloads leave undone */
    e = guest_alloc(sizeof(*e));
    ndis_header_set(&e->Header, NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION, NDIS_OFFLOAD_ENCAPSULATION_REVISION_1,
                    NDIS_SIZEOF_OFFLOAD_ENCAPSULATION_REVISION_1);
    e->IPv4.Enabled = e->IPv6.Enabled = NDIS_OFFLOAD_SET_ON;
    e->IPv4.EncapsulationType = e->IPv6.EncapsulationType = NDIS_ENCAPSULATION_IEEE_802_3;
    e->IPv4.HeaderSize = e->IPv6.HeaderSize = WIRE_HEADER;
    if (set_oid(b, OID_OFFLOAD_ENCAPSULATION, e, sizeof(*e)) == NDIS_STATUS_SUCCESS)
        note_offload(b, o);
}

/* ------------------------------------------------------------------ bind and unbind */

static void
set_mtu(struct hi_binding *b, uint32_t mtu)
{
    const struct wire_info *info = wire_info(b->hostif->wire);

    b->mtu = mtu;
    if (mtu != info->mtu)
        wire_set_mtu(b->hostif->wire, mtu);
}

static NDIS_STATUS
open_adapter(struct hi_binding *b, NDIS_HANDLE bind_context, const NDIS_BIND_PARAMETERS *p)
{
    NDIS_OPEN_PARAMETERS *open = guest_alloc(sizeof(*open));
    NDIS_MEDIUM *media = guest_alloc(sizeof(*media));
    UINT *selected = guest_alloc(sizeof(*selected));

    ndis_header_set(&open->Header, NDIS_OBJECT_TYPE_OPEN_PARAMETERS, NDIS_OPEN_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1);
    open->AdapterName = p->AdapterName;
    *media = NdisMedium802_3;
    open->MediumArray = media;
    open->MediumArraySize = 1;
    open->SelectedMediumIndex = selected;
    return NdisOpenAdapterEx(*hi_driver, b, open, bind_context, &b->handle);
}

static void
free_binding(struct hi_binding *b)
{
    hi_destroy_buffers(b);
    NdisFreeSpinLock(&b->lock);
    NdisFreeMemory(b, 0, 0);
}

/* The adapter is open: what we want of it, and what Linux is to see. */
static void
set_up(struct hi_binding *b, const NDIS_BIND_PARAMETERS *p)
{
    struct hostif *h = b->hostif;
    ULONG *filter = guest_alloc(sizeof(*filter));

    *filter = HI_FILTER & p->SupportedPacketFilters;
    set_oid(b, OID_GEN_CURRENT_PACKET_FILTER, filter, sizeof(*filter));
    b->tags = (p->MacOptions & TAGS) == TAGS;
    activate_offloads(b, p->DefaultOffloadConfiguration);
    b->link_up = p->MediaConnectState != MediaConnectStateDisconnected;
    if (p->MacAddressLength == HI_ADDRESS &&
        memcmp(wire_info(h->wire)->peer_mac, p->CurrentMacAddress, HI_ADDRESS) != 0)
        wire_set_mac(h->wire, p->CurrentMacAddress);
    set_mtu(b, p->MtuSize);
}

NDIS_STATUS NTAPI
HiBindAdapter(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    struct hostif *h = hi_find(((struct ndis_bind_context *)BindContext)->binding->layer.link->nic);
    uint64_t mark = guest_mark();
    struct hi_binding *b;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    if (h == NULL || BindParameters->MediaType != NdisMedium802_3)
        return NDIS_STATUS_NOT_RECOGNIZED; /* an adapter that is not to be shown */
    b = NdisAllocateMemoryWithTagPriority(*hi_driver, sizeof(*b), HI_TAG, NormalPoolPriority);
    if (b == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(b, 0, sizeof(*b));
    b->hostif = h;
    b->cancel_id = (PVOID)(((uint64_t)NdisGeneratePartialCancelId() << 56) + h->nic->if_index);
    NdisAllocateSpinLock(&b->lock);
    status = hi_create_buffers(b);
    if (status == NDIS_STATUS_SUCCESS)
        status = open_adapter(b, BindContext, BindParameters);
    if (status != NDIS_STATUS_SUCCESS)
        free_binding(b);
    else {
        set_up(b, BindParameters);
        h->binding = b;
        builtin_poller_add(&h->poller);
    }
    guest_release(mark);
    return status;
}

/* NDIS opens at once (assumed, as the runtime does it): never called. */
VOID NTAPI
HiOpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
}

static void
closed(struct hi_binding *b)
{
    free_binding(b);
}

NDIS_STATUS NTAPI
HiUnbindAdapter(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    struct hi_binding *b = ProtocolBindingContext;
    struct hostif *h = b->hostif;
    uint64_t mark = guest_mark();
    ULONG *filter = guest_alloc(sizeof(*filter));

    UNREFERENCED_PARAMETER(UnbindContext);
    set_oid(b, OID_GEN_CURRENT_PACKET_FILTER, filter, sizeof(*filter));
    guest_release(mark);
    builtin_poller_remove(&h->poller);
    NdisAcquireSpinLock(&b->lock);
    h->binding = NULL;
    update_carrier(b);
    NdisReleaseSpinLock(&b->lock);
    KeFlushQueuedDpcs(); /* the DPC has let go of it */
    if (NdisCloseAdapterEx(b->handle) != NDIS_STATUS_PENDING)
        closed(b);
    return NDIS_STATUS_SUCCESS; /* NDIS waits for a close that pends (assumed) */
}

VOID NTAPI
HiCloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    closed(ProtocolBindingContext);
}

/* ------------------------------------------------------------------ pause, restart, link */

void
hi_take_busy(struct hi_binding *b, LONG count)
{
    sched_touch((uint64_t)&b->busy);
    __atomic_add_fetch(&b->busy, count, __ATOMIC_SEQ_CST);
}

/* At PASSIVE_LEVEL, where a pause must be completed. */
static void
pause_done(void *arg)
{
    struct hi_binding *b = arg;
    NET_PNP_EVENT_NOTIFICATION *event = b->pausing;

    b->pausing = NULL;
    NdisCompleteNetPnPEvent(b->handle, event, NDIS_STATUS_SUCCESS);
}

static bool
release(struct hi_binding *b, LONG count)
{
    sched_touch((uint64_t)&b->busy);
    return __atomic_sub_fetch(&b->busy, count, __ATOMIC_SEQ_CST) == 0;
}

void
hi_release_busy(struct hi_binding *b, LONG count)
{
    bool was;

    if (!release(b, count))
        return;
    was = machine_lock();
    ndis_work_queue(pause_done, b);
    machine_unlock(was);
}

static void
set_running(struct hi_binding *b, bool running)
{
    NdisAcquireSpinLock(&b->lock);
    b->running = running;
    if (running)
        hi_take_busy(b, 1);
    else
        figure_add(&b->hostif->stats.down, hi_drop_waiting(b));
    update_carrier(b);
    NdisReleaseSpinLock(&b->lock);
}

/* documented: the general restart attributes are the list's first entry. */
static void
restart(struct hi_binding *b, const NET_PNP_EVENT *event)
{
    const NDIS_PROTOCOL_RESTART_PARAMETERS *p = event->Buffer;
    const NDIS_RESTART_ATTRIBUTES *at = p != NULL && event->BufferLength >= sizeof(*p) ? p->RestartAttributes : NULL;

    for (; at != NULL; at = at->Next)
        if (at->Oid == OID_GEN_MINIPORT_RESTART_ATTRIBUTES && at->DataLength >= sizeof(NDIS_RESTART_GENERAL_ATTRIBUTES))
            set_mtu(b, ((const NDIS_RESTART_GENERAL_ATTRIBUTES *)at->Data)->MtuSize);
    set_running(b, true);
}

NDIS_STATUS NTAPI
HiNetPnPEvent(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    struct hi_binding *b = ProtocolBindingContext;

    if (b == NULL)
        return NDIS_STATUS_SUCCESS; /* to the driver, not to a binding */
    switch (NetPnPEventNotification->NetPnPEvent.NetEvent) {
    case NetEventRestart:
        restart(b, &NetPnPEventNotification->NetPnPEvent);
        return NDIS_STATUS_SUCCESS;
    case NetEventPause:
        b->pausing = NetPnPEventNotification;
        set_running(b, false);
        NdisCancelSendNetBufferLists(b->handle, b->cancel_id); /* a wire below may take none for long */
        return release(b, 1) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
    default:
        return NDIS_STATUS_SUCCESS;
    }
}

VOID NTAPI
HiStatus(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    struct hi_binding *b = ProtocolBindingContext;
    const NDIS_LINK_STATE *link = StatusIndication->StatusBuffer;
    const NDIS_OFFLOAD *offload = StatusIndication->StatusBuffer;

    switch (StatusIndication->StatusCode) {
    case NDIS_STATUS_LINK_STATE:
        if (StatusIndication->StatusBufferSize < sizeof(*link))
            break;
        NdisAcquireSpinLock(&b->lock);
        b->link_up = link->MediaConnectState != MediaConnectStateDisconnected;
        update_carrier(b);
        NdisReleaseSpinLock(&b->lock);
        break;
    case NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG:
        if (StatusIndication->StatusBufferSize >= NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_1)
            note_offload(b, offload);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ driver and interfaces */

static void
dpc(uint64_t kdpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    struct hostif *h = (struct hostif *)context;

    (void)kdpc;
    (void)a1;
    (void)a2;
    if (hi_poll(h, WIRE_BURST) > 0)
        KeInsertQueueDpc(h->dpc, NULL, NULL);
}

static void
ready(void *arg)
{
    KeInsertQueueDpc(((struct hostif *)arg)->dpc, NULL, NULL);
}

static unsigned
poll(void *arg, unsigned budget)
{
    return hi_poll(arg, budget);
}

int
hostif_add(struct ndis_nic *nic, struct wire *w)
{
    struct hostif *h;

    if (hi_find(nic) != NULL)
        return -EEXIST;
    h = mon_alloc(sizeof(*h));
    h->nic = nic;
    h->wire = w;
    h->fd = wire_fd(w);
    h->dpc = heap_alloc(sizeof(*h->dpc), HI_TAG);
    h->spare = heap_alloc(wire_info(w)->frame_max, HI_TAG);
    h->bounce = heap_alloc(WIRE_GSO_MAX, HI_TAG);
    if (h->dpc == NULL || h->spare == NULL || h->bounce == NULL)
        return -ENOMEM;
    KeInitializeDpc(h->dpc, (PKDEFERRED_ROUTINE)builtin_dpc("hostif_dpc", dpc), h);
    KeSetTargetProcessorDpc(h->dpc, 0);
    h->poller = (struct live_poller){ .fn = poll, .arg = h, .fds = &h->fd, .fd_count = h->fd >= 0 };
    h->burst = HI_BURST_MIN;
    h->carrier = true;
    set_carrier(h, false); /* until it is bound */
    list_add_tail(hostifs, &h->node);
    wire_on_ready(w, ready, h);
    ndis_driver_attach(nic, "hostif");
    return 0;
}

void
hostif_remove(struct ndis_nic *nic)
{
    struct hostif *h = hi_find(nic);

    if (h == NULL)
        return;
    ndis_driver_detach(nic, "hostif");
    wire_on_ready(h->wire, NULL, NULL);
    KeFlushQueuedDpcs();
    list_del(&h->node);
    heap_free(h->dpc);
    heap_free(h->spare);
    heap_free(h->bounce);
}

void
hostif_stats(const struct ndis_nic *nic, struct hostif_stats *out)
{
    const struct hostif *h = hi_find(nic);

    memset(out, 0, sizeof(*out));
    if (h != NULL)
        figures_read(out, &h->stats, sizeof(*out));
}

void
builtin_hostif_init(void)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), NDIS_SIG_PROTOCOL_DRIVER);
    NDIS_STATUS status;

    hi_driver = heap_alloc(sizeof(*hi_driver), NDIS_SIG_PROTOCOL_DRIVER);
    hostifs = mon_alloc(sizeof(*hostifs));
    list_init(hostifs);
    NDIS_ASSERT(c != NULL && hi_driver != NULL);
    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS,
                    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2,
                    NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->MajorDriverVersion = 1;
    c->Name = *ndis_string("hostif");
    c->BindAdapterHandlerEx = (void *)ndis_native_handler(HiBindAdapter);
    c->UnbindAdapterHandlerEx = (void *)ndis_native_handler(HiUnbindAdapter);
    c->OpenAdapterCompleteHandlerEx = (void *)ndis_native_handler(HiOpenComplete);
    c->CloseAdapterCompleteHandlerEx = (void *)ndis_native_handler(HiCloseComplete);
    c->NetPnPEventHandler = (void *)ndis_native_handler(HiNetPnPEvent);
    c->OidRequestCompleteHandler = (void *)ndis_native_handler(HiOidComplete);
    c->StatusHandlerEx = (void *)ndis_native_handler(HiStatus);
    c->ReceiveNetBufferListsHandler = (void *)ndis_native_handler(HiReceive);
    c->SendNetBufferListsCompleteHandler = (void *)ndis_native_handler(HiSendComplete);
    status = NdisRegisterProtocolDriver(NULL, c, hi_driver);
    NDIS_ASSERT(status == NDIS_STATUS_SUCCESS);
    ((struct ndis_driver *)*hi_driver)->record->host = true;
    heap_free(c);
}
