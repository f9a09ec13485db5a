/* SPDX-License-Identifier: MIT */
/* builtin/driver.h - what builtin.c asks of the drivers. */
#ifndef BUILTIN_DRIVER_H
#define BUILTIN_DRIVER_H

#include <stdint.h>

void builtin_wirenic_init(void);
void builtin_hostif_init(void);

/* Address of a DPC routine of ours, as a KDPC holds it. */
uint64_t builtin_dpc(const char *symbol, void (*fn)(uint64_t dpc, uint64_t context, uint64_t a, uint64_t b));

/* live_poller_add() and live_poller_remove(), from code of a driver. */
struct live_poller;
void builtin_poller_add(struct live_poller *p);
void builtin_poller_remove(struct live_poller *p);

#endif
