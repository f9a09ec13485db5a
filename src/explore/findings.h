/* SPDX-License-Identifier: MIT */
/*
 * explore/findings.h - from a failing run to a folder, and back.
 *
 * The trace file is text: a header that names everything a replay depends on
 * (undis version, driver files with sha256, scenario, VPs), then the choices.
 */
#ifndef EXPLORE_FINDINGS_H
#define EXPLORE_FINDINGS_H

#include "explore/supervisor.h"

/* Worker in detail mode: record from now on; run_begin and detail hooks are set in h. */
void findings_worker_begin(struct detail *d, struct search_hooks *h);
/* The run before the snapshot failed: that is what there is to tell. */
void findings_worker_setup(struct detail *d, const struct run_result *r);

/*
 * Replay in a fresh worker that records everything. about: the broken rule to tell of, NULL: the first that is broken.
 * NULL: the run did not end as a failure again.
 */
struct detail *supervisor_detail(const struct lab_config *lab, const struct choice_list *choices,
                                 const struct verify_rule *about);

/* Replay, name, judge and write each failure of a scenario; setup non-NULL: it failed before the snapshot. */
void findings_write(const struct test_options *o, const struct lab_config *lab, struct scenario_result *s,
                    const struct run_result *setup, struct test_result *out);

/* Worker in detail mode: record the frames on our wire from now on. */
void wire_record_begin(struct detail *d);
/* The captures of a folder: what was played and, from d, what was on the wire; either may be NULL. */
void wire_files_write(const char *folder, const struct wire_capture *played, const struct detail *d);

struct trace_file {
    struct {
        char path[512];
        char sha256[65];
    } driver[LAB_DRIVERS_MAX]; /* [0]: the one under test */
    unsigned driver_count;
    char scenario[64];
    unsigned vps;
    char os[32];
    const struct verify_rule *about; /* NULL: the first rule broken */
    struct planted_list planted;
    struct choice_list choices;
};
int trace_parse(const char *text, size_t len, struct trace_file *out, char err[200]);

void hex_of(const uint8_t *bytes, size_t len, char *out);

#endif
