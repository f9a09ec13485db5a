/* SPDX-License-Identifier: MIT */
/*
 * ndis/poll.h - poll mode, as the rest of NDIS sees it (see poll.c).
 */
#ifndef NDIS_POLL_H
#define NDIS_POLL_H

#include "ndis/ndis.h"

void ndis_poll_init(void);
/* The miniport was halted: what it did not deregister is a misuse, and ends. PASSIVE_LEVEL. */
void ndis_polls_fini(struct ndis_adapter *ad);

#endif
