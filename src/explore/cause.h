/* SPDX-License-Identifier: MIT */
/*
 * explore/cause.h - what a failing run is blamed on, so that failures of one cause are told once and others besides.
 *
 * Model: a run is blamed on the first rule it broke, else on where it stopped. What the plain run breaks, the one in
 * which every answer is the dullest, others break as well: it says nothing about them. So where a run breaks another
 * rule, that is its cause; and where it stops although something out of turn had to come (a preemption, an allocation
 * that fails), the stop is.
 * Worker side; what is asked about is the run that has just ended.
 */
#ifndef EXPLORE_CAUSE_H
#define EXPLORE_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/strategy.h"

struct cause {
    uint64_t root;     /* equal for failures that one repair would cure */
    int violation;     /* number of the broken rule among the run's violations, -1: none */
    unsigned severity; /* higher is worse: memory faults, other stops, hangs, rules and checks */
    uint64_t ip;       /* faulting address or caller, 0: unknown */
};

/* A search begins: no plain run is known. */
void cause_begin(void);
/* The run that has just ended was the plain one. */
void cause_plain(void);
/* check: the failed check of the scenario, "": none. out_of_turn: the run had a preemption or another such choice. */
struct cause cause_of(const struct run_result *r, const char *check, bool out_of_turn);

#endif
