/* SPDX-License-Identifier: MIT */
/*
 * ndis/port.c - NDIS ports: subinterfaces of a miniport adapter.
 *
 * Model: documented ("NDIS Port States"): a port is allocated, then activated by an event of its miniport, deactivated
 * by another, then freed. Port 0, the default one, is every adapter's; NDIS activates it unless the miniport's
 * attributes say that the miniport does, and while it is not active no protocol is bound. Layers above hear of a
 * port's coming and going by the same event, and of what is active when they bind.
 * Start reading at: ndis_ports_activate().
 */
#include "ndis/port.h"

#include <string.h>

#include "ndis/driver.h"

struct ndis_port {
    struct ndis_object object;
    struct list_node node; /* ndis_adapter.ports, by number; the default port is not among them */
    NDIS_PORT_CHARACTERISTICS c;
    bool active;
};

static const struct ndis_header_spec characteristics = {
    "NDIS_PORT_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_PORT_CHARACTERISTICS_REVISION_1 },
};

/* assumed: by default a port is not controlled, so that authorization is not asked for. */
static const NDIS_PORT_AUTHENTICATION_PARAMETERS default_authentication = {
    .Header = { NDIS_OBJECT_TYPE_DEFAULT, NDIS_PORT_AUTHENTICATION_PARAMETERS_REVISION_1,
                NDIS_SIZEOF_PORT_AUTHENTICATION_PARAMETERS_REVISION_1 },
    .SendControlState = NdisPortControlStateUncontrolled,
    .RcvControlState = NdisPortControlStateUncontrolled,
    .SendAuthorizationState = NdisPortAuthorizationUnknown,
    .RcvAuthorizationState = NdisPortAuthorizationUnknown,
};

static struct ndis_port *
find(const struct ndis_adapter *ad, uint32_t number)
{
    struct ndis_port *port;

    list_for_each (port, &ad->ports, node)
        if (port->c.PortNumber == number)
            return port;
    return NULL;
}

/* ------------------------------------------------------------------ the adapter comes and goes */

void
ndis_ports_init(struct ndis_adapter *ad)
{
    list_init(&ad->ports);
    ad->default_port_active = false;
}

void
ndis_ports_registered(struct ndis_adapter *ad)
{
    if (!(ad->registration.AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_CONTROLS_DEFAULT_PORT))
        ad->default_port_active = true;
}

void
ndis_ports_fini(struct ndis_adapter *ad)
{
    struct ndis_port *port, *next;

    if (!list_empty(&ad->ports))
        ndis_misuse(&ad->layer, NDIS_MISUSE_STOP_WITH_PORTS,
               list_entry(list_first(&ad->ports), struct ndis_port, node)->c.PortNumber);
    list_for_each_safe (port, next, &ad->ports, node)
        ndis_free(port);
    list_init(&ad->ports);
}

bool
ndis_port_default_active(const struct ndis_adapter *ad)
{
    return ad->default_port_active;
}

void
ndis_port_check(struct ndis_layer *from, uint32_t number)
{
    const struct ndis_port *port = find(from->adapter, number);

    if (port == NULL || !port->active)
        ndis_misuse(from, NDIS_MISUSE_PORT_NOT_ACTIVE, number);
}

/* ------------------------------------------------------------------ allocating */

/* Take over what the driver says of a port, but the states that the default settings are to stand for. */
static void
describe(struct ndis_port *port, const NDIS_PORT_CHARACTERISTICS *from)
{
    uint32_t number = port->c.PortNumber;

    ndis_copy_versioned(&port->c, sizeof(port->c), &from->Header);
    port->c.PortNumber = number;
    if (!(from->Flags & NDIS_PORT_CHAR_USE_DEFAULT_AUTH_SETTINGS))
        return;
    port->c.SendControlState = default_authentication.SendControlState;
    port->c.RcvControlState = default_authentication.RcvControlState;
    port->c.SendAuthorizationState = default_authentication.SendAuthorizationState;
    port->c.RcvAuthorizationState = default_authentication.RcvAuthorizationState;
}

/*
 * NdisMAllocatePort - one more port; it is not active yet.
 *
 * Source:    documented; assumed: the number is the lowest that is free; _FAILURE before the registration attributes,
 *            which the pages ask for without naming a status.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows PortCharacteristics and writes its PortNumber; the port is the driver's until NdisMFreePort.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _CLOSING once MiniportHaltEx was called, _INVALID_DATA.
 */
NDIS_STATUS NTAPI
NdisMAllocatePort(NDIS_HANDLE NdisMiniportHandle, PNDIS_PORT_CHARACTERISTICS PortCharacteristics)
{
    struct ndis_adapter *ad = NdisMiniportHandle;
    struct list_node *before = &ad->ports.head;
    struct ndis_port *port, *at;
    uint32_t number = 1;

    sched_touch(ad->layer.ledger->handle);
    if (!ndis_header_ok(&PortCharacteristics->Header, &characteristics, ndis_export.NdisMAllocatePort))
        return NDIS_STATUS_INVALID_DATA;
    if (ad->layer.state == NDIS_STATE_DOWN)
        return NDIS_STATUS_CLOSING;
    if (!ad->registration_set)
        return NDIS_STATUS_FAILURE;
    list_for_each (at, &ad->ports, node) {
        if (at->c.PortNumber != number) {
            before = &at->node;
            break;
        }
        number++;
    }
    if (number > NDIS_PORT_NUMBER_MAX)
        return NDIS_STATUS_RESOURCES;
    port = ndis_object_alloc(NDIS_SIG_PORT, sizeof(*port), "NDIS port");
    if (port == NULL)
        return NDIS_STATUS_RESOURCES;
    port->c.PortNumber = number;
    describe(port, PortCharacteristics);
    list_insert_before(before, &port->node);
    PortCharacteristics->PortNumber = number;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisMFreePort - give a port back; its number may be another's then.
 *
 * Source:    documented; where the pages differ about the default port, "Freeing an NDIS Port" is followed.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _INVALID_PORT: there is none or it is the default one, _INVALID_PORT_STATE: it is
 *            active, _INVALID_DATA: no port can have this number.
 */
NDIS_STATUS NTAPI
NdisMFreePort(NDIS_HANDLE NdisMiniportHandle, NDIS_PORT_NUMBER PortNumber)
{
    struct ndis_adapter *ad = NdisMiniportHandle;
    struct ndis_port *port;

    sched_touch(ad->layer.ledger->handle);
    if (PortNumber > NDIS_PORT_NUMBER_MAX)
        return NDIS_STATUS_INVALID_DATA;
    port = find(ad, PortNumber);
    if (port == NULL)
        return NDIS_STATUS_INVALID_PORT;
    if (port->active)
        return NDIS_STATUS_INVALID_PORT_STATE;
    list_del(&port->node);
    ndis_free(port);
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ activating */

/* The default port's part of an activation or deactivation: it must come alone. Bindings follow it (bind.c). */
static NDIS_STATUS
default_port(struct ndis_adapter *ad, bool alone, bool activate)
{
    if (!alone)
        return NDIS_STATUS_INVALID_PORT;
    if (ad->default_port_active == activate)
        return NDIS_STATUS_INVALID_PORT_STATE;
    ad->default_port_active = activate;
    if (activate)
        ndis_nic_kick(
            ad->nic); /* documented: bindings begin; not in the miniport's call, which may be its initialize */
    else
        ndis_nic_settle_within(ad->nic);
    return NDIS_STATUS_SUCCESS;
}

/* Those above hear of ports only while the default port is active (documented). */
static void
tell(struct ndis_adapter *ad, NET_PNP_EVENT_NOTIFICATION *event)
{
    if (ad->default_port_active)
        ndis_net_pnp_up(&ad->layer, event);
}

/* May this port be activated or deactivated? */
static NDIS_STATUS
check(const struct ndis_adapter *ad, uint32_t number, bool activate)
{
    const struct ndis_port *port = find(ad, number);

    if (port == NULL)
        return NDIS_STATUS_INVALID_PORT;
    return port->active == activate ? NDIS_STATUS_INVALID_PORT_STATE : NDIS_STATUS_SUCCESS;
}

/* All of the list or none (documented). */
NDIS_STATUS
ndis_ports_activate(struct ndis_adapter *ad, NET_PNP_EVENT_NOTIFICATION *event)
{
    const NDIS_PORT *list = event->NetPnPEvent.Buffer;
    NDIS_STATUS status;

    if (list == NULL || event->NetPnPEvent.BufferLength == 0)
        return NDIS_STATUS_INVALID_PARAMETER;
    for (const NDIS_PORT *p = list; p != NULL; p = p->Next) {
        if (p->PortCharacteristics.PortNumber == NDIS_DEFAULT_PORT_NUMBER)
            return default_port(ad, list->Next == NULL, true);
        status = check(ad, p->PortCharacteristics.PortNumber, true);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
    }
    for (const NDIS_PORT *p = list; p != NULL; p = p->Next) {
        struct ndis_port *port = find(ad, p->PortCharacteristics.PortNumber);

        describe(port, &p->PortCharacteristics);
        port->active = true;
    }
    tell(ad, event);
    return NDIS_STATUS_SUCCESS;
}

/* Documented: a port stays active until this returns; protocols end what they do with it before they answer. */
NDIS_STATUS
ndis_ports_deactivate(struct ndis_adapter *ad, NET_PNP_EVENT_NOTIFICATION *event)
{
    const NDIS_PORT_NUMBER *number = event->NetPnPEvent.Buffer;
    unsigned count = event->NetPnPEvent.BufferLength / sizeof(*number);
    NDIS_STATUS status;

    if (number == NULL || count == 0)
        return NDIS_STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < count; i++) {
        if (number[i] == NDIS_DEFAULT_PORT_NUMBER)
            return default_port(ad, count == 1, false);
        status = check(ad, number[i], false);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
    }
    tell(ad, event);
    for (unsigned i = 0; i < count; i++) {
        struct ndis_port *port = find(ad, number[i]); /* looked up anew: protocols ran meanwhile */

        if (port != NULL)
            port->active = false;
    }
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ questions */

/* What the default port is like follows from the adapter. */
static void
describe_default(const struct ndis_adapter *ad, NDIS_PORT_CHARACTERISTICS *c)
{
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PORT_CHARACTERISTICS_REVISION_1,
                    NDIS_SIZEOF_PORT_CHARACTERISTICS_REVISION_1);
    c->PortNumber = NDIS_DEFAULT_PORT_NUMBER;
    c->Flags = NDIS_PORT_CHAR_USE_DEFAULT_AUTH_SETTINGS;
    c->Type = NdisPortTypeUndefined;
    c->MediaConnectState = (NDIS_MEDIA_CONNECT_STATE)ad->connect_state;
    c->XmitLinkSpeed = ad->xmit_speed;
    c->RcvLinkSpeed = ad->rcv_speed;
    c->Direction = ad->general.DirectionType;
    c->SendControlState = default_authentication.SendControlState;
    c->RcvControlState = default_authentication.RcvControlState;
    c->SendAuthorizationState = default_authentication.SendAuthorizationState;
    c->RcvAuthorizationState = default_authentication.RcvAuthorizationState;
}

static unsigned
active_count(const struct ndis_adapter *ad)
{
    const struct ndis_port *port;
    unsigned count = ad->default_port_active;

    list_for_each (port, &ad->ports, node)
        count += port->active;
    return count;
}

NDIS_PORT *
ndis_ports_active(const struct ndis_adapter *ad)
{
    NDIS_PORT *list = guest_alloc((active_count(ad) + 1) * sizeof(*list)), *end = list;
    const struct ndis_port *port;

    if (ad->default_port_active)
        describe_default(ad, &end++->PortCharacteristics);
    list_for_each (port, &ad->ports, node)
        if (port->active)
            end++->PortCharacteristics = port->c;
    if (end == list)
        return NULL;
    for (NDIS_PORT *p = list; p + 1 < end; p++)
        p->Next = p + 1;
    return list;
}

const NDIS_PORT_ARRAY *
ndis_port_array(const struct ndis_adapter *ad)
{
    unsigned count = active_count(ad);
    NDIS_PORT_ARRAY *array = guest_alloc(sizeof(*array) + count * sizeof(array->Ports[0]));
    NDIS_PORT_CHARACTERISTICS *end = array->Ports;
    const struct ndis_port *port;

    ndis_header_set(&array->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PORT_ARRAY_REVISION_1,
                    NDIS_SIZEOF_PORT_ARRAY_REVISION_1);
    array->NumberOfPorts = count;
    array->OffsetFirstPort = offsetof(NDIS_PORT_ARRAY, Ports);
    array->ElementSize = sizeof(array->Ports[0]);
    if (ad->default_port_active)
        describe_default(ad, end++);
    list_for_each (port, &ad->ports, node)
        if (port->active)
            *end++ = port->c;
    return array;
}

const NDIS_PORT_STATE *
ndis_port_state(const struct ndis_adapter *ad, uint32_t number)
{
    const struct ndis_port *port = find(ad, number);
    NDIS_PORT_STATE *state = guest_alloc(sizeof(*state));
    NDIS_PORT_CHARACTERISTICS *c = guest_alloc(sizeof(*c));

    if (number == NDIS_DEFAULT_PORT_NUMBER)
        describe_default(ad, c);
    else if (port != NULL)
        *c = port->c;
    else
        return NULL;
    ndis_header_set(&state->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PORT_STATE_REVISION_1,
                    NDIS_SIZEOF_PORT_STATE_REVISION_1);
    state->MediaConnectState = c->MediaConnectState;
    state->XmitLinkSpeed = c->XmitLinkSpeed;
    state->RcvLinkSpeed = c->RcvLinkSpeed;
    state->Direction = c->Direction;
    state->SendControlState = c->SendControlState;
    state->RcvControlState = c->RcvControlState;
    state->SendAuthorizationState = c->SendAuthorizationState;
    state->RcvAuthorizationState = c->RcvAuthorizationState;
    state->Flags = c->Flags;
    return state;
}

const NDIS_PORT_AUTHENTICATION_PARAMETERS *
ndis_port_default_authentication(void)
{
    NDIS_PORT_AUTHENTICATION_PARAMETERS *p = guest_alloc(sizeof(*p));

    *p = default_authentication;
    return p;
}

void
ndis_port_keep_state(struct ndis_adapter *ad, uint32_t number, const NDIS_PORT_STATE *state)
{
    struct ndis_port *port = find(ad, number);

    if (port == NULL)
        return; /* the default port is what the adapter's link state says */
    port->c.MediaConnectState = state->MediaConnectState;
    port->c.XmitLinkSpeed = state->XmitLinkSpeed;
    port->c.RcvLinkSpeed = state->RcvLinkSpeed;
    port->c.Direction = state->Direction;
    port->c.SendControlState = state->SendControlState;
    port->c.RcvControlState = state->RcvControlState;
    port->c.SendAuthorizationState = state->SendAuthorizationState;
    port->c.RcvAuthorizationState = state->RcvAuthorizationState;
}
