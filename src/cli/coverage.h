/* SPDX-License-Identifier: MIT */
/*
 * cli/coverage.h - what of a driver's source ran in its test.
 *
 * Model: drivers built with `undis cc --coverage` mark the blocks they enter, over all scenarios, runs and workers. At
 * the end blocks become lines by the debug information: a line counts when it has code, and as run when one of its
 * blocks was entered.
 */
#ifndef CLI_COVERAGE_H
#define CLI_COVERAGE_H

#include "explore/supervisor.h"

struct coverage;

/* Before the test. NULL: none of the drivers was built with --coverage, or a file cannot be read (the test says so). */
struct coverage *coverage_begin(const struct test_options *o);

/* Writes OUT/coverage.info (as lcov's tools read it), prints a line for each source file, and releases. c may be NULL. */
void coverage_end(struct coverage *c, const struct test_options *o);

#endif
