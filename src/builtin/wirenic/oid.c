/* SPDX-License-Identifier: MIT */
/*
 * wirenic/oid.c - what the stack asks this adapter and tells it.
 *
 * Model: every request is answered at once, so there is nothing to cancel. Requests that the attributes of adapter.c
 * answer (addresses, speeds, offload configuration) NDIS answers itself and they do not get here (documented).
 */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "machine/machine.h"
#include "ndis/ndis.h"

const NDIS_OID wn_oids[] = {
    OID_GEN_SUPPORTED_LIST,
    OID_GEN_HARDWARE_STATUS,
    OID_GEN_TRANSMIT_BUFFER_SPACE,
    OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_TRANSMIT_BLOCK_SIZE,
    OID_GEN_RECEIVE_BLOCK_SIZE,
    OID_GEN_VENDOR_ID,
    OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION,
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_CURRENT_LOOKAHEAD,
    OID_GEN_MAXIMUM_TOTAL_SIZE,
    OID_GEN_TRANSMIT_QUEUE_LENGTH,
    OID_GEN_LINK_PARAMETERS,
    OID_GEN_INTERRUPT_MODERATION,
    OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,
    OID_GEN_XMIT_ERROR,
    OID_GEN_RCV_ERROR,
    OID_GEN_RCV_NO_BUFFER,
    OID_GEN_STATISTICS,
    OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS,
    OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE,
    OID_802_3_RCV_ERROR_ALIGNMENT,
    OID_802_3_XMIT_ONE_COLLISION,
    OID_802_3_XMIT_MORE_COLLISIONS,
    OID_TCP_OFFLOAD_PARAMETERS,
    OID_TCP_OFFLOAD_CURRENT_CONFIG,
    OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES,
    OID_OFFLOAD_ENCAPSULATION,
    OID_PNP_SET_POWER,
    OID_PNP_QUERY_POWER,
};
const uint32_t wn_oids_size = sizeof(wn_oids);

/* ------------------------------------------------------------------ query */

static NDIS_STATUS
answer(NDIS_OID_REQUEST *request, const void *value, uint32_t size)
{
    if (request->DATA.QUERY_INFORMATION.InformationBufferLength < size) {
        request->DATA.QUERY_INFORMATION.BytesNeeded = size;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    memcpy(request->DATA.QUERY_INFORMATION.InformationBuffer, value, size);
    request->DATA.QUERY_INFORMATION.BytesWritten = size;
    return NDIS_STATUS_SUCCESS;
}

static uint64_t
all(const uint64_t by_cast[WN_CASTS])
{
    return by_cast[WN_UNICAST] + by_cast[WN_MULTICAST] + by_cast[WN_BROADCAST];
}

/* A counter of frames: 32 or 64 bits, as the buffer has room (documented). */
static NDIS_STATUS
answer_counter(NDIS_OID_REQUEST *request, uint64_t value)
{
    uint32_t low = (uint32_t)value;

    if (request->DATA.QUERY_INFORMATION.InformationBufferLength >= sizeof(value))
        return answer(request, &value, sizeof(value));
    return answer(request, &low, sizeof(low));
}

/* Frames that the wire counted before they were ours. */
static uint64_t
wire_errors(const struct wn_adapter *a)
{
    struct wire_stats s;

    wire_stats(a->wire, &s);
    return s.rx_short + s.rx_long + s.rx_words;
}

static void
statistics(struct wn_adapter *a, NDIS_STATISTICS_INFO *s)
{
    struct wire_stats w;

    wire_stats(a->wire, &w);
    memset(s, 0, sizeof(*s));
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_STATISTICS_INFO_REVISION_1,
                    NDIS_SIZEOF_STATISTICS_INFO_REVISION_1);
    s->SupportedStatistics =
        NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_RCV_ERROR |
        NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT | NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR | NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS |
        NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_RCV |
        NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_XMIT |
        NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_XMIT;
    s->ifInDiscards = a->rx.discards + w.rx_lost;
    s->ifInErrors = a->rx.errors + w.rx_short + w.rx_long + w.rx_words;
    s->ifHCInOctets = all(a->rx.bytes);
    s->ifHCInUcastPkts = a->rx.frames[WN_UNICAST];
    s->ifHCInMulticastPkts = a->rx.frames[WN_MULTICAST];
    s->ifHCInBroadcastPkts = a->rx.frames[WN_BROADCAST];
    s->ifHCInUcastOctets = a->rx.bytes[WN_UNICAST];
    s->ifHCInMulticastOctets = a->rx.bytes[WN_MULTICAST];
    s->ifHCInBroadcastOctets = a->rx.bytes[WN_BROADCAST];
    s->ifHCOutOctets = all(a->tx.bytes);
    s->ifHCOutUcastPkts = a->tx.frames[WN_UNICAST];
    s->ifHCOutMulticastPkts = a->tx.frames[WN_MULTICAST];
    s->ifHCOutBroadcastPkts = a->tx.frames[WN_BROADCAST];
    s->ifHCOutUcastOctets = a->tx.bytes[WN_UNICAST];
    s->ifHCOutMulticastOctets = a->tx.bytes[WN_MULTICAST];
    s->ifHCOutBroadcastOctets = a->tx.bytes[WN_BROADCAST];
    s->ifOutErrors = a->tx.errors + w.tx_refused;
    s->ifOutDiscards = a->tx.discards + w.tx_dropped;
}

/* One number; false: the OID has another answer. */
static bool
number_of(const struct wn_adapter *a, NDIS_OID oid, uint32_t *value)
{
    switch (oid) {
    case OID_GEN_HARDWARE_STATUS:
        *value = NdisHardwareStatusReady;
        return true;
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
        *value = a->send_max * (a->mtu + WIRE_HEADER);
        return true;
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        *value = a->receive_buffers * a->frame_max;
        return true;
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
        *value = a->mtu + WIRE_HEADER;
        return true;
    case OID_GEN_RECEIVE_BLOCK_SIZE:
        *value = a->frame_max;
        return true;
    case OID_GEN_VENDOR_ID:
        *value = WN_VENDOR_ID;
        return true;
    case OID_GEN_VENDOR_DRIVER_VERSION:
        *value = WN_VERSION;
        return true;
    case OID_GEN_CURRENT_PACKET_FILTER:
        *value = a->filter;
        return true;
    case OID_GEN_CURRENT_LOOKAHEAD:
        *value = a->lookahead;
        return true;
    case OID_GEN_TRANSMIT_QUEUE_LENGTH:
        *value = a->queued;
        return true;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        *value = WN_MULTICAST_MAX;
        return true;
    case OID_802_3_RCV_ERROR_ALIGNMENT:
    case OID_802_3_XMIT_ONE_COLLISION:
    case OID_802_3_XMIT_MORE_COLLISIONS:
        *value = 0; /* no wire of ours is a shared medium, nor has it bits that slip */
        return true;
    default:
        return false;
    }
}

static NDIS_STATUS
query(struct wn_adapter *a, NDIS_OID_REQUEST *request)
{
    static const char description[] = "undis wirenic";
    NDIS_INTERRUPT_MODERATION_PARAMETERS moderation = { .InterruptModeration = NdisInterruptModerationNotSupported };
    NDIS_STATISTICS_INFO s;
    uint32_t value;

    switch (request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_VENDOR_DESCRIPTION:
        return answer(request, description, sizeof(description));
    case OID_802_3_MULTICAST_LIST:
        return answer(request, a->multicast, a->multicast_count * WN_ADDRESS);
    case OID_GEN_INTERRUPT_MODERATION:
        ndis_header_set(&moderation.Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
                        NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1);
        return answer(request, &moderation, sizeof(moderation));
    case OID_GEN_XMIT_OK:
        return answer_counter(request, all(a->tx.frames));
    case OID_GEN_RCV_OK:
        return answer_counter(request, all(a->rx.frames));
    case OID_GEN_XMIT_ERROR:
        return answer_counter(request, a->tx.errors);
    case OID_GEN_RCV_ERROR:
        return answer_counter(request, a->rx.errors + wire_errors(a));
    case OID_GEN_RCV_NO_BUFFER:
        return answer_counter(request, a->no_buffer);
    case OID_GEN_STATISTICS:
        statistics(a, &s);
        return answer(request, &s, sizeof(s));
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS;
    default:
        break;
    }
    if (!number_of(a, request->DATA.QUERY_INFORMATION.Oid, &value))
        return NDIS_STATUS_NOT_SUPPORTED;
    return answer(request, &value, sizeof(value));
}

/* ------------------------------------------------------------------ set */

/* documented: after a change of offloads the miniport says what they are now. */
static void
indicate_offload(struct wn_adapter *a)
{
    uint64_t mark = guest_mark();
    NDIS_STATUS_INDICATION *s = guest_alloc(sizeof(*s));
    NDIS_OFFLOAD *offload = guest_alloc(sizeof(*offload));

    wn_offload_describe(a->config, offload);
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    s->SourceHandle = a->handle;
    s->StatusCode = NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG;
    s->StatusBuffer = offload;
    s->StatusBufferSize = offload->Header.Size;
    NdisMIndicateStatusEx(a->handle, s);
    guest_release(mark);
}

static NDIS_STATUS
set_parameters(struct wn_adapter *a, NDIS_OID_REQUEST *request)
{
    uint32_t config = a->config;

    if (a->hardware == 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (!wn_offload_set(a, request->DATA.SET_INFORMATION.InformationBuffer,
                        request->DATA.SET_INFORMATION.InformationBufferLength, &config))
        return NDIS_STATUS_INVALID_DATA;
    NdisAcquireSpinLock(&a->rx_lock);
    a->config = config;
    NdisReleaseSpinLock(&a->rx_lock);
    indicate_offload(a);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
set_encapsulation(struct wn_adapter *a, NDIS_OID_REQUEST *request)
{
    const NDIS_OFFLOAD_ENCAPSULATION *e = request->DATA.SET_INFORMATION.InformationBuffer;
    bool on4, on6;

    if (a->hardware == 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (request->DATA.SET_INFORMATION.InformationBufferLength < NDIS_SIZEOF_OFFLOAD_ENCAPSULATION_REVISION_1) {
        request->DATA.SET_INFORMATION.BytesNeeded = NDIS_SIZEOF_OFFLOAD_ENCAPSULATION_REVISION_1;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    on4 = e->IPv4.Enabled == NDIS_OFFLOAD_SET_ON;
    on6 = e->IPv6.Enabled == NDIS_OFFLOAD_SET_ON;
    if ((on4 && !(e->IPv4.EncapsulationType & NDIS_ENCAPSULATION_IEEE_802_3)) ||
        (on6 && !(e->IPv6.EncapsulationType & NDIS_ENCAPSULATION_IEEE_802_3)))
        return NDIS_STATUS_INVALID_PARAMETER;
    NdisAcquireSpinLock(&a->rx_lock);
    if (e->IPv4.Enabled != NDIS_OFFLOAD_SET_NO_CHANGE || e->IPv6.Enabled != NDIS_OFFLOAD_SET_NO_CHANGE)
        a->active = on4 || on6;
    NdisReleaseSpinLock(&a->rx_lock);
    indicate_offload(a);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
set_number(struct wn_adapter *a, NDIS_OID oid, uint32_t value)
{
    if (oid == OID_GEN_CURRENT_PACKET_FILTER && (value & ~WN_FILTERS) != 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (oid == OID_GEN_CURRENT_LOOKAHEAD && value > a->mtu)
        return NDIS_STATUS_INVALID_DATA;
    NdisAcquireSpinLock(&a->rx_lock);
    if (oid == OID_GEN_CURRENT_PACKET_FILTER)
        a->filter = value;
    else if (oid == OID_GEN_CURRENT_LOOKAHEAD)
        a->lookahead = value;
    wn_listen(a);
    NdisReleaseSpinLock(&a->rx_lock); /* OID_PNP_SET_POWER: there is no hardware that could sleep */
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
set_multicast(struct wn_adapter *a, const void *list, uint32_t length, NDIS_OID_REQUEST *request)
{
    if (length % WN_ADDRESS != 0) {
        request->DATA.SET_INFORMATION.BytesNeeded = length - length % WN_ADDRESS;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (length > sizeof(a->multicast)) {
        request->DATA.SET_INFORMATION.BytesNeeded = sizeof(a->multicast);
        return NDIS_STATUS_MULTICAST_FULL;
    }
    NdisAcquireSpinLock(&a->rx_lock);
    memcpy(a->multicast, list, length);
    a->multicast_count = length / WN_ADDRESS;
    NdisReleaseSpinLock(&a->rx_lock);
    return NDIS_STATUS_SUCCESS;
}

/*
 * The link is Linux's, or none: it can be left to negotiation, or asked to be what it is. assumed: anything else is
 * NDIS_STATUS_INVALID_DATA (the page names no status).
 */
static NDIS_STATUS
set_link(const struct wn_adapter *a, NDIS_OID_REQUEST *request)
{
    const NDIS_LINK_PARAMETERS *p = request->DATA.SET_INFORMATION.InformationBuffer;

    if (request->DATA.SET_INFORMATION.InformationBufferLength < NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1) {
        request->DATA.SET_INFORMATION.BytesNeeded = NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if ((!(p->AutoNegotiationFlags & NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED) &&
         p->XmitLinkSpeed != a->link_bit_s) ||
        (!(p->AutoNegotiationFlags & NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED) &&
         p->RcvLinkSpeed != a->link_bit_s) ||
        (!(p->AutoNegotiationFlags & NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED) &&
         p->MediaDuplexState != MediaDuplexStateFull) ||
        (!(p->AutoNegotiationFlags & NDIS_LINK_STATE_PAUSE_FUNCTIONS_AUTO_NEGOTIATED) &&
         p->PauseFunctions != NdisPauseFunctionsUnsupported))
        return NDIS_STATUS_INVALID_DATA;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
set(struct wn_adapter *a, NDIS_OID_REQUEST *request)
{
    const void *buffer = request->DATA.SET_INFORMATION.InformationBuffer;
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength, value;
    NDIS_OID oid = request->DATA.SET_INFORMATION.Oid;
    NDIS_STATUS status;

    switch (oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
    case OID_GEN_CURRENT_LOOKAHEAD:
    case OID_PNP_SET_POWER:
        if (length < sizeof(value)) {
            request->DATA.SET_INFORMATION.BytesNeeded = sizeof(value);
            return NDIS_STATUS_INVALID_LENGTH;
        }
        memcpy(&value, buffer, sizeof(value));
        length = sizeof(value);
        status = set_number(a, oid, value);
        break;
    case OID_802_3_MULTICAST_LIST:
        status = set_multicast(a, buffer, length, request);
        break;
    case OID_TCP_OFFLOAD_PARAMETERS:
        status = set_parameters(a, request);
        break;
    case OID_OFFLOAD_ENCAPSULATION:
        status = set_encapsulation(a, request);
        break;
    case OID_GEN_LINK_PARAMETERS:
        status = set_link(a, request);
        break;
    case OID_GEN_INTERRUPT_MODERATION: /* documented: that of one which has none */
        return NDIS_STATUS_INVALID_DATA;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    if (status == NDIS_STATUS_SUCCESS)
        request->DATA.SET_INFORMATION.BytesRead = length;
    return status;
}

NDIS_STATUS NTAPI
WnOidRequest(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    switch (OidRequest->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return query(MiniportAdapterContext, OidRequest);
    case NdisRequestSetInformation:
        return set(MiniportAdapterContext, OidRequest);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* No request ever waits. */
VOID NTAPI
WnCancelOidRequest(NDIS_HANDLE MiniportAdapterContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(RequestId);
}
