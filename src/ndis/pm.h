/* SPDX-License-Identifier: MIT */
/* ndis/pm.h - what may wake an adapter from low power, and what it answers there; see pm.c. */
#ifndef NDIS_PM_H
#define NDIS_PM_H

#include "ndis/ndis.h"

/* What a layer wants in low power, or the sum over layers: NDIS_PM_xxx_ENABLED. */
struct ndis_pm_wanted {
    uint32_t patterns, offloads, wake_flags;
};

/*
 * A protocol or a filter asks about power management. true: *status is the answer, or NDIS_STATUS_PENDING; false: the
 * request is an ordinary one. <= DISPATCH_LEVEL
 */
bool ndis_pm_request(struct ndis_layer *layer, NDIS_OID_REQUEST *request, NDIS_STATUS *status);
/* A query that came as far as the miniport and is NDIS's to answer: value for *size bytes, in guest scratch memory. */
bool ndis_pm_query(struct ndis_adapter *ad, uint32_t oid, const void **value, uint32_t *size);

/* Is the header of what a miniport says that it can one that NDIS accepts? */
bool ndis_pm_capabilities_ok(const NDIS_PM_CAPABILITIES *given);
/*
 * A miniport's status about power management, before it goes up. *only: the one binding that hears of it; NULL: all.
 * <= DISPATCH_LEVEL
 */
void ndis_pm_status(struct ndis_adapter *ad, const NDIS_STATUS_INDICATION *s, struct ndis_binding **only);

/* The sum over the layers, and what the user's settings add. */
struct ndis_pm_wanted ndis_pm_sum(const struct ndis_adapter *ad);
/* Before low power: the miniport is told what may wake it. true: something may. PASSIVE_LEVEL */
bool ndis_pm_arm(struct ndis_adapter *ad);
/* The same for a selective suspend: to the miniport itself, past the filters (documented). Its status. */
NDIS_STATUS ndis_pm_arm_idle(struct ndis_adapter *ad);

/* A binding is about to be closed: patterns and offloads it left are taken from the miniport. PASSIVE_LEVEL */
void ndis_pm_take_back(struct ndis_layer *layer);
/* The layer is gone, or with layer NULL the miniport's memory of everything is. */
void ndis_pm_forget(struct ndis_adapter *ad, const struct ndis_layer *layer);

#endif
