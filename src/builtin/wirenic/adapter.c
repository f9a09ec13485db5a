/* SPDX-License-Identifier: MIT */
/*
 * wirenic/adapter.c - one adapter from initialize to halt, its pauses, its link.
 *
 * What is handed to NDIS by address lies in scratch memory of the machine (guest_alloc): filters see some of it.
 */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "builtin/driver.h"
#include "machine/machine.h"
#include "ndis/ndis.h"

static void
dpc(uint64_t kdpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    struct wn_adapter *a = (struct wn_adapter *)context;

    (void)kdpc;
    (void)a1;
    (void)a2;
    if (wn_poll(a, WIRE_BURST) > 0)
        KeInsertQueueDpc(&a->dpc, NULL, NULL);
}

static NDIS_STATUS
set_registration(struct wn_adapter *a)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *r = guest_alloc(sizeof(*r));

    ndis_header_set(&r->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2);
    r->MiniportAdapterContext = a;
    r->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK | NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    r->InterfaceType = NdisInterfaceInternal;
    return NdisMSetMiniportAttributes(a->handle, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)r);
}

static NDIS_STATUS
set_general(struct wn_adapter *a)
{
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = guest_alloc(sizeof(*g));
    NDIS_OID *oids = guest_alloc(wn_oids_size);

    memcpy(oids, wn_oids, wn_oids_size);
    ndis_header_set(&g->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2);
    g->MediaType = NdisMedium802_3;
    g->PhysicalMediumType = NdisPhysicalMediumUnspecified;
    g->MtuSize = a->mtu;
    g->MaxXmitLinkSpeed = g->MaxRcvLinkSpeed = a->link_bit_s;
    g->XmitLinkSpeed = g->RcvLinkSpeed = a->link_up ? a->link_bit_s : NDIS_LINK_SPEED_UNKNOWN;
    g->MediaConnectState = a->link_up ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    g->MediaDuplexState = a->link_up ? MediaDuplexStateFull : MediaDuplexStateUnknown;
    g->LookaheadSize = a->mtu;
    g->MacOptions =
        NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND | NDIS_MAC_OPTION_NO_LOOPBACK;
    if (a->tags & WN_TAG_PRIORITY)
        g->MacOptions |= NDIS_MAC_OPTION_8021P_PRIORITY;
    if (a->tags & WN_TAG_VLAN)
        g->MacOptions |= NDIS_MAC_OPTION_8021Q_VLAN;
    g->SupportedPacketFilters = WN_FILTERS;
    g->MaxMulticastListSize = WN_MULTICAST_MAX;
    g->MacAddressLength = WN_ADDRESS;
    memcpy(g->PermanentMacAddress, a->nic->address, WN_ADDRESS);
    memcpy(g->CurrentMacAddress, a->address, WN_ADDRESS);
    g->AccessType = NET_IF_ACCESS_BROADCAST;
    g->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    g->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    g->IfType = 6; /* ethernetCsmacd */
    g->IfConnectorPresent = TRUE;
    g->SupportedStatistics = NDIS_STATISTICS_XMIT_OK_SUPPORTED | NDIS_STATISTICS_RCV_OK_SUPPORTED |
                             NDIS_STATISTICS_XMIT_ERROR_SUPPORTED | NDIS_STATISTICS_RCV_ERROR_SUPPORTED |
                             NDIS_STATISTICS_RCV_NO_BUFFER_SUPPORTED | NDIS_STATISTICS_TRANSMIT_QUEUE_LENGTH_SUPPORTED |
                             NDIS_STATISTICS_GEN_STATISTICS_SUPPORTED;
    g->SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
    g->SupportedOidList = oids;
    g->SupportedOidListLength = wn_oids_size;
    return NdisMSetMiniportAttributes(a->handle, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)g);
}

static NDIS_STATUS
set_offload(struct wn_adapter *a)
{
    NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *o;

    if (a->hardware == 0)
        return NDIS_STATUS_SUCCESS;
    o = guest_alloc(sizeof(*o));
    ndis_header_set(&o->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES,
                    NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1);
    o->DefaultOffloadConfiguration = guest_alloc(sizeof(NDIS_OFFLOAD));
    o->HardwareOffloadCapabilities = guest_alloc(sizeof(NDIS_OFFLOAD));
    wn_offload_describe(a->config, o->DefaultOffloadConfiguration);
    wn_offload_describe(a->hardware, o->HardwareOffloadCapabilities);
    return NdisMSetMiniportAttributes(a->handle, (NDIS_MINIPORT_ADAPTER_ATTRIBUTES *)o);
}

/* What lay on the wire before the adapter was there is nobody's. What is played has not begun yet. */
static void
drain_wire(struct wn_adapter *a)
{
    struct wire_rx rx = { .buffer = a->spare, .room = a->frame_max, .margins = true };

    for (unsigned i = 0; i < 4096 && !wire_info(a->wire)->played && wire_receive(a->wire, &rx, 1) != 0; i++)
        ;
}

static void
free_adapter(struct wn_adapter *a)
{
    wn_destroy_buffers(a);
    NdisFreeSpinLock(&a->tx_lock);
    NdisFreeSpinLock(&a->rx_lock);
    NdisFreeMemory(a, 0, 0);
}

NDIS_STATUS NTAPI
WnInitialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
             PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    struct wn_nic *nic = ((struct ndis_adapter *)NdisMiniportHandle)->nic->host;
    struct wn_adapter *a;
    struct wire_link link;
    NDIS_STATUS status;
    uint64_t mark = guest_mark();

    UNREFERENCED_PARAMETER(MiniportDriverContext);
    UNREFERENCED_PARAMETER(MiniportInitParameters);
    a = NdisAllocateMemoryWithTagPriority(NdisMiniportHandle, sizeof(*a), WN_TAG, NormalPoolPriority);
    if (a == NULL)
        return NDIS_STATUS_RESOURCES;
    memset(a, 0, sizeof(*a));
    a->handle = NdisMiniportHandle;
    a->nic = nic;
    a->wire = nic->wire;
    a->queue_end = &a->queue;
    a->burst = WN_BURST_MIN;
    NdisAllocateSpinLock(&a->tx_lock);
    NdisAllocateSpinLock(&a->rx_lock);
    KeInitializeDpc(&a->dpc, (PKDEFERRED_ROUTINE)builtin_dpc("wirenic_dpc", dpc), a);
    KeSetTargetProcessorDpc(&a->dpc, (CCHAR)(nic->poller.vp % machine->vp_count));
    wire_poll(a->wire);
    wire_link(a->wire, &link);
    a->link_up = link.up;
    a->link_bit_s = link.bit_s ? link.bit_s : WN_SPEED_DEFAULT;
    status = set_registration(a);
    if (status == NDIS_STATUS_SUCCESS)
        status = wn_configure(a);
    if (status == NDIS_STATUS_SUCCESS)
        status = set_general(a);
    if (status == NDIS_STATUS_SUCCESS)
        status = set_offload(a);
    if (status == NDIS_STATUS_SUCCESS)
        status = wn_create_buffers(a);
    guest_release(mark);
    if (status != NDIS_STATUS_SUCCESS) {
        free_adapter(a);
        return status;
    }
    drain_wire(a);
    nic->adapter = a;
    wire_set_carrier(a->wire, true);
    builtin_poller_add(&nic->poller);
    return NDIS_STATUS_SUCCESS;
}

/* Paused: nothing is queued, nothing is above. The DPC may still be on its way out of its last call. */
VOID NTAPI
WnHalt(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    struct wn_adapter *a = MiniportAdapterContext;
    struct wn_nic *nic = a->nic;

    UNREFERENCED_PARAMETER(HaltAction);
    builtin_poller_remove(&nic->poller);
    nic->adapter = NULL;
    KeFlushQueuedDpcs();
    wire_set_carrier(a->wire, false);
    free_adapter(a);
}

/* ------------------------------------------------------------------ pause and restart */

void
wn_take_busy(struct wn_adapter *a, LONG count)
{
    sched_touch((uint64_t)&a->busy);
    __atomic_add_fetch(&a->busy, count, __ATOMIC_SEQ_CST);
}

bool
wn_release_busy(struct wn_adapter *a, LONG count)
{
    sched_touch((uint64_t)&a->busy);
    return __atomic_sub_fetch(&a->busy, count, __ATOMIC_SEQ_CST) == 0;
}

static void
set_running(struct wn_adapter *a, bool running)
{
    NdisAcquireSpinLock(&a->tx_lock);
    NdisAcquireSpinLock(&a->rx_lock);
    a->running = running;
    if (running)
        wn_take_busy(a, 1);
    wn_listen(a);
    NdisReleaseSpinLock(&a->rx_lock);
    NdisReleaseSpinLock(&a->tx_lock);
}

NDIS_STATUS NTAPI
WnPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    struct wn_adapter *a = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(PauseParameters);
    set_running(a, false);
    wn_send_abort(a);
    return wn_release_busy(a, 1) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
}

NDIS_STATUS NTAPI
WnRestart(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_RESTART_PARAMETERS RestartParameters)
{
    struct wn_adapter *a = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(RestartParameters);
    set_running(a, true);
    return NDIS_STATUS_SUCCESS;
}

/* There is no hardware to silence; may run at any IRQL after a crash. */
VOID NTAPI
WnShutdown(NDIS_HANDLE MiniportAdapterContext, NDIS_SHUTDOWN_ACTION ShutdownAction)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ShutdownAction);
}

/* Surprise removal and power source changes: pause and halt do what is needed. */
VOID NTAPI
WnDevicePnPEventNotify(NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetDevicePnPEvent);
}

/* ------------------------------------------------------------------ link */

static void
indicate_link(struct wn_adapter *a)
{
    uint64_t mark = guest_mark();
    NDIS_STATUS_INDICATION *s = guest_alloc(sizeof(*s));
    NDIS_LINK_STATE *state = guest_alloc(sizeof(*state));

    ndis_header_set(&state->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1, sizeof(*state));
    state->MediaConnectState = a->link_up ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    state->MediaDuplexState = a->link_up ? MediaDuplexStateFull : MediaDuplexStateUnknown;
    state->XmitLinkSpeed = state->RcvLinkSpeed = a->link_up ? a->link_bit_s : NDIS_LINK_SPEED_UNKNOWN;
    state->PauseFunctions = NdisPauseFunctionsUnsupported;
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    s->SourceHandle = a->handle;
    s->StatusCode = NDIS_STATUS_LINK_STATE;
    s->StatusBuffer = state;
    s->StatusBufferSize = sizeof(*state);
    NdisMIndicateStatusEx(a->handle, s);
    guest_release(mark);
}

void
wn_link(struct wn_adapter *a)
{
    struct wire_link link;

    wire_link(a->wire, &link);
    if (link.up == a->link_up)
        return;
    a->link_up = link.up;
    if (link.bit_s != 0)
        a->link_bit_s = link.bit_s;
    indicate_link(a);
}
