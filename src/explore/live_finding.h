/* SPDX-License-Identifier: MIT */
/*
 * explore/live_finding.h - the folder of a failure of a live machine.
 *
 * Model: the machine has stopped and its VPs are parked with their registers, so the runner reads it as it is. What a
 * finding of `undis test` owes to its replay is lacking: the list of events, choices, and a trace that repeats it. The
 * trace file says so.
 */
#ifndef EXPLORE_LIVE_FINDING_H
#define EXPLORE_LIVE_FINDING_H

#include "crash/finding.h"
#include "machine/strategy.h"

struct live_finding {
    const char *parent;         /* folder in which the finding's is made: "findings" */
    const char *stack_name;     /* what ran, e.g. the stack file's name */
    const char *stack_text;     /* the stack file, kept as scenario; may be NULL */
    const char *symbols;        /* where to look for symbols besides the images; may be NULL */
    const char *const *src_map; /* as finding_input's; may be NULL */
    const char *again;          /* the command that brings the stack up again; may be NULL */
    bool recorded;              /* the folder gets a record, and the command that repeats it is undis replay */
    const char *drivers;        /* lines for the trace file that say which drivers, "# ..."; may be NULL */
};

struct detail;

/*
 * live_finding_of - the same from what was collected of the stopped machine, by another process that shares d with it.
 * Rules that were broken without stopping the machine are findings, too.
 */
int live_finding_of(const struct live_finding *how, struct detail *d, unsigned vps, char folder[512],
                    struct finding_verdict *v);

/*
 * live_finding_write - by the runner, after live_wait() or machine_run() said how it ended (r) and before live_fini().
 * folder: where it is. v may be NULL. 0 or -errno; -EINVAL: r is no failure of a driver.
 */
int live_finding_write(const struct live_finding *how, const struct run_result *r, char folder[512],
                       struct finding_verdict *v);

#endif
