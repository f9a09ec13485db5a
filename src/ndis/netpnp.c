/* SPDX-License-Identifier: MIT */
/*
 * ndis/netpnp.c - net-PnP events on their way up, device-PnP events on their way down.
 *
 * Model: an event that NDIS originates goes to the lowest filter that has a handler, which passes it on with
 * NdisFNetPnPEvent, and so on to every binding; without such a filter straight to the bindings. A refusal by one
 * binding does not keep the event from the others; the first refusal is the answer. Pause and restart are events of one
 * binding and do not travel. A binding may pend an event, and have several pended at once: who waits is found from
 * the event, in a field of it that is NDIS's.
 */
#include "ndis/driver.h"
#include "ndis/nbl.h"
#include "ndis/port.h"

#define BUGCODE_NDIS                   0x7cu
#define BUGCHECK_ILLEGAL_NET_PNP_EVENT 0x22u

static const struct ndis_header_spec notification = {
    "NET_PNP_EVENT_NOTIFICATION",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1 },
};

NET_PNP_EVENT_NOTIFICATION *
ndis_net_pnp_event(NET_PNP_EVENT_CODE code, void *buffer, uint32_t length)
{
    NET_PNP_EVENT_NOTIFICATION *event = guest_alloc(sizeof(*event));

    ndis_header_set(&event->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_PNP_EVENT_NOTIFICATION_REVISION_1,
                    NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1);
    event->NetPnPEvent.NetEvent = code;
    event->NetPnPEvent.Buffer = buffer;
    event->NetPnPEvent.BufferLength = length;
    return event;
}

/* Where the event's address leads to its wait while a binding has it pended. */
#define EVENT_WAIT(event) ((event)->NetPnPEvent.NdisReserved[0])

/*
 * Documented: QueryRemoveDevice and PortActivation may be refused, Reconfigure rarely. Pause and restart have rules of
 * their own; a 5.x protocol's answer to SetPower is taken by legacy/.
 */
static bool
may_refuse(NET_PNP_EVENT_CODE code)
{
    return code == NetEventQueryRemoveDevice || code == NetEventPortActivation || code == NetEventReconfigure ||
           code == NetEventPause || code == NetEventRestart;
}

static NDIS_STATUS
deliver_to_binding(struct ndis_layer *layer, NET_PNP_EVENT_NOTIFICATION *event)
{
    uint64_t outer = EVENT_WAIT(event); /* an intermediate driver may pass on the event that it was given */
    struct ndis_wait *w = guest_alloc(sizeof(*w));
    NDIS_STATUS status;

    EVENT_WAIT(event) = (uint64_t)w;
    layer->events++;
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisPnPNotifyBinding, layer->op[NDIS_OP_NET_PNP], layer->context,
                                    (uint64_t)event);
    if (status == NDIS_STATUS_PENDING)
        status =
            ndis_wait(w, (uint64_t)layer,
                      ndis_words("waits for %s to complete %s", ndis_layer_driver_name(layer), "ProtocolNetPnPEvent"));
    else if (w->done) /* completed, and then not said to be pending: one of the two is a lie */
        ndis_misuse(layer, NDIS_MISUSE_COMPLETE_UNEXPECTED, layer->state);
    layer->events--;
    EVENT_WAIT(event) = outer;
    if (status != NDIS_STATUS_SUCCESS && !may_refuse(event->NetPnPEvent.NetEvent))
        ndis_misuse(layer, NDIS_MISUSE_EVENT_REFUSED, event->NetPnPEvent.NetEvent);
    return status;
}

NDIS_STATUS
ndis_net_pnp_deliver(struct ndis_layer *layer, NET_PNP_EVENT_NOTIFICATION *event)
{
    if (layer->op[NDIS_OP_NET_PNP] == 0)
        return NDIS_STATUS_SUCCESS;
    if (layer->kind == NDIS_LAYER_PROTOCOL)
        return deliver_to_binding(layer, event);
    /* documented: a filter answers before it returns */
    return (NDIS_STATUS)NDIS_CALL(ndis_site.ndisFInvokeNetPnPEvent, layer->op[NDIS_OP_NET_PNP], layer->context,
                                  (uint64_t)event);
}

NDIS_STATUS
ndis_net_pnp_up(struct ndis_layer *from, NET_PNP_EVENT_NOTIFICATION *event)
{
    struct ndis_layer *to = from->next[NDIS_OP_NET_PNP];
    NDIS_STATUS status = NDIS_STATUS_SUCCESS, answer;
    struct ndis_binding *b, *next;
    unsigned entered = 0; /* further ones come at the end of the list */

    if (to != NULL)
        return ndis_net_pnp_deliver(to, event);
    list_for_each (b, &from->adapter->bindings, node) {
        ndis_binding_enter(b->layer.ledger); /* none leaves the list while we walk it */
        entered++;
    }
    list_for_each_safe (b, next, &from->adapter->bindings, node) {
        if (entered-- == 0)
            break;
        answer = b->closing ? NDIS_STATUS_SUCCESS : ndis_net_pnp_deliver(&b->layer, event);
        if (status == NDIS_STATUS_SUCCESS)
            status = answer;
        ndis_binding_leave(b->layer.ledger);
    }
    return status;
}

static void
device_pnp_deliver(struct ndis_layer *to, NET_DEVICE_PNP_EVENT *event)
{
    NDIS_CALL(to->kind == NDIS_LAYER_FILTER ? ndis_site.ndisFInvokeDevicePnPEventNotify
                                            : ndis_site.ndisMDevicePnPEventNotifyInternal,
              to->op[NDIS_OP_DEVICE_PNP], to->context, (uint64_t)event);
}

void
ndis_device_pnp_down(struct ndis_layer *from, NET_DEVICE_PNP_EVENT *event)
{
    struct ndis_layer *to = from->next[NDIS_OP_DEVICE_PNP];

    if (to != NULL)
        device_pnp_deliver(to, event);
}

/* From the top of the stack: the highest layer that listens; filters pass it on. */
void
ndis_device_pnp_event(struct ndis_adapter *ad, NDIS_DEVICE_PNP_EVENT code, void *buffer, uint32_t length)
{
    NET_DEVICE_PNP_EVENT *event = guest_alloc(sizeof(*event));
    struct ndis_layer *top = ad->top;

    ndis_header_set(&event->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_DEVICE_PNP_EVENT_REVISION_1,
                    NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1);
    event->DevicePnPEvent = code;
    event->InformationBuffer = buffer;
    event->InformationBufferLength = length;
    if (top->op[NDIS_OP_DEVICE_PNP] != 0)
        device_pnp_deliver(top, event);
    else
        ndis_device_pnp_down(top, event);
}

/*
 * NdisCompleteNetPnPEvent - ProtocolNetPnPEvent had pended.
 *
 * Source:    documented; assumed: an event that is not pended stops the machine as a pause that is not does.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: NetPnPEventNotification is the pointer the handler was given.
 */
void NTAPI
NdisCompleteNetPnPEvent(NDIS_HANDLE NdisBindingHandle, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification,
                        NDIS_STATUS Status)
{
    struct ndis_binding *b = NdisBindingHandle;
    struct ndis_wait *w;

    sched_touch(b->layer.ledger->handle); /* through the pointer first: a stale handle faults */
    w = (struct ndis_wait *)EVENT_WAIT(NetPnPEventNotification);
    if (b->layer.events == 0 || w == NULL || w->done) {
        ndis_misuse(&b->layer, NDIS_MISUSE_COMPLETE_UNEXPECTED, b->layer.state);
        machine_bugcheck(BUGCODE_NDIS, BUGCHECK_ILLEGAL_NET_PNP_EVENT, (uint64_t)b, (uint64_t)NetPnPEventNotification,
                         0);
    }
    ndis_wait_done(w, Status);
}

/* What a miniport may tell of itself; nobody above hears of it (documented: since NDIS 6.50). */
static NDIS_STATUS
stack_event(struct ndis_adapter *ad, NET_PNP_EVENT_CODE code)
{
    bool up = ad->layer.state != NDIS_STATE_STARTING && ad->layer.state != NDIS_STATE_DOWN;

    switch (code) {
    case NetEventRequirePause:
        ad->pause_required = true;
        break;
    case NetEventInhibitBindsAbove:
        ad->binds_inhibited = true;
        break;
    case NetEventAllowStart:
        ad->pause_required = false;
        ndis_nic_kick(ad->nic); /* documented: asynchronous */
        return NDIS_STATUS_SUCCESS;
    default: /* NetEventAllowBindsAbove */
        ad->binds_inhibited = false;
        ndis_nic_kick(ad->nic);
        return NDIS_STATUS_SUCCESS;
    }
    if (up) /* documented: blocks, and deadlocks from within what it waits for */
        ndis_nic_settle(ad->nic);
    return NDIS_STATUS_SUCCESS;
}

/* Does the answer of those above count? Documented for NdisMNetPnPEvent. */
static bool
asks(NET_PNP_EVENT_CODE code)
{
    return code == NetEventQueryPower || code == NetEventQueryRemoveDevice;
}

/*
 * NdisMNetPnPEvent - a miniport activates or deactivates ports or holds the stack above it; an intermediate driver's
 *                    miniport edge passes on what its protocol edge was told.
 *
 * Source:    documented. Assumed: which events are illegal (bug check 0x7C, 0x22): those that are of one binding or
 *            protocol only, and numbers that there are not; a miniport of no intermediate driver that tells what
 *            only those may is answered _INVALID_PARAMETER.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows NetPnPEventNotification.
 * Returns:   NDIS_STATUS_SUCCESS, _INVALID_PARAMETER, _INVALID_PORT, _INVALID_PORT_STATE; for NetEventQueryPower and
 *            NetEventQueryRemoveDevice what those above answered.
 */
NDIS_STATUS NTAPI
NdisMNetPnPEvent(NDIS_HANDLE MiniportAdapterHandle, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    NET_PNP_EVENT_CODE code = NetPnPEventNotification->NetPnPEvent.NetEvent;
    NDIS_STATUS status;

    sched_touch(ad->layer.ledger->handle);
    if (!ndis_header_ok(&NetPnPEventNotification->Header, &notification, ndis_export.NdisMNetPnPEvent))
        return NDIS_STATUS_INVALID_PARAMETER;
    if (ndis_oid_answers(&ad->layer))
        ndis_misuse(&ad->layer, NDIS_MISUSE_EVENT_DURING_OID, code);
    switch (code) {
    case NetEventPortActivation:
        return ndis_ports_activate(ad, NetPnPEventNotification);
    case NetEventPortDeactivation:
        return ndis_ports_deactivate(ad, NetPnPEventNotification);
    case NetEventRequirePause:
    case NetEventAllowStart:
    case NetEventInhibitBindsAbove:
    case NetEventAllowBindsAbove:
        return stack_event(ad, code);
    default:
        break;
    }
    if (code == NetEventPause || code == NetEventRestart || code == NetEventBindsComplete || code >= NetEventMaximum)
        machine_bugcheck(BUGCODE_NDIS, BUGCHECK_ILLEGAL_NET_PNP_EVENT, (uint64_t)ad->driver,
                         (uint64_t)NetPnPEventNotification, 0);
    if (ad->driver->associated == NULL)
        return NDIS_STATUS_INVALID_PARAMETER;
    status = ndis_net_pnp_up(&ad->layer, NetPnPEventNotification);
    return asks(code) ? status : NDIS_STATUS_SUCCESS;
}

/*
 * NdisFNetPnPEvent - a filter passes an event on, or originates one.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   what the layers above answered.
 */
NDIS_STATUS NTAPI
NdisFNetPnPEvent(NDIS_HANDLE NdisFilterHandle, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    struct ndis_filter *fm = NdisFilterHandle;

    sched_touch(fm->layer.ledger->handle);
    ndis_header_ok(&NetPnPEventNotification->Header, &notification, ndis_export.NdisFNetPnPEvent);
    return ndis_net_pnp_up(&fm->layer, NetPnPEventNotification);
}

/* NdisFDevicePnPEventNotify - a filter passes a device event down. Source: documented. IRQL: PASSIVE_LEVEL */
void NTAPI
NdisFDevicePnPEventNotify(NDIS_HANDLE NdisFilterHandle, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent)
{
    struct ndis_filter *fm = NdisFilterHandle;

    sched_touch(fm->layer.ledger->handle);
    ndis_device_pnp_down(&fm->layer, NetDevicePnPEvent);
}
