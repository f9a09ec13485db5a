/* SPDX-License-Identifier: MIT */
/*
 * explore/releases.h - one test on several releases of Windows, each schedule searched once.
 *
 * Model: a run depends on the release only by what it asks of it (nt/profile.h), and what it asks is noted over all
 * runs of a scenario, from the first call on. Two releases that answer those questions alike, and install the drivers
 * by the same sections of their INFs, therefore have the same runs: what a search of one showed holds on the other.
 * Nothing is carried over from a worker that died without telling what it had asked.
 */
#ifndef EXPLORE_RELEASES_H
#define EXPLORE_RELEASES_H

#include "explore/supervisor.h"

struct nt_profile;

/* The same test, done on another release. */
struct earlier {
    const struct nt_profile *release;
    const struct test_result *result;
    const struct earlier *next;
};

/* What the INFs choose for the machine's release, as numbers to compare. */
void releases_installs(const struct lab_subjects *s, uint64_t installs[LAB_DRIVERS_MAX]);

/*
 * Has an earlier test shown what this scenario does on the machine's release? Then *s is that, with searched_on, and
 * its findings join out, which has installs.
 */
bool releases_known(const struct earlier *e, const char *scenario, struct scenario_result *s, struct test_result *out);

#endif
