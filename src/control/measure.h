/* SPDX-License-Identifier: MIT */
/*
 * control/measure.h - what goes through each layer of the stacks, for as long as somebody measures.
 *
 * Model: a listener of the events that NDIS emits for NBLs. Each event says that a layer handed an NBL on, so the time
 * since the event before is how long that layer held it. Off, nothing listens and nothing is counted.
 */
#ifndef CONTROL_MEASURE_H
#define CONTROL_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define MEASURE_BUCKETS 20u /* bucket n: held for less than 2^n times 256 ns; the last one: or longer */
#define MEASURE_FAILS   6u

struct measure_flow {
    uint64_t packets, bytes, batches; /* net buffers; their data; calls */
};

struct measured {
    uint64_t layer; /* its handle */
    struct measure_flow sent, indicated;
    uint64_t completed, returned; /* NBLs */
    struct {
        uint32_t status;
        uint64_t count;
    } failed[MEASURE_FAILS]; /* sends it completed with another status than success; the last: all others */
    uint64_t held[MEASURE_BUCKETS];
};

/* Once, before live_start(). */
void measure_prepare(void);
/* System fiber, for `seconds`, above which it blocks. Those who measure at the same time see the same figures. */
void measure(unsigned seconds);
/* Fiber: of a layer; false: it did nothing. */
bool measure_get(uint64_t layer, struct measured *out);

#endif
