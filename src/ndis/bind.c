/* SPDX-License-Identifier: MIT */
/*
 * ndis/bind.c - the bind engine: walking a stack to where it should be.
 *
 * Model: what should be is on the nic (want_present, want_running) and on its links (wanted); what is, are the
 * layers and their states. step() compares the two and takes one legal step; ndis_nic_settle() repeats it until there
 * is none left, with a scheduling point between steps. So every operation - start, pause, restart, insert a filter,
 * disable, remove - is a change of what is wanted and then the same walk:
 *
 *     down   pause protocols, filters from the top, the miniport; unbind; detach from the top; halt
 *     up     initialize; attach from the bottom; bind; restart the miniport, filters from the bottom, protocols
 *     sleep  tell protocols; pause as above; set the adapter's power. wake: set it; restart as above; tell protocols
 *
 * A change of the filters of a running stack pauses it first. Unbinding one protocol pauses that one only (assumed:
 * the pages leave it open); binding one pauses the stack.
 * One fiber walks a nic at a time; the others take turns.
 * Start reading at: step().
 */
#include "ndis/driver.h"

#include "base/fmt.h"
#include "ndis/port.h"
#include "ndis/power.h"

static bool
present(const struct ndis_nic *nic)
{
    return nic->want_present && !nic->failed && nic->driver != NULL && !nic->driver->driver.leaving &&
           (nic->driver->associated == NULL || nic->im_asked);
}

static bool
is_filter(const struct ndis_link *link)
{
    return link->driver->kind == NDIS_LAYER_FILTER;
}

/* Asked of an adapter that is there. */
static bool
wanted(const struct ndis_link *link)
{
    if (!link->wanted || link->refused || link->driver->leaving || !present(link->nic))
        return false;
    if (link->nic->adapter->binds_inhibited)
        return false;
    if (ndis_port_default_active(link->nic->adapter))
        return true;
    return is_filter(link) && link->layer != NULL; /* documented: not attached, but not detached for that either */
}

static struct ndis_link *
first_link(struct ndis_nic *nic, bool (*match)(const struct ndis_link *link))
{
    struct ndis_link *link;

    list_for_each (link, &nic->links, node)
        if (match(link))
            return link;
    return NULL;
}

static struct ndis_link *
last_link(struct ndis_nic *nic, bool (*match)(const struct ndis_link *link))
{
    struct ndis_link *link, *last = NULL;

    list_for_each (link, &nic->links, node)
        if (match(link))
            last = link;
    return last;
}

static bool
surplus_binding(const struct ndis_link *link)
{
    return !is_filter(link) && link->layer != NULL && !wanted(link);
}

static bool
surplus_filter(const struct ndis_link *link)
{
    return is_filter(link) && link->layer != NULL && !wanted(link);
}

static bool
lacking(const struct ndis_link *link)
{
    return link->layer == NULL && wanted(link);
}

static bool
asks_restart(const struct ndis_link *link)
{
    return link->restart && link->layer != NULL;
}

static bool
running(const struct ndis_link *link)
{
    return link->layer != NULL && link->layer->state == NDIS_STATE_RUNNING;
}

static bool
paused(const struct ndis_link *link)
{
    return link->layer != NULL && link->layer->state == NDIS_STATE_PAUSED;
}

/* ------------------------------------------------------------------ steps */

/* Documented for miniports of 6.40 and later; all others, filters and protocols are told NDIS_PAUSE_NDIS_INTERNAL. */
static uint32_t
pause_reason(const struct ndis_nic *nic)
{
    return present(nic) || nic->adapter->driver->driver.minor < 40 ? NDIS_PAUSE_NDIS_INTERNAL
                                                                   : NDIS_PAUSE_MINIPORT_DEVICE_REMOVE;
}

/* Pause the highest layer that runs; links are in order, protocols above filters. */
static bool
pause_step(struct ndis_nic *nic)
{
    struct ndis_link *link = last_link(nic, running);

    if (link != NULL && is_filter(link))
        ndis_filter_pause(ndis_filter_of(link->layer), NDIS_PAUSE_NDIS_INTERNAL);
    else if (link != NULL)
        ndis_protocol_pause(ndis_binding_of(link->layer), NDIS_PAUSE_NDIS_INTERNAL);
    else if (nic->adapter->layer.state == NDIS_STATE_RUNNING)
        ndis_miniport_pause(nic->adapter, pause_reason(nic));
    else
        return false;
    nic->options_done = false;
    return true;
}

/* A layer would not come up: it is not wanted until the nic is enabled anew; a mandatory one takes the nic with it. */
static void
refuse(struct ndis_link *link)
{
    link->refused = true;
    if (is_filter(link) && ((struct ndis_filter_driver *)link->driver)->mandatory)
        link->nic->failed = true;
}

/* Documented: all FilterSetModuleOptions of a stack run before the first FilterRestart. */
static void
set_module_options(struct ndis_nic *nic)
{
    struct ndis_link *link;

    nic->options_done = true;
    list_for_each (link, &nic->links, node) {
        link->restart = false;
        if (link->layer != NULL && is_filter(link))
            ndis_filter_set_module_options(ndis_filter_of(link->layer));
    }
}

static bool
restart_step(struct ndis_nic *nic)
{
    struct ndis_link *link = first_link(nic, paused);

    if (nic->adapter->layer.state == NDIS_STATE_PAUSED) {
        if (ndis_miniport_restart(nic->adapter) != NDIS_STATUS_SUCCESS)
            nic->failed = true;
    } else if (!nic->options_done) {
        set_module_options(nic);
    } else if (link == NULL) {
        return false;
    } else if (is_filter(link)) {
        if (ndis_filter_restart(ndis_filter_of(link->layer)) != NDIS_STATUS_SUCCESS)
            refuse(link);
    } else {
        if (ndis_protocol_restart(ndis_binding_of(link->layer)) != NDIS_STATUS_SUCCESS)
            refuse(link);
    }
    return true;
}

static bool
unbind_step(struct ndis_nic *nic)
{
    struct ndis_link *link = last_link(nic, surplus_binding);

    if (link == NULL)
        return false;
    if (running(link))
        ndis_protocol_pause(ndis_binding_of(link->layer), NDIS_PAUSE_NDIS_INTERNAL);
    else
        ndis_protocol_unbind(ndis_binding_of(link->layer));
    return true;
}

static bool
add_step(struct ndis_nic *nic)
{
    struct ndis_link *link = first_link(nic, lacking);
    NDIS_STATUS status;

    if (link == NULL)
        return false;
    status = is_filter(link) ? ndis_filter_attach(link) : ndis_protocol_bind(link);
    if (status != NDIS_STATUS_SUCCESS)
        refuse(link);
    return true;
}

/*
 * Towards the power state that is wanted: tell, pause, set; back it is set here, and step() restarts and tells.
 * ndis/power.c.
 */
static bool
power_step(struct ndis_nic *nic)
{
    struct ndis_adapter *ad = nic->adapter;

    if (ad->power == nic->want_power)
        return false;
    if (ad->power == NdisDeviceStateD0 && ad->power_told != nic->want_power)
        ndis_power_tell(ad, nic->want_power);
    else if (ad->power == NdisDeviceStateD0 && ndis_power_pauses(ad) && pause_step(nic))
        return true;
    else if (!ndis_power_set(ad, nic->want_power))
        nic->failed = true;
    return true;
}

/* Documented: from every state but Halted and Initializing, and the last that happens to the adapter. */
static void
shutdown_step(struct ndis_nic *nic)
{
    struct ndis_adapter *ad = nic->adapter;

    if (ad != NULL && ndis_state_next(NDIS_LAYER_MINIPORT, ad->layer.state, NDIS_MOVE_SHUTDOWN) >= 0)
        ndis_miniport_shutdown(ad);
}

/* One step towards what is wanted; false: nothing is left to do. */
static bool
step(struct ndis_nic *nic)
{
    struct ndis_link *link;

    if (nic->want_shutdown) {
        shutdown_step(nic);
        return false;
    }
    if (nic->adapter == NULL) {
        if (!present(nic) || nic->want_power != NdisDeviceStateD0)
            return false;
        if (ndis_miniport_initialize(nic) != NDIS_STATUS_SUCCESS)
            nic->failed = true;
        return true;
    }
    if (!present(nic)) {
        if (pause_step(nic) || unbind_step(nic))
            return true;
        link = last_link(nic, surplus_filter);
        if (link != NULL)
            ndis_filter_detach(ndis_filter_of(link->layer));
        else
            ndis_miniport_halt(nic->adapter);
        return true;
    }
    if (unbind_step(nic) || power_step(nic))
        return true;
    if (nic->adapter->power != NdisDeviceStateD0)
        return false; /* other changes wait until it is awake (assumed) */
    link = last_link(nic, surplus_filter);
    if (link != NULL || first_link(nic, lacking) != NULL || first_link(nic, asks_restart) != NULL || nic->cycle) {
        if (pause_step(nic))
            return true;
        nic->cycle = false;
        if (link != NULL)
            ndis_filter_detach(ndis_filter_of(link->layer));
        else if (!add_step(nic))
            set_module_options(nic); /* a pause and restart is all that was asked for */
        return true;
    }
    if (nic->want_running && !nic->adapter->pause_required ? restart_step(nic) : pause_step(nic))
        return true;
    if (nic->adapter->power_told == NdisDeviceStateD0)
        return false;
    ndis_power_tell(nic->adapter, NdisDeviceStateD0);
    return true;
}

/* ------------------------------------------------------------------ walking */

struct turn {
    struct list_node node;
    struct fiber *fiber;
};

void
ndis_walk_begin(struct ndis_nic *nic)
{
    struct turn turn;

    sched_touch((uint64_t)nic);
    while (nic->walker != NULL) {
        turn.fiber = fiber_self();
        list_add_tail(&nic->turns, &turn.node);
        sched_block(BLOCK_INTERNAL, (uint64_t)nic, nic->walker,
                    ndis_words("waits for another change of the stack of %s to end%s", nic->name, ""));
        list_del(&turn.node);
        sched_touch((uint64_t)nic);
    }
    nic->walker = fiber_self();
}

void
ndis_walk_end(struct ndis_nic *nic)
{
    struct list_node *node = list_first(&nic->turns);

    sched_touch((uint64_t)nic);
    nic->walker = NULL;
    if (node != NULL)
        sched_wake(list_entry(node, struct turn, node)->fiber);
}

void
ndis_nic_settle(struct ndis_nic *nic)
{
    ndis_walk_begin(nic);
    nic->dirty = false;
    while (step(nic))
        sched_point(OP_INTERNAL, (uint64_t)nic);
    ndis_walk_end(nic);
}

void
ndis_nic_settle_within(struct ndis_nic *nic)
{
    if (nic->walker != fiber_self())
        ndis_nic_settle(nic);
}

static void
settle_work(void *arg)
{
    struct ndis_nic *nic = arg;

    if (nic->dirty && !ndis_root()->held)
        ndis_nic_settle(nic);
}

void
ndis_nic_kick(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    if (nic->dirty)
        return;
    nic->dirty = true;
    ndis_work_queue(settle_work, nic);
}

/* ------------------------------------------------------------------ links */

/* Filters by class from the bottom, later ones above earlier ones; monitoring filters among them; then protocols. */
static int
rank(const struct ndis_driver *driver)
{
    return driver->kind == NDIS_LAYER_FILTER ? ((const struct ndis_filter_driver *)driver)->class_rank : 256;
}

static UNICODE_STRING *
module_name(const struct ndis_nic *nic, const struct ndis_driver *driver)
{
    char text[160];
    const UNICODE_STRING *unique = &((const struct ndis_filter_driver *)driver)->chars.UniqueName;

    if (driver->kind == NDIS_LAYER_FILTER) /* {adapter}-{filter}-0000, as Windows names modules (observed) */
        fmt(text, sizeof(text), "%wZ-%wZ-0000", (const void *)&nic->instance_guid, (const void *)unique);
    else
        fmt(text, sizeof(text), "%s\\Parameters\\Adapters\\%wZ", driver->record->name,
            (const void *)&nic->instance_guid);
    return ndis_string(text);
}

static struct ndis_link *
link_get(void)
{
    struct list_node *node = list_pop_head(&ndis_root()->link_free);
    struct ndis_link *link = node != NULL ? list_entry(node, struct ndis_link, node) : mon_alloc(sizeof(*link));

    *link = (struct ndis_link){ 0 };
    return link;
}

static void
link_put(struct ndis_link *link)
{
    list_del(&link->node);
    ndis_free(link->guid_name);
    if (machine_is_native()) /* drivers come and go there */
        list_add_tail(&ndis_root()->link_free, &link->node);
}

static void
link_add(struct ndis_nic *nic, struct ndis_driver *driver)
{
    struct ndis_root *root = ndis_root();
    struct ndis_link *link = link_get(), *at;
    struct list_node *before = &nic->links.head;

    link->nic = nic;
    link->driver = driver;
    link->wanted = driver->bind_by_default &&
                   (root->binds == NULL || root->binds(driver->record->name, nic));
    link->if_index = ++root->next_if_index;
    link->luid = (uint64_t)6 << 48 | (uint64_t)link->if_index << 24; /* ethernet, number: as NET_LUID is laid out */
    link->order = link->if_index; /* as adapters appear */
    link->guid_name = module_name(nic, driver);
    list_for_each (at, &nic->links, node)
        if (rank(at->driver) > rank(driver)) {
            before = &at->node;
            break;
        }
    sched_touch((uint64_t)nic);
    list_insert_before(before, &link->node);
}

void
ndis_links_add(struct ndis_driver *driver)
{
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node) {
        if (nic->driver == NULL)
            continue; /* its driver is gone: ndis_nic_adopt() makes up for it */
        link_add(nic, driver);
        ndis_nic_kick(nic);
    }
}

static bool
is_linked(const struct ndis_nic *nic, const struct ndis_driver *driver)
{
    const struct ndis_link *link;

    list_for_each (link, &nic->links, node)
        if (link->driver == driver)
            return true;
    return false;
}

void
ndis_links_add_nic(struct ndis_nic *nic)
{
    struct ndis_driver *driver;

    list_for_each (driver, &ndis_root()->drivers, node)
        if (driver->kind != NDIS_LAYER_MINIPORT && !is_linked(nic, driver))
            link_add(nic, driver);
}

void
ndis_links_remove(struct ndis_driver *driver)
{
    struct ndis_nic *nic;
    struct ndis_link *link, *next;

    driver->leaving = true;
    list_for_each (nic, &ndis_root()->nics, node) {
        ndis_nic_settle(nic);
        ndis_walk_begin(nic);
        list_for_each_safe (link, next, &nic->links, node)
            if (link->driver == driver)
                link_put(link);
        ndis_walk_end(nic);
    }
}
