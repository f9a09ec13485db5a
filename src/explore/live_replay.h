/* SPDX-License-Identifier: MIT */
/*
 * explore/live_replay.h - a finding of a live machine again, under exploration, from its record.
 *
 * Model: the record's end becomes a scenario (recording.h), first a little of it, then more. Each is run in the order
 * of calls that was recorded; where none of them leads to the finding's bucket, orders with few preemptions are
 * searched. What is found is an ordinary finding in the folder's `replayed`, with a trace of its own.
 */
#ifndef EXPLORE_LIVE_REPLAY_H
#define EXPLORE_LIVE_REPLAY_H

#include <stdbool.h>

struct live_replay_options {
    const char *folder; /* of the finding */
    const char *driver; /* instead of the record's first driver; NULL */
    double time_s;      /* for all searches together */
};

/* Is there a record in this folder? */
bool live_replay_possible(const char *folder);

/* Prints what it does. Exit status: 1 the same bucket again, 3 not, 4 the folder or a driver cannot be used. */
int live_replay(const struct live_replay_options *o);

#endif
