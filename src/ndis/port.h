/* SPDX-License-Identifier: MIT */
/* ndis/port.h - NDIS ports: subinterfaces of a miniport adapter; see port.c. */
#ifndef NDIS_PORT_H
#define NDIS_PORT_H

#include "ndis/ndis.h"

/* Port numbers are 24 bits wide. */
#define NDIS_PORT_NUMBER_MAX 0xffffffu

/* ad->ports: the default port is there from the adapter's birth to its end, active from its registration attributes. */
void ndis_ports_init(struct ndis_adapter *ad);
void ndis_ports_registered(struct ndis_adapter *ad);
/* The adapter ends: ports that its driver did not free are a misuse. */
void ndis_ports_fini(struct ndis_adapter *ad);

bool ndis_port_default_active(const struct ndis_adapter *ad);
/* A frame, request or status names a port other than the default one: is it active? If not, STATE_MISUSE. */
void ndis_port_check(struct ndis_layer *from, uint32_t number);
/* The active ports as a list in guest scratch memory. */
NDIS_PORT *ndis_ports_active(const struct ndis_adapter *ad);

/* The miniport activates or deactivates ports: SUCCESS when it is done and everybody above was told. */
NDIS_STATUS ndis_ports_activate(struct ndis_adapter *ad, NET_PNP_EVENT_NOTIFICATION *event);
NDIS_STATUS ndis_ports_deactivate(struct ndis_adapter *ad, NET_PNP_EVENT_NOTIFICATION *event);

/* What queries are answered with: in guest scratch memory; NULL: there is no such port. */
const NDIS_PORT_ARRAY *ndis_port_array(const struct ndis_adapter *ad);
const NDIS_PORT_STATE *ndis_port_state(const struct ndis_adapter *ad, uint32_t number);
const NDIS_PORT_AUTHENTICATION_PARAMETERS *ndis_port_default_authentication(void);
/* NDIS_STATUS_PORT_STATE went by: what it says of its port is kept. */
void ndis_port_keep_state(struct ndis_adapter *ad, uint32_t number, const NDIS_PORT_STATE *state);

#endif
