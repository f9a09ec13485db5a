/* SPDX-License-Identifier: MIT */
/*
 * machine/testing.h - run host code in a fiber of a real machine, for unit tests.
 *
 *     machine_start(2);                        once per process; register exports and init folders around it:
 *                                              nt_register_exports(); machine_start(2); nt_init();
 *     machine_test(fn, arg, FIBER_SYSTEM, &r)  a fiber runs fn(arg) with choice 0 everywhere until all is quiet
 *     machine_snapshot(); machine_restore();   as in the explorer
 */
#ifndef MACHINE_TESTING_H
#define MACHINE_TESTING_H

#include "machine/strategy.h"

/* Map the machine or abort with the reason. */
void machine_start(unsigned vps);

/* Returns how the run ended (RUN_DONE when all is well). r may be NULL. */
enum run_end machine_test(void (*fn)(void *), void *arg, enum fiber_kind kind, struct run_result *r);

/* Copy machine code into an executable page at a driver address; returns that address. */
uint64_t machine_test_code(const void *code, size_t len);

/* A strategy that always answers 0, and one that answers pseudo-randomly from a seed. */
extern struct strategy strategy_dull;
struct strategy *machine_test_random(uint64_t seed);

#endif
