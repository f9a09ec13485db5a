/* SPDX-License-Identifier: MIT */
/* ndis/reset.h - check-for-hang and reset of NDIS 6 miniports; see reset.c. */
#ifndef NDIS_RESET_H
#define NDIS_RESET_H

#include "ndis/ndis.h"

/* The adapter was initialized, is about to be halted: the latter waits for a reset that is under way. */
void ndis_reset_start(struct ndis_adapter *ad);
void ndis_reset_stop(struct ndis_adapter *ad);
/*
 * The miniport is reset on a thread of its own; <= DISPATCH. done, if not NULL, hears how that ended, <= DISPATCH, one
 * call for all who asked meanwhile. false: it cannot be reset, or is being halted, or there is no thread: done is not
 * called.
 */
bool ndis_reset_ask(struct ndis_nic *nic, void (*done)(struct ndis_adapter *ad, NDIS_STATUS status));
/* NdisMResetComplete of an NDIS 6 miniport; false: none was pended. */
bool ndis_reset_complete(struct ndis_adapter *ad, NDIS_STATUS status, bool addressing);

/* legacy/reset.c: is its miniport of NDIS 5? Reset it, as when a check finds that it hangs. PASSIVE_LEVEL */
bool legacy_nic_resets(const struct ndis_nic *nic);
void legacy_nic_reset(struct ndis_nic *nic);

#endif
