/* SPDX-License-Identifier: MIT */
/*
 * explore/trust.h - is what a dead worker left in shared memory whole enough to be read?
 *
 * Model: a driver is native code and may have written anywhere in the mapping it shares with the supervisor. Call
 * these when the worker is gone, before anything else reads what it left: every pointer must lie in the mapping with
 * all it points at, every count within its array, every text end inside its field. They judge form, never truth:
 * what is told of a run is believed only because a second worker repeats it.
 */
#ifndef EXPLORE_TRUST_H
#define EXPLORE_TRUST_H

#include "explore/detail.h"
#include "explore/lab.h"

/* NULL: sound; else the name of the first part that is not. */
const char *trust_report(const struct search_report *r);
const char *trust_reached(const struct lab_reached *reached);
const char *trust_detail(const struct detail *d, uint64_t size_bytes);

#endif
