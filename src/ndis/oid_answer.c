/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_answer.c - queries that NDIS answers for a miniport.
 *
 * Model: a table by OID. What is in it, NDIS 6 miniports are documented not to be asked ("not requested", each OID's
 * page); the answer is what the miniport said in its general attributes or indicated since. Assumed: NDIS answers
 * where the request reaches the miniport, after the filters have seen it.
 */
#include "ndis/misc.h"
#include "ndis/pm.h"
#include "ndis/port.h"

#include <string.h>

/* Write a value into the query's buffer. */
static NDIS_STATUS
answer(NDIS_OID_REQUEST *request, const void *value, uint32_t size)
{
    if (request->DATA.QUERY_INFORMATION.InformationBufferLength < size) {
        request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        request->DATA.QUERY_INFORMATION.BytesNeeded = size;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    memcpy(request->DATA.QUERY_INFORMATION.InformationBuffer, value, size);
    request->DATA.QUERY_INFORMATION.BytesWritten = size;
    request->DATA.QUERY_INFORMATION.BytesNeeded = size;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
answer_link_state(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request)
{
    NDIS_LINK_STATE link;

    memset(&link, 0, sizeof(link));
    ndis_header_set(&link.Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1, sizeof(link));
    link.MediaConnectState = (NDIS_MEDIA_CONNECT_STATE)ad->connect_state;
    link.MediaDuplexState = (NDIS_MEDIA_DUPLEX_STATE)ad->duplex_state;
    link.XmitLinkSpeed = ad->xmit_speed;
    link.RcvLinkSpeed = ad->rcv_speed;
    link.PauseFunctions = NdisPauseFunctionsUnknown;
    return answer(request, &link, sizeof(link));
}

static NDIS_STATUS
answer_link_speed(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request)
{
    NDIS_LINK_SPEED speed = { .XmitLinkSpeed = ad->xmit_speed, .RcvLinkSpeed = ad->rcv_speed };

    return answer(request, &speed, sizeof(speed));
}

static NDIS_STATUS
answer_object(const NDIS_OBJECT_HEADER *object, NDIS_OID_REQUEST *request)
{
    return object != NULL ? answer(request, object, object->Size) : NDIS_STATUS_NOT_SUPPORTED;
}

/* documented: the union of the bindings' lists, which miniports of neither generation are asked for. */
static NDIS_STATUS
answer_multicast(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request)
{
    uint64_t mark = guest_mark();
    uint8_t *list = guest_alloc(ndis_multicast_bytes(ad) + 1);
    NDIS_STATUS status = answer(request, list, ndis_multicast_union(ad, list));

    guest_release(mark);
    return status;
}

static NDIS_STATUS
answer_ports(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request)
{
    const NDIS_PORT_ARRAY *array = ndis_port_array(ad);

    return answer(request, array, array->OffsetFirstPort + array->NumberOfPorts * array->ElementSize);
}

/* assumed: a port that there is not is answered as NdisMNetPnPEvent answers one. */
static NDIS_STATUS
answer_port_state(const struct ndis_adapter *ad, NDIS_OID_REQUEST *request)
{
    const NDIS_PORT_STATE *state = ndis_port_state(ad, request->PortNumber);

    return state != NULL ? answer(request, state, sizeof(*state)) : NDIS_STATUS_INVALID_PORT;
}

/* Power management: pm.c. false: it is not about that. */
static bool
answer_power(struct ndis_adapter *ad, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    uint64_t mark = guest_mark();
    const void *value;
    uint32_t size;
    bool known = ndis_pm_query(ad, oid_of(request), &value, &size);

    if (known && size == 0 && oid_of(request) == OID_PM_CURRENT_CAPABILITIES)
        *status = NDIS_STATUS_NOT_SUPPORTED;
    else if (known)
        *status = answer(request, value, size);
    guest_release(mark);
    return known;
}

/* What NDIS knows as one number; false: it does not. */
static bool
number_of(const struct ndis_adapter *ad, uint32_t oid, uint32_t *value)
{
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &ad->general;

    switch (oid) {
    case OID_GEN_MEDIA_SUPPORTED:
    case OID_GEN_MEDIA_IN_USE:
        *value = g->MediaType;
        return true;
    case OID_GEN_PHYSICAL_MEDIUM:
    case OID_GEN_PHYSICAL_MEDIUM_EX:
        *value = g->PhysicalMediumType;
        return true;
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        *value = g->MtuSize;
        return true;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
        *value = g->LookaheadSize;
        return true;
    case OID_GEN_MAC_OPTIONS:
        *value = g->MacOptions;
        return true;
    case OID_GEN_MEDIA_CONNECT_STATUS:
        *value = ad->connect_state == MediaConnectStateConnected ? NdisMediaStateConnected : NdisMediaStateDisconnected;
        return true;
    case OID_GEN_MEDIA_CONNECT_STATUS_EX:
        *value = ad->connect_state;
        return true;
    case OID_GEN_MEDIA_DUPLEX_STATE:
        *value = ad->duplex_state;
        return true;
    case OID_GEN_LINK_SPEED:
        *value = (uint32_t)(ad->xmit_speed / 100);
        return true; /* in units of 100 bit/s */
    case OID_802_3_MAXIMUM_LIST_SIZE:
        *value = g->MaxMulticastListSize;
        return true;
    case OID_GEN_DRIVER_VERSION:
        *value = (uint32_t)ad->driver->driver.major << 8 | ad->driver->driver.minor;
        return true;
    default:
        return false;
    }
}

bool
oid_answer(struct ndis_adapter *ad, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &ad->general;
    uint32_t value;

    if (request->RequestType != NdisRequestQueryInformation || !ad->general_set)
        return false;
    sched_touch((uint64_t)&ad->connect_state);
    switch (oid_of(request)) {
    case OID_GEN_SUPPORTED_LIST:
        *status = answer(request, g->SupportedOidList, g->SupportedOidListLength);
        return true;
    case OID_802_3_PERMANENT_ADDRESS:
        *status = answer(request, g->PermanentMacAddress, g->MacAddressLength);
        return true;
    case OID_802_3_CURRENT_ADDRESS:
        *status = answer(request, g->CurrentMacAddress, g->MacAddressLength);
        return true;
    case OID_GEN_LINK_STATE:
        *status = answer_link_state(ad, request);
        return true;
    case OID_GEN_LINK_SPEED_EX:
        *status = answer_link_speed(ad, request);
        return true;
    case OID_PM_HARDWARE_CAPABILITIES:
        *status = answer_object((NDIS_OBJECT_HEADER *)g->PowerManagementCapabilitiesEx, request);
        return true;
    case OID_802_3_MULTICAST_LIST:
        *status = answer_multicast(ad, request);
        return true;
    case OID_GEN_ENUMERATE_PORTS:
        *status = answer_ports(ad, request);
        return true;
    case OID_GEN_PORT_STATE:
        *status = answer_port_state(ad, request);
        return true;
    case OID_TCP_OFFLOAD_CURRENT_CONFIG:
    case OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES:
        *status = answer_object(
            &(oid_of(request) == OID_TCP_OFFLOAD_CURRENT_CONFIG ? ad->offload : ad->offload_hardware)->Header, request);
        return true;
    default:
        break;
    }
    if (answer_power(ad, request, status))
        return true;
    if (!number_of(ad, oid_of(request), &value))
        return false;
    *status = answer(request, &value, sizeof(value));
    return true;
}
