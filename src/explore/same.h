/* SPDX-License-Identifier: MIT */
/*
 * explore/same.h - the running check that equal orders of events end in equal memory.
 *
 * Model: the cache cuts a run whose order of events was met before at the same place, because it would go on as the
 * other did. Of some orders the memory at that place is kept; met again, before the cut, they must have led to equal
 * memory. Without the cache the same is asked at the ends of runs.
 *
 * Host memory of the worker; one table, for one bound at a time.
 */
#ifndef EXPLORE_SAME_H
#define EXPLORE_SAME_H

#include <stdbool.h>
#include <stdint.h>

enum same_result { SAME_NOT_COMPARED, SAME_EQUAL, SAME_DIFFERENT };

/* Forget every order: a bound begins. */
void same_forget(void);

/*
 * The machine stands where the order lo, hi (of events, and of who stands where) has led. Keeps its memory when it is
 * one of the first of the bound or of a fixed part of the others; compares it when it was kept, a few times each.
 */
enum same_result same_compare(uint64_t lo, uint64_t hi);

#endif
