/* SPDX-License-Identifier: MIT */
/* ndis/idle.h - selective suspend: an adapter that nobody uses goes to low power by itself; see idle.c. */
#ifndef NDIS_IDLE_H
#define NDIS_IDLE_H

#include "ndis/ndis.h"

NDIS_STATUS ndis_miniport_set_idle(struct ndis_miniport_driver *md, const NDIS_OBJECT_HEADER *header);

/* The adapter runs at full power: watch it from now on, if its miniport can be suspended. PASSIVE_LEVEL */
void ndis_idle_start(struct ndis_adapter *ad);
/* Before it is paused or put to sleep: it is at full power when this returns, and not watched. PASSIVE_LEVEL, waits */
void ndis_idle_stop(struct ndis_adapter *ad);

/* Something comes from the adapter: it is not idle. <= DISPATCH_LEVEL */
void ndis_idle_use(struct ndis_adapter *ad);
/* It signalled that it wakes. false: it is not suspended. */
bool ndis_idle_signal(struct ndis_adapter *ad);
/* A send or a request for the miniport: true: NDIS holds it until the adapter is at full power again. */
bool ndis_idle_hold_sends(struct ndis_adapter *ad, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags);
bool ndis_idle_holds_oids(const struct ndis_adapter *ad);
/* Does NDIS hold what is for its miniport? */
bool ndis_idle_down(const struct ndis_adapter *ad);
/* Is it one of NDIS's own that take a suspended miniport down or up? */
bool ndis_idle_own_oid(const struct ndis_adapter *ad, uint32_t oid);

#endif
