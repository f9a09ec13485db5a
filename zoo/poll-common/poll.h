/* SPDX-License-Identifier: MIT */
/* poll.h - drivers/netcard with received frames in poll mode; see interrupt.c. */
#ifndef POLL_H
#define POLL_H

#define NDIS685_MINIPORT 1
#include "../../drivers/netcard/netcard.h"

NDIS_POLL PollReceive; /* receive.c */

#endif
