/* SPDX-License-Identifier: MIT */
/*
 * explore/follow.h - the strategy that keeps to an order of calls seen elsewhere.
 *
 * Model: a list of steps, each a call that somebody made, in the order in which a live machine saw them. A fiber about
 * to make a call that stands further down waits until those above it were made, or cannot come. Between calls nobody
 * knows what a live machine did: two runs are made, one that leaves a fiber as late as the list allows, one that leaves
 * it as early. Steps that never come are passed over and counted.
 */
#ifndef EXPLORE_FOLLOW_H
#define EXPLORE_FOLLOW_H

#include "explore/explore.h"

#define FOLLOW_STEPS_MAX 16384u
#define FOLLOW_NAMES_MAX 64u
#define FOLLOW_RUNS      2u

#define FOLLOW_TIME 254u /* who: a timer expires */
#define FOLLOW_DPC  255u /* who: the DPC fiber of whichever processor */
#define FOLLOW_OP   0xffffu /* index: an actor's op begins */

struct follow_step {
    uint8_t who;    /* name of the fiber, or FOLLOW_TIME, FOLLOW_DPC */
    uint16_t index; /* export, or FOLLOW_OP */
};

/* In memory that the worker shares: it says how far it got. */
struct follow_list {
    char name[FOLLOW_NAMES_MAX][40]; /* of fibers; blanks are written as '_' */
    unsigned names;
    uint32_t count;
    struct follow_step step[FOLLOW_STEPS_MAX];
    struct {
        uint32_t taken; /* steps */
        uint32_t first_left; /* the first that did not come; count: all came */
    } run[FOLLOW_RUNS];
};

/* One run for each way of reading the list, in the order late, early. */
struct explorer *follow_create(struct follow_list *list);

#endif
