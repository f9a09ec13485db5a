/* SPDX-License-Identifier: MIT */
/*
 * ndis/admin.h - what an administrator, PnP and the test battery do to NDIS, and what they may ask it.
 *
 * Everything that changes a stack is called from a system fiber at PASSIVE_LEVEL and returns when the stack stands
 * where it should (or a driver hangs: then the fiber stays blocked and the scheduler says on whom). Two callers for one
 * nic take turns. Names are service names of drivers ("npf"); the built-in ends are "wiretest" and "proto".
 */
#ifndef NDIS_ADMIN_H
#define NDIS_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ndis_nic;
struct ndis_layer;

/* What an INF says about a filter (before its driver registers). class_name: FilterClass. */
void ndis_install_filter(const char *service, const char *class_name, bool mandatory, bool monitoring);

/* Where a FilterClass stands among the others, 0 the lowest; unknown ones stand where "custom" does. */
unsigned ndis_filter_class_rank(const char *name);

/*
 * What is bound when a driver and an adapter meet for the first time: asked for each such pair, in a system fiber.
 * NULL, as at first: everything. An administrator may change it afterwards (ndis_driver_attach, ndis_driver_detach).
 */
void ndis_set_binding_policy(bool (*binds)(const char *service, const struct ndis_nic *nic));

struct ndis_nic_config {
    const char *name;    /* "Ethernet 1"; NULL: made from the number */
    const char *service; /* miniport driver */
    const char *guid;    /* "{...}" NetCfgInstanceId; NULL: made from the number */
    void *pdo;           /* PhysicalDeviceObject; NULL: one of the PnP manager's */
    void *config;        /* config.c: the adapter's registry key; may be NULL */
};

/* A device appears; its driver must have registered. Disabled until ndis_nic_enable(). NULL: no such driver. */
struct ndis_nic *ndis_nic_add(const struct ndis_nic_config *config);

/* The device of a driver that was unloaded has it again, and is disabled. -ENOENT: no such miniport driver. */
int ndis_nic_adopt(struct ndis_nic *nic, const char *service);

/* 0, or -EIO when the miniport or a mandatory filter refused. */
int ndis_nic_enable(struct ndis_nic *nic);
void ndis_nic_disable(struct ndis_nic *nic);         /* pause, unbind, detach, halt */
/*
 * What the PnP and the power manager do, by IRPs to the top of the device stack (pnp.c). Removing and rebalancing ask
 * first: -EBUSY when a device over the adapter's, a protocol or a filter refused; then all were told that it stays.
 */
int ndis_pnp_remove(struct ndis_nic *nic);
int ndis_pnp_rebalance(struct ndis_nic *nic); /* stop, and start again; -EIO: it did not start */
void ndis_pnp_surprise_remove(struct ndis_nic *nic);
void ndis_pnp_set_power(struct ndis_nic *nic, unsigned state); /* to D0 ... D3: 0 awake, 3 asleep */
void ndis_pnp_system_power(bool asleep); /* every adapter: standby (S3), or back; of no effect if a device refuses */
/* The device signals that it wakes: if a wait for that is out, the adapter or the system wakes. false: none is. */
bool ndis_pnp_wake_signal(struct ndis_nic *nic);
/* The steps, as these IRPs ask NDIS for them. query: 0, or -EBUSY when a protocol or a filter refused. */
int ndis_nic_query_remove(struct ndis_nic *nic);
void ndis_nic_cancel_remove(struct ndis_nic *nic);
void ndis_nic_stop(struct ndis_nic *nic);
void ndis_nic_surprise_remove(struct ndis_nic *nic); /* as Windows 8 does it when the device is gone */
void ndis_nic_set_power(struct ndis_nic *nic, unsigned state);
void ndis_nic_shutdown(struct ndis_nic *nic); /* the system goes down: MiniportShutdownEx, and nothing more of it */
bool ndis_nic_can_reset(const struct ndis_nic *nic); /* a miniport of NDIS 5, or one with MiniportResetEx */
void ndis_nic_reset(struct ndis_nic *nic);           /* one that can be; it returns at once */
void ndis_nic_pause(struct ndis_nic *nic);           /* the stack stays paused until restarted */
int ndis_nic_restart(struct ndis_nic *nic);
void ndis_nic_cycle(struct ndis_nic *nic); /* pause and restart, as a reconfiguration does */

/* Bind or unbind a driver (filter or protocol) at one nic. -ENOENT: no such driver, -EIO: it refused. */
int ndis_driver_attach(struct ndis_nic *nic, const char *service);
int ndis_driver_detach(struct ndis_nic *nic, const char *service);

/*
 * Move a filter's module above (up) or below its neighbour of the same class; a protocol's binding before (up) or
 * behind the next one of the protocol's, of which ndis_bind_lists_tell() tells it. -ENOENT: no such driver, -EINVAL:
 * there is no neighbour, -EIO: the filter refused to attach again.
 */
int ndis_link_move(struct ndis_nic *nic, const char *service, bool up);
/* NetEventBindList to each protocol whose bindings changed places; after Linkage was written. */
void ndis_bind_lists_tell(void);
/* Place of the driver's binding to the nic among all of the driver's; UINT32_MAX: it has none. */
uint32_t ndis_nic_link_order(const struct ndis_nic *nic, const char *service);

/* The i-th driver that is linked to the nic, filters from the bottom, then protocols; NULL past the last. */
const char *ndis_nic_link(const struct ndis_nic *nic, unsigned i, bool *bound);

/* Walk every nic to where it should be: after drivers were loaded. */
void ndis_settle(void);
/*
 * Until ndis_settle() no driver that registers is bound: its adapters, which come after its DriverEntry, are to be
 * there first. What an administrator asks of one nic is done all the same.
 */
void ndis_settle_hold(void);

struct ndis_nic *ndis_nic_get(unsigned i); /* in order of appearance; NULL past the last */
struct ndis_nic *ndis_nic_find(const char *name);
const char *ndis_nic_name(const struct ndis_nic *nic);
const char *ndis_nic_service(const struct ndis_nic *nic); /* of its miniport driver; "": that is gone */
void ndis_nic_guid(const struct ndis_nic *nic, char *out, size_t room); /* "{...}" */

struct ndis_layer_info {
    uint8_t kind;  /* enum ndis_layer_kind */
    uint8_t state; /* enum ndis_state */
    const char *state_name;
    const char *driver;
    uint64_t handle, context;
    uint32_t own_sends, held_sends, own_receives, held_receives, oids;
};

/* Layers of a nic that exist, bottom up. Returns how many there are; fills at most max. */
unsigned ndis_stack(const struct ndis_nic *nic, struct ndis_layer_info *out, unsigned max);

/* Bit `state` set for each state that a layer of this driver was ever in during this run; 0: no such driver. */
uint32_t ndis_states_reached(const char *service);

/* Is anything out: NBLs, OIDs, pended completions? If so false, and *what has words for the first. */
bool ndis_idle(const char **what);

#endif
