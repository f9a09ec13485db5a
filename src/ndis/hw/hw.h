/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/hw.h - a miniport's hardware: interrupts, DMA, shared memory, registers, configuration space.
 *
 * Model: NDIS finds the device of an adapter by its physical device object (nt/hal/hal.h) and wraps what the kernel
 * offers. What an adapter took and has not given back is counted in a struct ndis_hw, so that halt can ask.
 */
#ifndef NDIS_HW_HW_H
#define NDIS_HW_HW_H

#include "ndis/misc.h"
#include "nt/hal/hal.h"

enum {
    NDIS_SIG_INTERRUPT = NDIS_SIGNATURE('N', 'd', 'I', 'n'),
    NDIS_SIG_DMA = NDIS_SIGNATURE('N', 'd', 'D', 'm'),
    NDIS_SIG_SHARED_MEMORY = NDIS_SIGNATURE('N', 'd', 'S', 'm'),
};

struct ndis_interrupt;

/* a0 of EV_HARDWARE_MISUSE. */
enum ndis_hw_misuse { NDIS_HW_PORTS_NOT_CLAIMED, NDIS_HW_WRITE_IN_LOW_POWER, NDIS_HW_MAP_REGISTER };

/* Monitor memory, hung off an adapter with its first use of hardware. */
struct ndis_hw {
    void *interrupt; /* of either generation; registered and not deregistered; the last of several */
    uint32_t interrupts, dmas, shared;
    struct list later;        /* struct shared_request: memory that was asked for and is not there yet (shared.c) */
    uint32_t telling;         /* completion handlers that run */
    struct ndis_wait told;    /* whoever halts waits for those */
};

struct ndis_hw *ndis_hw_of(struct ndis_adapter *ad);
/* The adapter's device; NULL: it has none, or its attributes are not set yet (documented: then nothing is granted). */
struct hal_device *ndis_hw_device(const struct ndis_adapter *ad);

/* dma.c: memory that driver and device both reach, or NULL. */
void *ndis_shared_alloc(struct ndis_adapter *ad, ULONG length, NDIS_PHYSICAL_ADDRESS *physical);

/*
 * shared.c. Allocate later, at PASSIVE_LEVEL on NDIS's worker, and tell the driver by `complete`, whose first argument
 * then stands at `driver`. run: calls fn(ad, arg) as the adapter's handlers of NDIS 5 are called; NULL: at once.
 * False: the adapter is being halted, or its initialization has failed.
 */
typedef void ndis_shared_run(struct ndis_adapter *ad, void (*fn)(struct ndis_adapter *ad, void *arg), void *arg);
bool ndis_shared_later(struct ndis_adapter *ad, const uint64_t *driver, uint64_t complete, ndis_shared_run *run,
                       ULONG length, void *context);

#endif
