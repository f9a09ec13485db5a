/* SPDX-License-Identifier: MIT */
/*
 * cli/coverage.h - what of a driver ran in its test.
 *
 * Model: of every driver it is told which of its entry points nobody called. Drivers built with `undis cc --coverage`
 * mark the blocks they enter, over all scenarios, runs and workers. At the end blocks become lines by the debug
 * information: a line counts when it has code, and as run when one of its blocks was entered.
 */
#ifndef CLI_COVERAGE_H
#define CLI_COVERAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "explore/supervisor.h"

struct coverage;

/* Before the test. NULL: a file cannot be read, which the test says. */
struct coverage *coverage_begin(const struct test_options *o);

/* Names of the entry points that nobody called, an array of {"driver", "name"}; the caller's. NULL if c is. */
json_t *coverage_not_called(const struct coverage *c, const struct test_options *o);

/*
 * Prints what was not called, if anything ran; for drivers built with --coverage writes OUT/coverage.info (as lcov's
 * tools read it) and prints a line for each source file. Releases c, which may be NULL.
 */
void coverage_end(struct coverage *c, const struct test_options *o, bool ran);

#endif
