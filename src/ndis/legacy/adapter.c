/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/adapter.c - life of a 5.x adapter.
 *
 * Model: the handlers here are those of the NDIS 6 driver that stands for the 5.x one. Initialize makes the block that
 * the driver holds, calls MiniportInitialize, asks what an NDIS 6 driver would have said in its attributes, and says
 * it. Pause is simulated: no new sends, then wait until packets are back both ways (docs/assumptions.md).
 * Start reading at: initialize().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#define HALT_WITHOUT_CANCEL_TIMER        0x09u
#define INIT_FAILED_WITHOUT_CANCEL_TIMER 0x0cu
#define PACKETS_PER_CALL                 16u /* most for a miniport that names no number */

struct legacy_adapter *
legacy_adapter_of(NDIS_HANDLE handle)
{
    return ((const NDIS_MINIPORT_BLOCK *)handle)->WrapperContext;
}

struct ndis_adapter *
legacy_adapter_behind(NDIS_HANDLE handle)
{
    const struct ndis_object *object = handle;

    return object->signature == NDIS_SIG_BLOCK ? legacy_adapter_of(handle)->ad : handle;
}

static bool
drained(const struct legacy_adapter *la)
{
    return la->sends == 0 && la->receives == 0 && la->inside == 0 && la->transfer.packet == NULL && !la->resetting &&
           !la->restoring && !la->hanging;
}

void
legacy_check_pause(struct legacy_adapter *la)
{
    sched_touch((uint64_t)la);
    if (!la->pausing || !drained(la))
        return;
    la->pausing = false;
    NdisMPauseComplete(la->ad);
}

/* ------------------------------------------------------------------ what it is */

static NDIS_STATUS
say_registration(struct legacy_adapter *la)
{
    uint64_t mark = guest_mark();
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *r = guest_alloc(sizeof(*r));
    NDIS_STATUS status;

    ndis_header_set(&r->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1);
    r->MiniportAdapterContext = la;
    r->InterfaceType = la->block->block.AdapterType;
    if (la->block->block.Flags & NDIS_ATTRIBUTE_BUS_MASTER)
        r->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER;
    status = NdisMSetMiniportAttributes(la->ad, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)r);
    guest_release(mark);
    return status;
}

/*
 * NdisMSetAttributesEx - what the adapter is; inside MiniportInitialize. NdisMSetAttributes - its older form.
 *
 * Source:    documented: hang time 2 s if 0 is given, rounded up to a multiple of 2; intermediate drivers must be
 *            deserialized (assumed: they are taken to be).
 * IRQL:      PASSIVE_LEVEL
 */
VOID NTAPI
NdisMSetAttributesEx(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportAdapterContext,
                     UINT CheckForHangTimeInSeconds, ULONG AttributeFlags, NDIS_INTERFACE_TYPE AdapterType)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    NDIS_MINIPORT_BLOCK *block = MiniportAdapterHandle;
    UINT seconds = CheckForHangTimeInSeconds != 0 ? CheckForHangTimeInSeconds : 2;

    sched_touch((uint64_t)la);
    block->MiniportAdapterContext = MiniportAdapterContext;
    block->Flags = AttributeFlags;
    block->AdapterType = AdapterType;
    block->CheckForHangSeconds = seconds > 0x7ffffffe ? 0 : (seconds + 1) & ~1u;
    la->context = (uint64_t)MiniportAdapterContext;
    la->deserialized = (AttributeFlags & (NDIS_ATTRIBUTE_DESERIALIZE | NDIS_ATTRIBUTE_INTERMEDIATE_DRIVER)) != 0;
    la->attributes_set = say_registration(la) == NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisMSetAttributes(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportAdapterContext, BOOLEAN BusMaster,
                   NDIS_INTERFACE_TYPE AdapterType)
{
    NdisMSetAttributesEx(MiniportAdapterHandle, MiniportAdapterContext, 0, BusMaster ? NDIS_ATTRIBUTE_BUS_MASTER : 0,
                         AdapterType);
}

/* NdisMRegisterAdapterShutdownHandler, NdisMDeregisterAdapterShutdownHandler - documented. IRQL: PASSIVE_LEVEL */
VOID NTAPI
NdisMRegisterAdapterShutdownHandler(NDIS_HANDLE MiniportHandle, PVOID ShutdownContext,
                                    ADAPTER_SHUTDOWN_HANDLER ShutdownHandler)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportHandle);

    la->shutdown = (uint64_t)ShutdownHandler;
    la->shutdown_context = (uint64_t)ShutdownContext;
}

VOID NTAPI
NdisMDeregisterAdapterShutdownHandler(NDIS_HANDLE MiniportHandle)
{
    legacy_adapter_of(MiniportHandle)->shutdown = 0;
}

static uint32_t
ask_number(struct legacy_adapter *la, NDIS_OID oid, uint32_t otherwise)
{
    uint32_t value, written;

    return legacy_query(la, oid, &value, sizeof(value), &written) == NDIS_STATUS_SUCCESS && written == sizeof(value)
               ? value
               : otherwise;
}

/* What an NDIS 6 miniport says of itself, from what this one answers. documented: queried after MiniportInitialize. */
static void
ask_attributes(struct legacy_adapter *la, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g, NDIS_MEDIUM medium,
               NDIS_OID *oids, uint32_t oids_room)
{
    uint32_t written;
    uint64_t speed;

    ndis_header_set(&g->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1);
    g->MediaType = medium;
    g->PhysicalMediumType = ask_number(la, OID_GEN_PHYSICAL_MEDIUM, NdisPhysicalMediumUnspecified);
    g->MtuSize = ask_number(la, OID_GEN_MAXIMUM_FRAME_SIZE, 1500);
    speed = (uint64_t)ask_number(la, OID_GEN_LINK_SPEED, 100000) * 100;
    g->MaxXmitLinkSpeed = g->XmitLinkSpeed = g->MaxRcvLinkSpeed = g->RcvLinkSpeed = speed;
    la->linked = ask_number(la, OID_GEN_MEDIA_CONNECT_STATUS, la->linked ? 0 : 1) == NdisMediaStateConnected;
    g->MediaConnectState = la->linked ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    g->MediaDuplexState = MediaDuplexStateUnknown;
    g->LookaheadSize = ask_number(la, OID_GEN_MAXIMUM_LOOKAHEAD, 1500);
    g->MacOptions = ask_number(la, OID_GEN_MAC_OPTIONS, 0);
    la->block->block.MacOptions = g->MacOptions;
    g->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST |
                                NDIS_PACKET_TYPE_ALL_MULTICAST | NDIS_PACKET_TYPE_BROADCAST |
                                NDIS_PACKET_TYPE_PROMISCUOUS;
    g->MaxMulticastListSize = ask_number(la, OID_802_3_MAXIMUM_LIST_SIZE, 0);
    g->MacAddressLength = 6;
    legacy_query(la, OID_802_3_PERMANENT_ADDRESS, g->PermanentMacAddress, 6, &written);
    legacy_query(la, OID_802_3_CURRENT_ADDRESS, g->CurrentMacAddress, 6, &written);
    g->AccessType = NET_IF_ACCESS_BROADCAST;
    g->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    g->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    g->IfType = 6; /* ethernetCsmacd */
    g->IfConnectorPresent = TRUE;
    g->RecvScaleCapabilities = NULL;
    legacy_query(la, OID_GEN_SUPPORTED_LIST, oids, oids_room, &written);
    g->SupportedOidList = oids;
    g->SupportedOidListLength = written;
}

#define OID_LIST_BYTES 1024u

static NDIS_STATUS
say_attributes(struct legacy_adapter *la)
{
    uint64_t mark = guest_mark();
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = guest_alloc(sizeof(*g));
    NDIS_OID *oids = guest_alloc(OID_LIST_BYTES);
    NDIS_STATUS status;

    ask_attributes(la, g, la->block->media[la->block->medium], oids, OID_LIST_BYTES);
    status = NdisMSetMiniportAttributes(la->ad, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)g);
    la->max_packets = PACKETS_PER_CALL;
    if (la->ld->chars.SendPacketsHandler != NULL)
        la->max_packets = ask_number(la, OID_GEN_MAXIMUM_SEND_PACKETS, PACKETS_PER_CALL);
    if (la->max_packets == 0 || la->max_packets > PACKETS_PER_CALL)
        la->max_packets = PACKETS_PER_CALL;
    la->block->block.MaxSendPackets = (USHORT)la->max_packets;
    guest_release(mark);
    return status;
}

/* ------------------------------------------------------------------ birth */

static void
fill_block(struct legacy_adapter *la)
{
    static const NDIS_MEDIUM media[] = { NdisMedium802_3,     NdisMedium802_5,     NdisMediumFddi, NdisMediumWan,
                                         NdisMediumLocalTalk, NdisMediumArcnetRaw, NdisMediumAtm };
    const struct legacy_handlers *h = &legacy_handler;
    struct legacy_block *lb = la->block;
    NDIS_MINIPORT_BLOCK *block = &lb->block;

    block->DriverHandle = la->ld;
    block->WrapperContext = la;
    block->MiniportName = *la->ad->nic->guid_name;
    block->BaseName = la->ad->nic->instance_guid;
    block->pAdapterInstanceName = la->ad->nic->instance_name;
    block->PhysicalDeviceObject = la->ad->nic->pdo;
    lb->filter.miniport = block;
    block->EthDB = &lb->filter;
    block->PacketIndicateHandler = (void *)h->indicate_packet;
    block->SendCompleteHandler = (void *)h->send_complete_5;
    block->SendResourcesHandler = (void *)h->send_resources;
    block->ResetCompleteHandler = (void *)h->reset_complete;
    block->EthRxIndicateHandler = (void *)h->eth_receive;
    block->EthRxCompleteHandler = (void *)h->eth_complete;
    block->StatusHandler = (void *)h->status_5;
    block->StatusCompleteHandler = (void *)h->status_complete;
    block->TDCompleteHandler = (void *)h->td_complete;
    block->QueryCompleteHandler = (void *)h->query_complete;
    block->SetCompleteHandler = (void *)h->set_complete;
    memcpy(lb->media, media, sizeof(media));
    KeInitializeTimer(&lb->hang_timer);
    KeInitializeDpc(&lb->hang_dpc, (PKDEFERRED_ROUTINE)h->hang_dpc, la);
    KeInitializeDpc(&lb->return_dpc, (PKDEFERRED_ROUTINE)h->return_dpc, la);
}

static void
adapter_free(struct legacy_adapter *la)
{
    legacy_lock_drain(la); /* a timer's function that the driver waited for is on its way out */
    if (la->nbls != NULL)
        NdisFreeNetBufferListPool(la->nbls);
    ndis_free(la->packets);
    ndis_free(la->block);
    la->block = NULL;
    if (machine_is_native()) /* checkers look at it after its end; a live machine makes adapters for days */
        mon_free(la, sizeof(*la));
}

static struct legacy_adapter *
adapter_create(struct ndis_adapter *ad, struct legacy_driver *ld)
{
    struct legacy_adapter *la = mon_alloc(sizeof(*la));

    la->ad = ad;
    la->ld = ld;
    la->linked = true;
    list_init(&la->deferred);
    list_init(&la->queue);
    list_init(&la->given);
    list_init(&la->returns);
    la->block = ndis_object_alloc(NDIS_SIG_BLOCK, sizeof(*la->block), "miniport block");
    la->packets = packet_pool_create(PACKETS_ANY, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    la->nbls = nbl_pool_create(ad);
    if (la->block == NULL || la->packets == NULL || la->nbls == NULL) {
        adapter_free(la);
        return NULL;
    }
    fill_block(la);
    return la;
}

/* documented: a timer that is still set when MiniportHalt returns, or a MiniportInitialize that failed. */
static void
check_timers(struct legacy_adapter *la, uint32_t code)
{
    NDIS_MINIPORT_BLOCK *block = &la->block->block;

    sched_touch((uint64_t)block);
    if (block->TimerQueue != NULL)
        machine_bugcheck(NDIS_BUGCHECK, code, (uint64_t)block, (uint64_t)block->TimerQueue, 0);
}

static void
call_halt(struct legacy_adapter *la)
{
    NDIS_CALL(legacy_site.ndisMHaltMiniport5, (ndis_fn)la->ld->chars.HaltHandler, la->context);
    check_timers(la, HALT_WITHOUT_CANCEL_TIMER);
}

static uint64_t
initialize(const uint64_t *args)
{
    struct ndis_adapter *ad = (struct ndis_adapter *)args[0];
    struct legacy_driver *ld = (struct legacy_driver *)args[1];
    struct legacy_adapter *la = adapter_create(ad, ld);
    struct legacy_block *lb;
    NDIS_STATUS status;

    if (la == NULL)
        return (uint32_t)NDIS_STATUS_RESOURCES;
    lb = la->block;
    lb->block.DeviceContext = (NDIS_HANDLE)ad->nic->im_context;
    status = (NDIS_STATUS)NDIS_CALL(legacy_site.ndisMInitializeAdapter5, (ndis_fn)ld->chars.InitializeHandler,
                                    (uint64_t)&lb->open_error, (uint64_t)&lb->medium, (uint64_t)lb->media, 7,
                                    (uint64_t)&lb->block, (uint64_t)ad);
    if (status != NDIS_STATUS_SUCCESS) {
        check_timers(la, INIT_FAILED_WITHOUT_CANCEL_TIMER);
        adapter_free(la);
        return (uint32_t)status;
    }
    if (lb->medium >= 7 || !la->attributes_set)
        status = NDIS_STATUS_FAILURE; /* assumed: NDIS halts what did not say what it is */
    else
        status = say_attributes(la);
    if (status != NDIS_STATUS_SUCCESS) {
        call_halt(la);
        adapter_free(la);
        return (uint32_t)status;
    }
    lb->block.MediaType = lb->media[lb->medium];
    legacy_hang_start(la);
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ the other handlers */

static uint64_t
halt(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];

    legacy_hang_stop(la);
    legacy_lock_drain(la);
    call_halt(la);
    ke_memory_freed((uint64_t)la->block, sizeof(*la->block));
    adapter_free(la);
    return 0;
}

static uint64_t
pause(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];

    sched_touch((uint64_t)la);
    la->running = false;
    legacy_send_drop_queue(la, NDIS_STATUS_PAUSED);
    if (drained(la))
        return (uint32_t)NDIS_STATUS_SUCCESS;
    la->pausing = true;
    return (uint32_t)NDIS_STATUS_PENDING;
}

static uint64_t
restart(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];

    sched_touch((uint64_t)la);
    la->running = true;
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

static uint64_t
pnp_event(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];
    const NET_DEVICE_PNP_EVENT *event = (const NET_DEVICE_PNP_EVENT *)args[1];

    if (la->ld->chars.PnPEventNotifyHandler != NULL)
        NDIS_CALL(legacy_site.ndisMPnPEvent5, (ndis_fn)la->ld->chars.PnPEventNotifyHandler, la->context,
                  event->DevicePnPEvent, (uint64_t)event->InformationBuffer, event->InformationBufferLength);
    return 0;
}

static uint64_t
shutdown(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];

    if (la->ld->chars.AdapterShutdownHandler != NULL)
        NDIS_CALL(legacy_site.ndisMShutdown5, (ndis_fn)la->ld->chars.AdapterShutdownHandler, la->context);
    else if (la->shutdown != 0)
        NDIS_CALL(legacy_site.ndisMShutdown5, la->shutdown, la->shutdown_context);
    return 0;
}

static uint64_t
nothing(const uint64_t *args)
{
    (void)args;
    return 0; /* handlers that an NDIS 6 driver must have and NDIS 5.x has none for */
}

void
legacy_adapter_init(void)
{
    struct legacy_handlers *h = &legacy_handler;

    h->initialize = ndis_host_handler(initialize);
    h->halt = ndis_host_handler(halt);
    h->pause = ndis_host_handler(pause);
    h->restart = ndis_host_handler(restart);
    h->oid = ndis_host_handler(legacy_oid);
    h->send = ndis_host_handler(legacy_send);
    h->returned = ndis_host_handler(legacy_return);
    h->cancel = ndis_host_handler(legacy_cancel_send);
    h->pnp = ndis_host_handler(pnp_event);
    h->shutdown = ndis_host_handler(shutdown);
    h->nothing = ndis_host_handler(nothing);
}
