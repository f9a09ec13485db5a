/* SPDX-License-Identifier: MIT */
/*
 * crash/report.h - pieces of analysis.txt.
 */
#ifndef CRASH_REPORT_H
#define CRASH_REPORT_H

#include "crash/finding.h"
#include "crash/text.h"

/* One line per frame: Child-SP RetAddr : four args : call site [path @ line]. */
void report_stack(struct text *out, const struct finding_frame *frames, unsigned count);

/*
 * Ten lines of source around `line`, which gets '>'; call_line (0: none) gets '*'. false: the file cannot be read
 * (nothing is written).
 */
bool report_source(struct text *out, const struct finding_input *in, const char *path, unsigned line,
                   unsigned call_line);

/* "In plain words" and what follows it. */
void report_explain(struct text *out, const struct finding_input *in, const struct finding_verdict *v);

/* The two accesses of a FINDING_RACE; and the number of the event that is the second. */
void report_race(struct text *out, const struct finding_input *in);
unsigned race_event(const struct finding_input *in);

/* Of fibers that wait for each other in a ring, the one that began to wait last: it closed the ring. NULL: no ring. */
const struct finding_fiber *waits_closer(const struct finding_input *in);
/* The ring as a sentence; false and nothing without one. */
bool waits_tell_ring(struct text *out, const struct finding_input *in);
/* Who waits for what, held by whom. */
void report_waits(struct text *out, const struct finding_input *in);

#endif
