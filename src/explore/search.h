/* SPDX-License-Identifier: MIT */
/*
 * explore/search.h - one search in a worker, and what it reports to the supervisor.
 *
 * Model: the supervisor fills a job, forks, and the worker writes only into the
 * shared report: counters while it works, found failures as they come, a closing
 * state. A driver is native code and may destroy the worker; whatever stands in
 * the report is a candidate that the supervisor replays in a fresh worker.
 */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "explore/explore.h"
#include "verify/verify.h"

#define SEARCH_K_MAX 8u
#define FOUND_MAX    24u

enum strategy_kind { STRATEGY_ICB, STRATEGY_POS, STRATEGY_RANDOM, STRATEGY_REPLAY, STRATEGY_FOLLOW };

struct search_job {
    enum strategy_kind strategy;
    unsigned k_first, k_last; /* icb: bounds to exhaust, in order */
    unsigned faults;          /* icb: then schedules without preemption and with this many failing allocations */
    unsigned values;          /* icb: then those within search_values_k() preemptions and this many other choices */
    bool cache;
    bool from_start;   /* icb: every run begins at the snapshot, for comparison, and where marks do not hold all */
    uint64_t runs_max; /* 0: no limit */
    uint64_t seed;
    bool first;           /* stop at the first finding */
    bool detail;          /* record everything of the one run */
    bool watch;           /* a sample that looks for races; what else happens in it is not reported */
    uint32_t check_every; /* run every n-th run twice and compare; 0: never */
    struct choice_list replay;
    struct follow_list *follow; /* STRATEGY_FOLLOW */
};

/* A failing run. */
struct found {
    struct run_result run;
    struct choice_list choices;
    unsigned bound;             /* its preemptions */
    uint64_t at_run;            /* how many runs had been made */
    uint64_t root;              /* struct cause: groups failures of one cause */
    int rule;                   /* verify_rule_index of the rule that it is blamed on, -1 none */
    unsigned severity;          /* higher is worse */
    struct violation violation; /* of that rule, when rule >= 0 */
    uint64_t ip;                /* faulting address or caller */
    char check[160];            /* a failed check of the scenario, in words */
    char passing[200];          /* the nearest schedule that passes, in words; "" none was found */
};

struct search_level {
    uint64_t runs, cuts, traces, points;
    uint64_t trace_set; /* sum over the distinct orders of events that were met: equal sets have equal sums */
    bool exhausted;
    uint32_t restarts; /* bounds begun again because an object became shared */
};

enum search_state { SEARCH_NONE, SEARCH_SETUP, SEARCH_RUNNING, SEARCH_DONE, SEARCH_STOPPED, SEARCH_FAILED };

struct search_report {
    /* supervisor -> worker */
    volatile uint32_t stop;
    /* worker -> supervisor */
    volatile uint32_t state; /* enum search_state */
    volatile uint32_t k;     /* bound being searched */
    volatile uint64_t runs, points;
    uint64_t points_before; /* of these points, those that runs had behind them at the marks that they began at */
    volatile uint64_t in_run; /* number of the run being executed: a run that hangs keeps it */
    uint64_t double_runs, divergences;
    uint64_t same_orders, same_differ; /* equal orders of events whose memory was compared; unequal: divergences too */
    struct search_level level[SEARCH_K_MAX];
    struct search_level fault_level, value_level; /* runs 0: there was nothing to choose */
    unsigned found_count;
    uint64_t found_lost; /* failing runs of yet other causes, for which there was no room */
    uint64_t failing_runs;
    struct found found[FOUND_MAX];
    uint32_t points_max;
    uint64_t unsupported_index; /* RUN_UNSUPPORTED was met */
    char unsupported[160];
    int error;      /* SEARCH_FAILED: exit status 3 or 4 */
    char text[256]; /* and why */
    uint64_t setup_points;
};

/* What the search asks of whoever prepared the machine. */
struct search_hooks {
    void (*run_begin)(void *arg); /* after restore */
    /* After a run that ended by itself: a failed check of the scenario in text, true if one failed. */
    bool (*run_check)(void *arg, const struct run_result *r, char text[160]);
    void (*detail)(void *arg, const struct run_result *r, const struct explorer *x, const struct found *f);
    void *arg;
};

/* Preemptions with which other choices are combined in a search up to k_last: it multiplies the schedules. */
static inline unsigned
search_values_k(unsigned k_last)
{
    return k_last >= 2 ? 1 : 0;
}

/* The machine is snapshotted. Returns when everything asked was tried or report->stop was set. */
void search_run(const struct search_job *job, const struct search_hooks *hooks, struct search_report *report);

#endif
