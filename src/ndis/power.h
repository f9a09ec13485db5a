/* SPDX-License-Identifier: MIT */
/* ndis/power.h - device power states of an adapter; see power.c. */
#ifndef NDIS_POWER_H
#define NDIS_POWER_H

#include "ndis/ndis.h"

/* A step of the walk (bind.c). state: NDIS_DEVICE_POWER_STATE. */

/* Those above, then the miniport, hear that the adapter goes to state; from low power that it is back. */
void ndis_power_tell(struct ndis_adapter *ad, uint32_t state);
/* Does the stack have to be paused for low power? */
bool ndis_power_pauses(const struct ndis_adapter *ad);
/* The adapter itself goes to state; false: its miniport would not come back. */
bool ndis_power_set(struct ndis_adapter *ad, uint32_t state);

/* After MiniportInitializeEx and after full power: on mains (assumed: undis has no battery). */
void ndis_power_profile(struct ndis_adapter *ad);

#endif
