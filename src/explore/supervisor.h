/* SPDX-License-Identifier: MIT */
/*
 * explore/supervisor.h - owns verdicts, certificates and files; runs workers.
 *
 * Model: a test is a list of scenarios; for each a worker searches and reports
 * through shared memory, then every distinct failure is replayed in a fresh
 * worker that records everything, and written as a folder. Nothing a worker says
 * is believed that a second worker does not repeat.
 */
#ifndef EXPLORE_SUPERVISOR_H
#define EXPLORE_SUPERVISOR_H

#include "explore/detail.h"
#include "explore/lab.h"

#define FINDINGS_MAX 64u

struct test_options {
    const char *path;                  /* driver folder, INF or .sys */
    const char *more[LAB_DRIVERS_MAX]; /* further drivers of the stack, NULL terminated unless full */
    const char *out;                   /* folder for findings */
    unsigned k;                        /* bound; K_DEFAULT: what the scenario asks for */
    double time_s;                     /* per scenario, 0: no limit */
    uint64_t runs;                     /* per scenario, 0: no limit */
    uint64_t seed;
    enum strategy_kind strategy;
    bool strategy_given;
    bool first; /* stop at the first run that fails */
    bool cache_off;
    bool marks_off; /* search_job.from_start */
    bool verbose, json, quiet;
    bool counts_only;           /* only what was reached matters: no folder is written */
    const char *symbols;        /* where PDB or DWARF files are */
    const char *src_map[17];    /* pairs FROM, TO, NULL */
    const char *scenario;       /* file: run this one only */
    const char *write_scenario; /* folder or file to save what was done */
    const char *only;           /* name of one scenario of the battery */
    const char *parameter[17];  /* "Name=Value", NULL terminated: into each scenario */
    const char *reg;            /* a .reg file, into each scenario */
    unsigned vps;
    unsigned faults;            /* allocations that fail in one run */
    bool all_releases;          /* cli: one test per OS profile */
    const char *junit, *sarif;  /* cli: files to write */
    struct follow_list *follow; /* STRATEGY_FOLLOW */
    const struct earlier *earlier; /* the same test on other releases: releases.h */
};
#define K_DEFAULT 99u

struct scenario_result {
    char name[64];
    unsigned k;              /* highest bound asked for */
    unsigned faults, values; /* asked for, and there was something to choose */
    struct search_report report;
    struct lab_reached reached;
    struct planted_list planted; /* points that loops and races asked for */
    uint64_t watched_runs;       /* of the last sample that looked for races */
    uint32_t races_unpromoted;   /* accesses that raced there and are no points */
    bool searched;               /* every bound up to k, wholly */
    bool exhausted;              /* the same, and no run failed */
    bool setup_failed;
    double seconds, cpu_seconds;
    double found_cpu_s[FOUND_MAX]; /* of cpu_seconds, those until report.found[i] was met */
    int state; /* 0 clean, 1 finding, 2 budget ended, 3 ours, 4 input */
    uint32_t asked;                /* bits of nt_profile_asked(), over all its workers */
    const char *searched_on;       /* another release, which answers all that was asked the same; NULL: this one */
    char text[256];
};

struct finding_record {
    char scenario[64];
    char folder[512];
    struct finding_verdict verdict;
    enum finding_kind kind;
    uint32_t code;
    unsigned k;
    unsigned faults, values; /* allocations that fail in it, other choices */
    unsigned severity;       /* of struct found */
    bool minimal;
    uint64_t runs;
    double cpu_seconds; /* of the scenario, until it was met */
    char rule[64];
    char where[300]; /* file:line of the driver's own call */
    char sentence[320];
    uint64_t root;
};

struct test_result {
    struct scenario_result *scenario;
    unsigned scenario_count;
    struct finding_record finding[FINDINGS_MAX];
    unsigned finding_count;
    uint64_t installs[LAB_DRIVERS_MAX]; /* what the INFs say for this release: releases.h */
    int exit_status; /* as DESIGN.md section 4 */
    char text[256];  /* when the input could not be used */
    double seconds, cpu_seconds;
    uint64_t runs;
};

/* Everything `undis test` does short of printing the final summary; prints progress lines unless quiet. */
int supervisor_test(const struct test_options *o, struct test_result *out);
void test_result_free(struct test_result *r);

/*
 * supervisor_scenario - one scenario up to k preemptions, or as o->strategy says; what it finds is written and joins
 * out, which begins zeroed. Checks the scenario first. 0 when it ran, else LAB_INPUT with out->text.
 */
int supervisor_scenario(const struct test_options *o, struct lab_subjects *s, const struct scenario *scn,
                        const struct wire_capture *wire, unsigned k, struct test_result *out);

#endif
