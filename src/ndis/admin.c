/* SPDX-License-Identifier: MIT */
/*
 * ndis/admin.c - administration of nics: the host's side of the bind engine.
 *
 * Model: each operation changes what is wanted and walks. See admin.h for the contract, bind.c for the walk.
 */
#include "ndis/admin.h"

#include <errno.h>

#include "base/fmt.h"
#include "base/str.h"
#include "ndis/driver.h"
#include "ndis/fdo.h"
#include "ndis/hw/nic.h"
#include "ndis/reset.h"

struct ndis_nic *
ndis_nic_add(const struct ndis_nic_config *config)
{
    struct ndis_root *root = ndis_root();
    struct ndis_driver *driver = ndis_driver_find(config->service);
    struct ndis_nic *nic;
    char text[96];
    size_t prefix;

    if (driver == NULL || driver->kind != NDIS_LAYER_MINIPORT)
        return NULL;
    nic = mon_alloc(sizeof(*nic));
    list_init(&nic->links);
    list_init(&nic->turns);
    nic->driver = (struct ndis_miniport_driver *)driver;
    nic->if_index = ++root->next_if_index;
    nic->luid = (uint64_t)6 << 48 | (uint64_t)nic->if_index << 24;
    nic->pdo = config->pdo;
    nic->want_power = NdisDeviceStateD0;
    nic->config = config->config;
    if (config->name != NULL)
        fmt(nic->name, sizeof(nic->name), "%s", config->name);
    else
        fmt(nic->name, sizeof(nic->name), "Ethernet %u", nic->if_index);
    prefix = fmt(text, sizeof(text), "\\DEVICE\\");
    if (config->guid != NULL)
        fmt(text + prefix, sizeof(text) - prefix, "%s", config->guid);
    else
        fmt(text + prefix, sizeof(text) - prefix, "{00000000-0000-4000-8000-%012x}", nic->if_index);
    nic->guid_name = ndis_string(text);
    nic->instance_guid = *nic->guid_name;
    nic->instance_guid.Buffer += prefix;
    nic->instance_guid.Length -= (USHORT)(prefix * 2);
    nic->instance_guid.MaximumLength -= (USHORT)(prefix * 2);
    nic->instance_name = ndis_string(nic->name);
    if (!ndis_fdo_create(nic))
        return NULL;
    list_add_tail(&root->nics, &nic->node);
    ndis_links_add_nic(nic);
    return nic;
}

int
ndis_nic_adopt(struct ndis_nic *nic, const char *service)
{
    struct ndis_driver *driver = ndis_driver_find(service);

    if (driver == NULL || driver->kind != NDIS_LAYER_MINIPORT)
        return -ENOENT;
    sched_touch((uint64_t)nic);
    nic->driver = (struct ndis_miniport_driver *)driver;
    ndis_links_add_nic(nic); /* of drivers that came meanwhile */
    return 0;
}

static int
result(const struct ndis_nic *nic)
{
    return nic->failed || nic->adapter == NULL ? -EIO : 0;
}

int
ndis_nic_enable(struct ndis_nic *nic)
{
    struct hw_nic *card = hw_nic_of(nic);
    struct ndis_link *link;

    sched_touch((uint64_t)nic);
    list_for_each (link, &nic->links, node)
        link->refused = false;
    if (card != NULL)
        hw_nic_plug(card);
    nic->failed = false;
    nic->halt_action = NdisHaltDeviceDisabled;
    nic->want_present = true;
    nic->want_running = true;
    ndis_nic_settle(nic);
    return result(nic);
}

static void
take_down(struct ndis_nic *nic, NDIS_HALT_ACTION action)
{
    sched_touch((uint64_t)nic);
    nic->halt_action = (uint8_t)action;
    nic->want_present = false;
    ndis_nic_settle(nic);
}

void
ndis_nic_disable(struct ndis_nic *nic)
{
    take_down(nic, NdisHaltDeviceDisabled);
}

/*
 * Documented ("Removing a NIC", "Stopping a NIC"): query-remove goes up through filters to every protocol. Assumed: a
 * refusal counts, where Windows may ignore it.
 */
static NDIS_STATUS
tell_removal(struct ndis_nic *nic, NET_PNP_EVENT_CODE code)
{
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    uint64_t mark = guest_mark();

    ndis_walk_begin(nic);
    if (nic->adapter != NULL)
        status = ndis_net_pnp_up(&nic->adapter->layer, ndis_net_pnp_event(code, NULL, 0));
    ndis_walk_end(nic);
    guest_release(mark);
    return status;
}

int
ndis_nic_query_remove(struct ndis_nic *nic)
{
    return tell_removal(nic, NetEventQueryRemoveDevice) == NDIS_STATUS_SUCCESS ? 0 : -EBUSY;
}

void
ndis_nic_cancel_remove(struct ndis_nic *nic)
{
    tell_removal(nic, NetEventCancelRemoveDevice);
}

void
ndis_nic_stop(struct ndis_nic *nic)
{
    take_down(nic, NdisHaltDeviceStopped);
}

/*
 * Documented (Windows 8 and later): query-remove goes up as above, but the answers count for nothing; then the drivers
 * below hear that the device is gone; then the stack comes down as for a removal.
 */
void
ndis_nic_surprise_remove(struct ndis_nic *nic)
{
    struct hw_nic *card = hw_nic_of(nic);

    if (card != NULL)
        hw_nic_unplug(card);
    ndis_walk_begin(nic);
    if (nic->adapter != NULL) {
        uint64_t mark = guest_mark();

        ndis_net_pnp_up(&nic->adapter->layer, ndis_net_pnp_event(NetEventQueryRemoveDevice, NULL, 0));
        sched_point(OP_INTERNAL, (uint64_t)nic);
        ndis_device_pnp_event(nic->adapter, NdisDevicePnPEventSurpriseRemoved, NULL, 0);
        guest_release(mark);
    }
    ndis_walk_end(nic);
    take_down(nic, NdisHaltDeviceSurpriseRemoved);
}

void
ndis_nic_set_power(struct ndis_nic *nic, unsigned state)
{
    sched_touch((uint64_t)nic);
    nic->want_power = (uint8_t)(NdisDeviceStateD0 + state);
    ndis_nic_settle(nic);
}

void
ndis_nic_shutdown(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    nic->want_shutdown = true;
    ndis_nic_settle(nic);
}

bool
ndis_nic_can_reset(const struct ndis_nic *nic)
{
    return nic != NULL && nic->driver != NULL && (nic->driver->chars.ResetHandlerEx != NULL || legacy_nic_resets(nic));
}

void
ndis_nic_reset(struct ndis_nic *nic)
{
    if (legacy_nic_resets(nic))
        legacy_nic_reset(nic);
    else
        ndis_reset_ask(nic, NULL);
}

void
ndis_nic_pause(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    nic->want_running = false;
    ndis_nic_settle(nic);
}

int
ndis_nic_restart(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    nic->want_running = true;
    ndis_nic_settle(nic);
    return result(nic);
}

void
ndis_nic_cycle(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    nic->cycle = nic->adapter != NULL;
    ndis_nic_settle(nic);
}

static struct ndis_link *
find_link(struct ndis_nic *nic, const char *service)
{
    struct ndis_link *link;

    list_for_each (link, &nic->links, node)
        if (str_ieq(link->driver->record->name, service))
            return link;
    return NULL;
}

int
ndis_driver_attach(struct ndis_nic *nic, const char *service)
{
    struct ndis_link *link = find_link(nic, service);

    if (link == NULL)
        return -ENOENT;
    sched_touch((uint64_t)nic);
    link->wanted = true;
    link->refused = false;
    ndis_nic_settle(nic);
    return link->refused ? -EIO : 0;
}

int
ndis_driver_detach(struct ndis_nic *nic, const char *service)
{
    struct ndis_link *link = find_link(nic, service);

    if (link == NULL)
        return -ENOENT;
    sched_touch((uint64_t)nic);
    link->wanted = false;
    ndis_nic_settle(nic);
    return 0;
}

static struct ndis_link *
neighbour(struct ndis_nic *nic, struct ndis_link *link, bool up)
{
    struct list_node *node = up ? list_next(&nic->links, &link->node) : link->node.prev;
    struct ndis_link *other;

    if (node == NULL || node == &nic->links.head)
        return NULL;
    other = list_entry(node, struct ndis_link, node);
    return other->driver->kind == NDIS_LAYER_FILTER && ((struct ndis_filter_driver *)other->driver)->class_rank ==
                                                           ((struct ndis_filter_driver *)link->driver)->class_rank
               ? other
               : NULL;
}

/* The binding of the same protocol that comes next before (up) or behind link; NULL: none does. */
static struct ndis_link *
next_in_order(const struct ndis_link *link, bool up)
{
    struct ndis_link *at, *found = NULL;
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node)
        list_for_each (at, &nic->links, node)
            if (nic->driver != NULL && at->driver == link->driver && at->wanted &&
                (up ? at->order < link->order : at->order > link->order) &&
                (found == NULL || (up ? at->order > found->order : at->order < found->order)))
                found = at;
    return found;
}

static int
protocol_move(struct ndis_link *link, bool up)
{
    struct ndis_link *other = next_in_order(link, up);
    uint32_t order = link->order;

    if (other == NULL)
        return -EINVAL;
    sched_touch((uint64_t)link->driver);
    link->order = other->order;
    other->order = order;
    ((struct ndis_protocol_driver *)link->driver)->order_changed = true;
    return 0;
}

uint32_t
ndis_nic_link_order(const struct ndis_nic *nic, const char *service)
{
    const struct ndis_link *link = find_link((struct ndis_nic *)nic, service);

    return link != NULL ? link->order : UINT32_MAX;
}

void
ndis_bind_lists_tell(void)
{
    struct ndis_driver *driver;

    list_for_each (driver, &ndis_root()->drivers, node)
        if (driver->kind == NDIS_LAYER_PROTOCOL)
            ndis_protocol_bind_list((struct ndis_protocol_driver *)driver);
}

int
ndis_link_move(struct ndis_nic *nic, const char *service, bool up)
{
    struct ndis_link *link = find_link(nic, service), *other;
    bool wanted;

    if (link == NULL)
        return -ENOENT;
    if (link->driver->kind == NDIS_LAYER_PROTOCOL)
        return protocol_move(link, up);
    if (neighbour(nic, link, up) == NULL)
        return -EINVAL;
    sched_touch((uint64_t)nic);
    wanted = link->wanted;
    link->wanted = false;
    ndis_nic_settle(nic);
    ndis_walk_begin(nic);
    other = neighbour(nic, link, up); /* looked at anew: others changed things meanwhile */
    if (other != NULL) {
        list_del(&link->node);
        list_insert_before(up ? other->node.next : &other->node, &link->node);
    }
    ndis_walk_end(nic);
    link->wanted = wanted;
    link->refused = false;
    ndis_nic_settle(nic);
    return link->refused ? -EIO : 0;
}

const char *
ndis_nic_link(const struct ndis_nic *nic, unsigned i, bool *bound)
{
    const struct ndis_link *link;

    list_for_each (link, &nic->links, node)
        if (i-- == 0) {
            *bound = link->wanted;
            return link->driver->record->name;
        }
    return NULL;
}

void
ndis_settle_hold(void)
{
    ndis_root()->held = true;
}

void
ndis_settle(void)
{
    struct ndis_nic *nic;
    struct ndis_driver *driver;

    ndis_root()->held = false;
    list_for_each (nic, &ndis_root()->nics, node)
        ndis_nic_settle(nic);
    list_for_each (driver, &ndis_root()->drivers, node)
        if (driver->kind == NDIS_LAYER_PROTOCOL)
            ndis_protocol_binds_complete((struct ndis_protocol_driver *)driver);
}

/* ------------------------------------------------------------------ questions */

struct ndis_nic *
ndis_nic_get(unsigned i)
{
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node)
        if (i-- == 0)
            return nic;
    return NULL;
}

struct ndis_nic *
ndis_nic_find(const char *name)
{
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node)
        if (str_ieq(nic->name, name))
            return nic;
    return NULL;
}

const char *
ndis_nic_name(const struct ndis_nic *nic)
{
    return nic->name;
}

const char *
ndis_nic_service(const struct ndis_nic *nic)
{
    return nic->driver != NULL ? nic->driver->driver.record->name : "";
}

void
ndis_nic_guid(const struct ndis_nic *nic, char *out, size_t room)
{
    fmt(out, room, "%wZ", (const void *)&nic->instance_guid);
}

static void
describe(const struct ndis_layer *layer, struct ndis_layer_info *out)
{
    const struct ndis_ledger *ledger = layer->ledger;

    out->kind = layer->kind;
    out->state = layer->state;
    out->state_name = ndis_state_name(layer->kind, layer->state);
    out->driver = ledger->driver->name;
    out->handle = ledger->handle;
    out->context = layer->context;
    out->own_sends = __atomic_load_n(&ledger->own_sends, __ATOMIC_RELAXED);
    out->held_sends = ledger->held_sends;
    out->own_receives = ledger->own_receives;
    out->held_receives = __atomic_load_n(&ledger->held_receives, __ATOMIC_RELAXED);
    out->oids = ledger->oids;
}

unsigned
ndis_stack(const struct ndis_nic *nic, struct ndis_layer_info *out, unsigned max)
{
    const struct ndis_link *link;
    unsigned count = 0;

    if (nic->adapter == NULL)
        return 0;
    if (count++ < max)
        describe(&nic->adapter->layer, &out[0]);
    list_for_each (link, &nic->links, node)
        if (link->layer != NULL && count++ < max)
            describe(link->layer, &out[count - 1]);
    return count;
}

uint32_t
ndis_states_reached(const char *service)
{
    const struct ndis_driver_record *record;
    uint32_t states = 0;

    list_for_each (record, &ndis_root()->records, node)
        if (str_ieq(record->name, service))
            states |= record->states_reached;
    return states;
}

static const char *
busy(const struct ndis_layer *layer)
{
    const struct ndis_ledger *ledger = layer->ledger;

    if (layer->pending != 0 || layer->events != 0)
        return ndis_words("%s has not completed what it pended%s", ledger->driver->name, "");
    if (ledger->own_sends + ledger->held_sends != 0)
        return ndis_words("sends of %s are out%s", ledger->driver->name, "");
    if (ledger->own_receives + ledger->held_receives != 0)
        return ndis_words("receives of %s are out%s", ledger->driver->name, "");
    if (ledger->oids != 0)
        return ndis_words("OID requests of %s are out%s", ledger->driver->name, "");
    return NULL;
}

bool
ndis_idle(const char **what)
{
    const struct ndis_nic *nic;
    const struct ndis_link *link;

    *what = NULL;
    list_for_each (nic, &ndis_root()->nics, node) {
        if (nic->adapter != NULL && (*what = busy(&nic->adapter->layer)) != NULL)
            return false;
        list_for_each (link, &nic->links, node)
            if (link->layer != NULL && (*what = busy(link->layer)) != NULL)
                return false;
    }
    return true;
}
