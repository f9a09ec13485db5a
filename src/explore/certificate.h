/* SPDX-License-Identifier: MIT */
/*
 * explore/certificate.h - the statement that a bounded search was exhausted and found nothing.
 *
 * Refused when a clause fails: the tree was not exhausted, a run diverged, or the
 * claim would be vacuous (the driver never reached Running, no request of a
 * program ever got through, the scenario's own states were not met).
 */
#ifndef EXPLORE_CERTIFICATE_H
#define EXPLORE_CERTIFICATE_H

#include "explore/supervisor.h"

/* NULL: a certificate may be given; else the clause that fails, in words. */
const char *certificate_refusal(const struct scenario_result *s);

/* One JSON file per certified scenario under OUT/certificates. 0 or -errno. */
int certificates_write(const struct test_options *o, const struct test_result *r);
void certificates_print(const struct test_options *o, const struct test_result *r);

#endif
