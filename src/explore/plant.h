/* SPDX-License-Identifier: MIT */
/*
 * explore/plant.h - what a worker learns that a search must begin with: loops to plant, accesses that race.
 *
 * Model: a worker begins with a list of planted instructions and may want more: at once when a run goes round a loop
 * without calls; at its end when it watched plain accesses and saw some race. The supervisor then starts another
 * worker with the longer list. It ends because the list only grows and code is finite.
 */
#ifndef EXPLORE_PLANT_H
#define EXPLORE_PLANT_H

#include "image/image.h"

/* Shared: written by the worker. */
struct planting {
    struct planted_list list; /* what it began with, and what it wants besides */
    volatile uint32_t again;  /* it ended so that these can be planted */
    uint32_t racing;          /* of these, accesses that raced */
};

/*
 * Worker, before any image is loaded. have: what is planted from the start, may be NULL. watch: patch every load and
 * store and look for races. 0 or -ENOMEM.
 */
int plant_begin(struct planting *p, const struct planted_list *have, bool watch);
/* Worker, after its search: did it want more? */
void plant_end(struct planting *p);

#endif
