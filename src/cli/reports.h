/* SPDX-License-Identifier: MIT */
/*
 * cli/reports.h - the result of a test in the forms that CI systems read.
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "explore/supervisor.h"

/*
 * JUnit XML: a test suite for the driver, a case for each scenario: a finding is a failure, a search that its budget
 * ended is skipped, what undis or the input is to blame for is an error. 0 or EXIT_INPUT: the file cannot be written,
 * and it was said why.
 */
int report_junit(const char *path, const struct test_options *o, const struct test_result *r);

/*
 * SARIF 2.1.0 (documented: OASIS standard): a rule for each bucket, a result for each finding, at the line of the
 * driver's own call, with the bucket's hash as its fingerprint. 0 or EXIT_INPUT.
 */
int report_sarif(const char *path, const struct test_options *o, const struct test_result *r);

#endif
