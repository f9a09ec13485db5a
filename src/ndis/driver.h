/* SPDX-License-Identifier: MIT */
/* ndis/driver.h - what driver.c, filter.c, miniport.c and protocol.c share. */
#ifndef NDIS_DRIVER_H
#define NDIS_DRIVER_H

#include "ndis/ndis.h"

/* Is it a version 6 NDIS? If not, HEADER_MISUSE. where: the structure, of that name; site: the export. */
bool ndis_version_ok(uint8_t major, uint8_t minor, const void *where, const char *name, uint32_t site);

/* A handler that a structure must have. */
struct ndis_handler {
    const char *name; /* a constant */
    uint64_t handler;
};
#define NDIS_HANDLER(structure, field)                          \
    {                                                           \
        .name = #field, .handler = (uint64_t)(structure)->field \
    }
/* Are handlers that must be there, there? If not, HEADER_MISUSE with the name of the first that is not. */
bool ndis_handlers_ok(const void *where, uint32_t site, const struct ndis_handler *required, unsigned count);
#define NDIS_HANDLERS_OK(where, site, ...)                                          \
    ndis_handlers_ok((where), (site), (const struct ndis_handler[]){ __VA_ARGS__ }, \
                     sizeof((const struct ndis_handler[]){ __VA_ARGS__ }) / sizeof(struct ndis_handler))
/* The same of a name that must not be empty. */
bool ndis_name_ok(const void *where, uint32_t site, const char *name, const UNICODE_STRING *string);
/* Last component of a path, as plain text. */
void ndis_name_from_path(const UNICODE_STRING *path, char *name, size_t room);

int ndis_driver_init(struct ndis_driver *driver, enum ndis_layer_kind kind, DRIVER_OBJECT *driver_object,
                     const UNICODE_STRING *name);
void ndis_driver_remove(struct ndis_driver *driver); /* frees it */
struct ndis_driver *ndis_driver_find(const char *service);

NDIS_STATUS ndis_filter_set_partial(struct ndis_filter *fm, const NDIS_OBJECT_HEADER *header);
NDIS_STATUS ndis_miniport_set_pnp(struct ndis_miniport_driver *md, const NDIS_OBJECT_HEADER *header);

/* STATE_MISUSE of a layer. value: the state, a count or a status, whatever the misuse is about. */
void ndis_misuse(struct ndis_layer *layer, enum ndis_state_misuse what, uint64_t value);

/* A layer's memory and ledger; not on a stack yet, state DOWN. NULL: no memory. */
void *ndis_layer_create(enum ndis_layer_kind kind, size_t size, struct ndis_driver *driver, struct ndis_nic *nic,
                        struct ndis_link *link, const char *what);
/* Say what is still out, and free it. */
void ndis_layer_destroy(struct ndis_layer *layer);
/* next[] of a layer that is not on the stack yet. */
void ndis_chain_prepare(struct ndis_layer *layer);
void ndis_chain_hops(void); /* in init */

/*
 * Pause or restart a layer by one of its handlers and wait if it pends. what: the handler's name. Returns the final
 * status; whatever an ill-behaved handler returns is an event and then SUCCESS for a pause.
 */
NDIS_STATUS ndis_layer_invoke(struct ndis_layer *layer, enum ndis_pending pending, uint32_t site, ndis_fn handler,
                              uint64_t arg0, uint64_t arg1, const char *what);
/* A pended operation is completed by the driver: NdisFPauseComplete and its kin. */
void ndis_layer_complete(struct ndis_layer *layer, enum ndis_pending pending, NDIS_STATUS status);
/* An event in guest scratch memory; up to the filters and bindings above `from`, down to who listens below it. */
NET_PNP_EVENT_NOTIFICATION *ndis_net_pnp_event(NET_PNP_EVENT_CODE code, void *buffer, uint32_t length);
NDIS_STATUS ndis_net_pnp_up(struct ndis_layer *from, NET_PNP_EVENT_NOTIFICATION *event);
void ndis_device_pnp_event(struct ndis_adapter *ad, NDIS_DEVICE_PNP_EVENT code, void *buffer, uint32_t length);
/*
 * oid_own.c: a request of NDIS's own, to target; waits for the answer. PASSIVE. buffer: memory of the machine, length
 * bytes in or out.
 */
NDIS_STATUS ndis_oid_ask(struct ndis_layer *target, NDIS_REQUEST_TYPE type, uint32_t oid, void *buffer,
                         uint32_t length);
/* The same for a query; *written: how much of the buffer is the answer. */
NDIS_STATUS ndis_oid_query(struct ndis_layer *target, NDIS_REQUEST_TYPE type, uint32_t oid, void *buffer,
                           uint32_t length, uint32_t *written);
/* The highest layer of the stack that answers requests. */
struct ndis_layer *ndis_oid_top(const struct ndis_adapter *ad);
/* oid_set.c: what bindings want goes to the miniport again, which has lost it. PASSIVE. */
void ndis_oid_restore(struct ndis_adapter *ad);
/* oid.c: has layer a request, in its handler or pended? */
bool ndis_oid_answers(const struct ndis_layer *layer);
/* The number of the regular request that it has; 0: none. */
uint32_t ndis_oid_serial(const struct ndis_layer *layer);
/* status.c: NDIS says something in the miniport's name, without a buffer. <= DISPATCH */
void ndis_status_say(struct ndis_adapter *ad, NDIS_STATUS code);
/* The same to one binding, which may be closing, past the filters; buffer is copied. <= DISPATCH */
void ndis_status_to(struct ndis_adapter *ad, struct ndis_binding *b, NDIS_STATUS code, const void *buffer,
                    uint32_t size);
void ndis_device_pnp_down(struct ndis_layer *from, NET_DEVICE_PNP_EVENT *event);

/* bind.c: the one fiber that may change or notify a stack; waits for its turn. */
void ndis_walk_begin(struct ndis_nic *nic);
void ndis_walk_end(struct ndis_nic *nic);

/* Paused or stopped with something out? first: of the pair ..._WITH_SENDS, ..._WITH_RECEIVES. */
void ndis_layer_check_out(struct ndis_layer *layer, enum ndis_state_misuse first);

#endif
