/* SPDX-License-Identifier: MIT */
/*
 * ndis/netpnp.c - net-PnP events on their way up, device-PnP events on their way down.
 *
 * Model: an event that NDIS originates goes to the lowest filter that has a handler, which passes it on with
 * NdisFNetPnPEvent, and so on to every binding; without such a filter straight to the bindings. A refusal by one
 * binding does not keep the event from the others; the first refusal is the answer. Pause and restart are events of one
 * binding and do not travel.
 */
#include "ndis/driver.h"

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

NDIS_STATUS
ndis_net_pnp_deliver(struct ndis_layer *layer, NET_PNP_EVENT_NOTIFICATION *event)
{
    bool filter = layer->kind == NDIS_LAYER_FILTER;

    if (layer->op[NDIS_OP_NET_PNP] == 0)
        return NDIS_STATUS_SUCCESS;
    return ndis_layer_invoke(layer, NDIS_PENDING_NET_PNP,
                             filter ? ndis_site.ndisFInvokeNetPnPEvent : ndis_site.ndisPnPNotifyBinding,
                             layer->op[NDIS_OP_NET_PNP], layer->context, (uint64_t)event,
                             filter ? "FilterNetPnPEvent" : "ProtocolNetPnPEvent");
}

NDIS_STATUS
ndis_net_pnp_up(struct ndis_layer *from, NET_PNP_EVENT_NOTIFICATION *event)
{
    struct ndis_layer *to = from->next[NDIS_OP_NET_PNP];
    NDIS_STATUS status = NDIS_STATUS_SUCCESS, answer;
    struct ndis_binding *b;

    if (to != NULL)
        return ndis_net_pnp_deliver(to, event);
    list_for_each (b, &from->adapter->bindings, node) {
        answer = ndis_net_pnp_deliver(&b->layer, event);
        if (status == NDIS_STATUS_SUCCESS)
            status = answer;
    }
    return status;
}

void
ndis_device_pnp_down(struct ndis_layer *from, NET_DEVICE_PNP_EVENT *event)
{
    struct ndis_layer *to = from->next[NDIS_OP_DEVICE_PNP];

    if (to != NULL)
        NDIS_CALL(to->kind == NDIS_LAYER_FILTER ? ndis_site.ndisFInvokeDevicePnPEventNotify
                                                : ndis_site.ndisMDevicePnPEventNotifyInternal,
                  to->op[NDIS_OP_DEVICE_PNP], to->context, (uint64_t)event);
}

/* NdisCompleteNetPnPEvent - ProtocolNetPnPEvent had pended. Source: documented. IRQL: PASSIVE_LEVEL */
void NTAPI
NdisCompleteNetPnPEvent(NDIS_HANDLE NdisBindingHandle, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification,
                        NDIS_STATUS Status)
{
    struct ndis_binding *b = NdisBindingHandle;

    (void)NetPnPEventNotification; /* one event at a time is under way per binding */
    ndis_layer_complete(&b->layer, NDIS_PENDING_NET_PNP, Status);
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
