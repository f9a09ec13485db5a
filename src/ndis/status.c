/* SPDX-License-Identifier: MIT */
/*
 * ndis/status.c - status indications on their way up, and what NDIS keeps of them.
 *
 * Model: an indication goes to the nearest filter above that has a status handler, which passes it on or not; past
 * the last one NDIS hands it to every open binding, or to the one that DestinationHandle names. NDIS remembers the
 * link state that the miniport indicates, for the parameters of later attaches and binds.
 * Start reading at: indicate().
 */
#include "ndis/driver.h"
#include "ndis/misc.h"
#include "ndis/nbl.h"
#include "ndis/pm.h"
#include "ndis/port.h"

#include <string.h>

#define BUGCHECK_STATUS_INVALID_BUFFER 0x20u

static const struct ndis_header_spec indication = {
    "NDIS_STATUS_INDICATION",
    NDIS_OBJECT_TYPE_STATUS_INDICATION,
    1,
    { NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 },
};

#define STRUCTURE(type, size)              \
    {                                      \
        type, NDIS_OBJECT_TYPE_DEFAULT, 1, \
        {                                  \
            size                           \
        }                                  \
    }

/* What the status buffer of a status code must bring; documented on each code's page. */
static const struct status_buffer {
    NDIS_STATUS code;
    uint32_t size;
    struct ndis_header_spec header; /* no name: it has none */
} buffers[] = {
    { NDIS_STATUS_LINK_STATE, sizeof(NDIS_LINK_STATE),
      STRUCTURE("NDIS_LINK_STATE", NDIS_SIZEOF_LINK_STATE_REVISION_1) },
    { NDIS_STATUS_OPER_STATUS, sizeof(NDIS_OPER_STATE),
      STRUCTURE("NDIS_OPER_STATE", NDIS_SIZEOF_OPER_STATE_REVISION_1) },
    { NDIS_STATUS_PORT_STATE, sizeof(NDIS_PORT_STATE),
      STRUCTURE("NDIS_PORT_STATE", NDIS_SIZEOF_PORT_STATE_REVISION_1) },
    { NDIS_STATUS_PACKET_FILTER, sizeof(ULONG), { 0 } },
    { NDIS_STATUS_PM_WOL_PATTERN_REJECTED, sizeof(ULONG), { 0 } },
    { NDIS_STATUS_PM_OFFLOAD_REJECTED, sizeof(ULONG), { 0 } },
    { NDIS_STATUS_PM_CAPABILITIES_CHANGE, NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1,
      STRUCTURE("NDIS_PM_CAPABILITIES", NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1) },
    { NDIS_STATUS_PM_HARDWARE_CAPABILITIES, NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1,
      STRUCTURE("NDIS_PM_CAPABILITIES", NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1) },
    { NDIS_STATUS_PM_WAKE_REASON, NDIS_SIZEOF_PM_WAKE_REASON_REVISION_1,
      STRUCTURE("NDIS_PM_WAKE_REASON", NDIS_SIZEOF_PM_WAKE_REASON_REVISION_1) },
};

static const struct status_buffer *
buffer_of(NDIS_STATUS code)
{
    for (unsigned i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        if (buffers[i].code == code)
            return &buffers[i];
    return NULL;
}

static void
check_buffer(const struct ndis_layer *from, const NDIS_STATUS_INDICATION *s)
{
    const struct status_buffer *needed = buffer_of(s->StatusCode);

    if (needed != NULL && (s->StatusBuffer == NULL || s->StatusBufferSize < needed->size))
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_STATUS_INVALID_BUFFER, (uint32_t)s->StatusCode, (uint64_t)from,
                         (uint64_t)s->StatusBuffer);
}

/* Assumed: NDIS passes on what has a wrong header; who looks at it above may not. */
static void
check_headers(const NDIS_STATUS_INDICATION *s, uint32_t site)
{
    const struct status_buffer *b = buffer_of(s->StatusCode);

    ndis_header_ok(&s->Header, &indication, site);
    if (b != NULL && b->header.name != NULL && s->StatusBuffer != NULL && s->StatusBufferSize >= b->size)
        ndis_header_ok(s->StatusBuffer, &b->header, site);
}

static void
keep_link_state(struct ndis_adapter *ad, const NDIS_LINK_STATE *link)
{
    sched_touch((uint64_t)&ad->connect_state);
    ad->connect_state = (NET_IF_MEDIA_CONNECT_STATE)link->MediaConnectState;
    ad->duplex_state = (NET_IF_MEDIA_DUPLEX_STATE)link->MediaDuplexState;
    ad->xmit_speed = link->XmitLinkSpeed;
    ad->rcv_speed = link->RcvLinkSpeed;
}

/* What the adapter offloads from now on; told to who attaches or binds later (documented: the status's page). */
static void
keep_offload(struct ndis_adapter *ad, const NDIS_STATUS_INDICATION *s)
{
    const NDIS_OFFLOAD *offload = s->StatusBuffer;

    if (ad->offload == NULL || offload == NULL || s->StatusBufferSize < sizeof(NDIS_OBJECT_HEADER) ||
        offload->Header.Size > s->StatusBufferSize)
        return;
    sched_touch((uint64_t)ad->offload);
    memcpy(ad->offload, offload,
           offload->Header.Size < ad->offload->Header.Size ? offload->Header.Size : ad->offload->Header.Size);
}

static void
to_binding(struct ndis_binding *b, NDIS_STATUS_INDICATION *s)
{
    sched_touch((uint64_t)b);
    NDIS_CALL(ndis_site.ndisInvokeStatus, b->layer.op[NDIS_OP_STATUS], b->layer.context, (uint64_t)s);
}

static void
to_bindings(struct ndis_adapter *ad, NDIS_STATUS_INDICATION *s)
{
    struct ndis_binding *b, *next;
    unsigned entered = 0; /* further ones come at the end of the list */

    list_for_each (b, &ad->bindings, node) {
        ndis_binding_enter(b->layer.ledger); /* none leaves the list while we walk it */
        entered++;
    }
    list_for_each_safe (b, next, &ad->bindings, node) {
        if (entered-- == 0)
            break;
        if (!b->closing && b->layer.op[NDIS_OP_STATUS] != 0 &&
            (s->DestinationHandle == NULL || s->DestinationHandle == b))
            to_binding(b, s);
        ndis_binding_leave(b->layer.ledger);
    }
}

static void
indicate(struct ndis_layer *from, NDIS_STATUS_INDICATION *s)
{
    struct ndis_layer *to = from->next[NDIS_OP_STATUS];

    trace_emit(EV_STATUS_INDICATION, s, from->kind, (uint64_t)from, (uint32_t)s->StatusCode);
    check_buffer(from, s);
    if (to == NULL) {
        to_bindings(from->adapter, s);
        return;
    }
    sched_touch((uint64_t)to);
    NDIS_CALL(ndis_site.ndisInvokeStatus, to->op[NDIS_OP_STATUS], to->context, (uint64_t)s);
}

/* A status of NDIS's own, or a copy of a miniport's; in guest scratch memory. */
static NDIS_STATUS_INDICATION *
make(struct ndis_adapter *ad, NDIS_STATUS code, const void *buffer, uint32_t size)
{
    NDIS_STATUS_INDICATION *s = guest_alloc(sizeof(*s));

    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    s->SourceHandle = ad;
    s->StatusCode = code;
    if (size != 0) {
        s->StatusBuffer = guest_alloc(size);
        s->StatusBufferSize = size;
        memcpy(s->StatusBuffer, buffer, size);
    }
    return s;
}

void
ndis_status_to(struct ndis_adapter *ad, struct ndis_binding *b, NDIS_STATUS code, const void *buffer, uint32_t size)
{
    uint64_t mark = guest_mark();
    NDIS_STATUS_INDICATION *s = make(ad, code, buffer, size);

    s->DestinationHandle = b;
    trace_emit(EV_STATUS_INDICATION, s, ad->layer.kind, (uint64_t)&ad->layer, (uint32_t)code);
    to_bindings(ad, s);
    guest_release(mark);
}

void
ndis_status_say(struct ndis_adapter *ad, NDIS_STATUS code)
{
    uint64_t mark = guest_mark();

    indicate(&ad->layer, make(ad, code, NULL, 0));
    guest_release(mark);
}

/*
 * A status about power management: NDIS keeps what it says, and one that gives a pattern or an offload back is for the
 * binding alone that had added it; documented: NDIS tells of new capabilities by _PM_CAPABILITIES_CHANGE. false: it is
 * no such status.
 */
static bool
power_management(struct ndis_adapter *ad, NDIS_STATUS_INDICATION *s)
{
    struct ndis_binding *only;
    uint64_t mark;

    switch (s->StatusCode) {
    case NDIS_STATUS_PM_WOL_PATTERN_REJECTED:
    case NDIS_STATUS_PM_OFFLOAD_REJECTED:
    case NDIS_STATUS_PM_CAPABILITIES_CHANGE:
    case NDIS_STATUS_PM_HARDWARE_CAPABILITIES:
        break;
    default:
        return false;
    }
    check_buffer(&ad->layer, s);
    ndis_pm_status(ad, s, &only);
    mark = guest_mark();
    if (only != NULL) {
        s = make(ad, s->StatusCode, s->StatusBuffer, s->StatusBufferSize);
        s->DestinationHandle = only;
    }
    indicate(&ad->layer, s);
    if (s->StatusCode == NDIS_STATUS_PM_HARDWARE_CAPABILITIES)
        indicate(&ad->layer,
                 make(ad, NDIS_STATUS_PM_CAPABILITIES_CHANGE, s->StatusBuffer, s->StatusBufferSize));
    guest_release(mark);
    return true;
}

/*
 * NdisMIndicateStatusEx - a miniport says that something changed.
 *
 * Source:    documented: legal from the registration attributes on; bug check 0x7C, 0x20 for a bad buffer.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows StatusIndication and its buffer.
 */
void NTAPI
NdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle, PNDIS_STATUS_INDICATION StatusIndication)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    sched_touch(ad->layer.ledger->handle);
    check_headers(StatusIndication, misc_site.NdisMIndicateStatusEx);
    if (!ad->registration_set)
        ndis_misuse(&ad->layer, NDIS_MISUSE_STATUS_WHILE_STARTING, ad->layer.state);
    if (StatusIndication->StatusCode == NDIS_STATUS_LINK_STATE) {
        check_buffer(&ad->layer, StatusIndication);
        keep_link_state(ad, StatusIndication->StatusBuffer);
    }
    if (StatusIndication->PortNumber != NDIS_DEFAULT_PORT_NUMBER)
        ndis_port_check(&ad->layer, StatusIndication->PortNumber);
    if (StatusIndication->StatusCode == NDIS_STATUS_PORT_STATE) {
        check_buffer(&ad->layer, StatusIndication);
        ndis_port_keep_state(ad, StatusIndication->PortNumber, StatusIndication->StatusBuffer);
    }
    if (StatusIndication->StatusCode == NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG)
        keep_offload(ad, StatusIndication);
    if (!power_management(ad, StatusIndication))
        indicate(&ad->layer, StatusIndication);
}

/*
 * NdisFIndicateStatus - a filter passes a status on or says something itself.
 *
 * Source:    documented: legal from NdisFSetAttributes until FilterDetach returns.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows StatusIndication.
 */
void NTAPI
NdisFIndicateStatus(NDIS_HANDLE NdisFilterHandle, PNDIS_STATUS_INDICATION StatusIndication)
{
    struct ndis_filter *fm = NdisFilterHandle;

    sched_touch(fm->layer.ledger->handle);
    if (StatusIndication->SourceHandle == NdisFilterHandle) /* documented: its own; else it passes one on */
        check_headers(StatusIndication, misc_site.NdisFIndicateStatus);
    if (!fm->attributes_set)
        ndis_misuse(&fm->layer, NDIS_MISUSE_STATUS_WHILE_STARTING, fm->layer.state);
    indicate(&fm->layer, StatusIndication);
}
