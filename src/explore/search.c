/* SPDX-License-Identifier: MIT */
/*
 * explore/search.c - the loop: restore, run, judge, next.
 *
 * Start reading at: search_run().
 */
#include "explore/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "explore/cause.h"
#include "explore/follow.h"
#include "machine/plain.h"

#define TRACES_MIN     (1u << 10)
#define TRACES_MAX     (1u << 20)
#define SPUN_MAX       3u      /* livelocks after which a sample has seen enough: each takes long */
#define TRAPS_MAX      100000u /* so many it may cost: where a driver's loops trap, 200 runs take long, too */
#define POINTS_PER_HIT 2000u   /* a failing run costs one for so many points and rounds of loops */
#define LONG_HITS_MAX  2000u   /* what long failing runs may cost in all: a loop that ends by counting takes long */

/* Happens-before orders seen at ends of runs: a set of 128-bit hashes, host memory of the worker. */
struct trace_slot {
    uint64_t lo, hi; /* lo 0: free */
};

static struct trace_slot *traces;
static uint32_t traces_size, traces_used;

/* Where the order stands, or would. */
static struct trace_slot *
trace_slot(uint64_t lo, uint64_t hi)
{
    uint32_t i = (uint32_t)hash_mix64(lo) & (traces_size - 1);

    while (traces[i].lo && (traces[i].lo != lo || traces[i].hi != hi))
        i = (i + 1) & (traces_size - 1);
    return &traces[i];
}

/* Room for one more. false: there is none. */
static bool
traces_room(void)
{
    struct trace_slot *old = traces, *bigger;
    uint32_t old_size = traces_size;

    if (traces_used < traces_size / 4 * 3)
        return true;
    if (traces_size == TRACES_MAX || !(bigger = calloc(traces_size ? traces_size * 2 : TRACES_MIN, sizeof(*bigger))))
        return false;
    traces = bigger;
    traces_size = old_size ? old_size * 2 : TRACES_MIN;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].lo)
            *trace_slot(old[i].lo, old[i].hi) = old[i];
    free(old);
    return true;
}

static bool
trace_is_new(uint64_t lo, uint64_t hi)
{
    struct trace_slot *slot;

    lo |= 1;
    if (!traces_room())
        return false;
    slot = trace_slot(lo, hi);
    if (slot->lo)
        return false;
    *slot = (struct trace_slot){ lo, hi };
    traces_used++;
    return true;
}

/*
 * What the run compared on its way, and without the cache its end. Other answers are no part of an order, nor is how
 * far each fiber was when the power went off.
 */
static void
check_same(const struct search_job *job, struct explorer *x, const struct run_result *r, struct search_report *rep)
{
    bool plain = r->end == RUN_DONE && !job->cache && !machine->off;

    for (uint32_t c = 0; plain && c < x->made.count; c++)
        plain = x->made.c[c].kind == CHOICE_SCHED;
    if (plain) {
        enum same_result same = same_compare(r->hb_lo, r->hb_hi);

        x->same += same != SAME_NOT_COMPARED;
        x->differ += same == SAME_DIFFERENT;
    }
    rep->same_orders += x->same;
    rep->same_differ += x->differ;
    rep->divergences += x->differ;
}

static void
traces_forget(void)
{
    if (traces && traces_used)
        memset(traces, 0, traces_size * sizeof(*traces));
    traces_used = 0;
}

/* Did anything come out of turn, by the strategy's choice? */
static bool
out_of_turn(const struct explorer *x, const struct run_result *r)
{
    bool other = false;

    for (uint32_t i = 0; i < x->made.count; i++)
        other |= x->made.c[i].kind != CHOICE_SCHED;
    return r->preemptions > 0 || other;
}

/* One entry per cause: with the fewest preemptions, then the worst, then the shortest. */
static void
keep(struct search_report *rep, const struct explorer *x, const struct run_result *r, const char *check)
{
    struct cause cause = cause_of(r, check, out_of_turn(x, r));
    unsigned bound = r->preemptions < CHOICES_MAX ? r->preemptions : CHOICES_MAX;
    struct found *f = NULL;

    rep->failing_runs++;
    for (unsigned i = 0; i < rep->found_count && !f; i++)
        if (rep->found[i].root == cause.root)
            f = &rep->found[i];
    if (f && (f->bound < bound ||
              (f->bound == bound &&
               (f->severity > cause.severity || (f->severity == cause.severity && f->choices.count <= x->made.count)))))
        return;
    if (!f && rep->found_count == FOUND_MAX) {
        rep->found_lost++;
        return;
    }
    if (!f)
        f = &rep->found[rep->found_count];
    f->passing[0] = '\0';
    f->run = *r;
    f->bound = bound;
    f->at_run = rep->runs;
    f->ip = cause.ip;
    snprintf(f->check, sizeof(f->check), "%s", check);
    f->rule = -1;
    if (cause.violation >= 0) {
        f->violation = *verify_violation((unsigned)cause.violation);
        f->rule = (int)verify_rule_index(f->violation.rule);
    }
    f->severity = cause.severity;
    f->root = cause.root;
    f->choices = x->made;
    if (f == &rep->found[rep->found_count])
        rep->found_count++;
}

static void
one_run(struct explorer *x, const struct search_hooks *h, struct search_report *rep, struct run_result *r)
{
    x->begin(x);
    rep->in_run++;
    if (x->mark >= 0) {
        machine_run_from((unsigned)x->mark, &x->s, r);
        return;
    }
    machine_restore();
    verify_run_begin();
    if (h->run_begin)
        h->run_begin(h->arg);
    machine_run(&x->s, r);
}

/* The same choices again: everything must be equal. */
static void
check_twice(const struct explorer *x, const struct run_result *first, const struct search_hooks *h,
            struct search_report *rep)
{
    struct hash128 before;
    struct run_result r;
    struct explorer *again;

    if (x->made.overflow)
        return;
    before = machine_digest();
    again = replay_create(&x->made);
    one_run(again, h, rep, &r);
    rep->double_runs++;
    if (r.end != first->end || r.points != first->points || r.hb_lo != first->hb_lo || r.code != first->code ||
        !hash128_equal(before, machine_digest()))
        rep->divergences++;
}

/* Judge the run that just ended. True: it failed. */
static bool
judge(struct explorer *x, const struct run_result *r, const struct search_hooks *h, struct search_report *rep,
      const struct search_job *job)
{
    char check[160] = "";
    bool failed;

    if (r->end == RUN_CUT)
        return false;
    if (r->end == RUN_UNSUPPORTED) {
        rep->unsupported_index = r->export_index;
        snprintf(rep->unsupported, sizeof(rep->unsupported), "%s", r->text);
        return false;
    }
    if (r->end == RUN_DONE)
        verify_run_end();
    failed = r->end != RUN_DONE || verify_violation_count() > 0;
    if (r->end == RUN_DONE && h->run_check && h->run_check(h->arg, r, check))
        failed = true;
    if (x->made.count == 0 && !x->made.overflow && job->strategy == STRATEGY_ICB)
        cause_plain();
    if (failed)
        keep(rep, x, r, check);
    if (job->detail && h->detail)
        h->detail(h->arg, r, x, failed && rep->found_count ? &rep->found[0] : NULL);
    return failed;
}

/* A sample that looks for races has cost what it may. */
static bool
watched_enough(const struct run_result *r, unsigned *spun)
{
    if (r->end == RUN_LIVELOCK)
        ++*spun;
    return *spun == SPUN_MAX || race_traps() > TRAPS_MAX;
}

/*
 * Everything one explorer has to offer; runs that fail do not end it, unless the first is all that is asked for.
 * False: stop searching.
 */
static bool
search_with(struct explorer *x, struct search_level *l, const struct search_job *job, const struct search_hooks *h,
            struct search_report *rep)
{
    uint64_t long_hits = 0;
    unsigned spun = 0;
    struct run_result r;

    do {
        one_run(x, h, rep, &r);
        rep->runs++;
        l->runs++;
        l->points += r.points;
        rep->points += r.points;
        rep->points_before += r.points_before;
        if (r.points > rep->points_max)
            rep->points_max = (uint32_t)r.points;
        if (hb_filter_changed && job->strategy == STRATEGY_ICB)
            return true; /* what was skipped as private was not: the bound begins again */
        if (x->diverged) {
            rep->divergences++;
            return false;
        }
        if (r.end == RUN_CUT)
            l->cuts++;
        else if (trace_is_new(r.hb_lo, r.hb_hi)) {
            l->traces++;
            l->trace_set += hash64_add(r.hb_lo, r.hb_hi);
        }
        if (job->check_every)
            check_same(job, x, &r, rep);
        if (!job->watch && judge(x, &r, h, rep, job)) {
            if (job->first)
                return false;
            long_hits += (r.points + r.rounds) / POINTS_PER_HIT;
        }
        if (rep->unsupported[0] || (job->watch && watched_enough(&r, &spun)))
            return false;
        if (job->check_every && rep->runs / job->check_every > rep->double_runs && r.end != RUN_CUT)
            check_twice(x, &r, h, rep);
        if (long_hits > LONG_HITS_MAX && job->strategy == STRATEGY_ICB)
            return false;
        if (rep->stop || (job->strategy == STRATEGY_ICB && job->runs_max && rep->runs >= job->runs_max))
            return false;
    } while (x->more(x, &r));
    l->exhausted = !x->dropped;
    return true;
}

/* ------------------------------------------------------------------ shrinking */

/* Run exactly these choices; does it fail for the same cause? Nothing is reported. */
static bool
fails_alike(const struct choice_list *list, const struct found *like, const struct search_hooks *h,
            struct search_report *rep, bool *clean)
{
    struct explorer *x = replay_create(list);
    struct run_result r;
    struct cause cause;
    char check[160] = "";

    one_run(x, h, rep, &r);
    if (r.end == RUN_DONE)
        verify_run_end();
    if (r.end == RUN_DONE && h->run_check)
        h->run_check(h->arg, &r, check);
    *clean = r.end == RUN_DONE && verify_violation_count() == 0 && !check[0];
    cause = cause_of(&r, check, out_of_turn(x, &r));
    return !*clean && r.end == like->run.end && cause.severity == like->severity && cause.root == like->root;
}

static void
without(const struct choice_list *from, uint32_t at, uint32_t n, struct choice_list *to)
{
    *to = *from;
    memmove(&to->c[at], &to->c[at + n], (from->count - at - n) * sizeof(to->c[0]));
    to->count -= n;
}

/* Leave out what is not needed: chunks of 8, 4, 2, 1 from the back, as long as the same cause fails. */
static void
shrink(struct found *f, const struct search_hooks *h, struct search_report *rep)
{
    static struct choice_list less;
    bool clean;

    if (f->choices.overflow)
        return;
    for (uint32_t chunk = 8; chunk > 0; chunk /= 2)
        for (uint32_t at = f->choices.count; at >= chunk && at > 0; at--) {
            if (at > f->choices.count)
                continue;
            without(&f->choices, at - chunk, chunk, &less);
            if (fails_alike(&less, f, h, rep, &clean)) {
                uint32_t preemptions = 0;

                for (uint32_t i = 0; i < less.count; i++)
                    preemptions += less.c[i].preemption;
                f->choices = less;
                if (preemptions < f->bound)
                    f->bound = preemptions;
            }
        }
}

/* The failing schedule with its last switch a few points later, or left out: the first that passes, in words. */
static void
find_passing(struct found *f, const struct search_hooks *h, struct search_report *rep)
{
    static struct choice_list other;
    uint32_t last = f->choices.count;
    bool clean;

    while (last > 0 && f->choices.c[last - 1].kind != CHOICE_SCHED)
        last--;
    if (last-- == 0)
        return;
    for (unsigned later = 1; later <= 8; later++) {
        other = f->choices;
        other.c[last].point += later;
        other.c[last].sub = 0;
        fails_alike(&other, f, h, rep, &clean);
        if (clean) {
            snprintf(f->passing, sizeof(f->passing),
                     "%s is switched away from %u point%s later (its point %u instead of %u)",
                     machine->fiber[other.c[last].fiber].name, later, later == 1 ? "" : "s", other.c[last].point,
                     f->choices.c[last].point);
            return;
        }
    }
    without(&f->choices, last, 1, &other);
    fails_alike(&other, f, h, rep, &clean);
    if (clean)
        snprintf(f->passing, sizeof(f->passing), "%s is not switched away from at its point %u",
                 f->choices.c[last].fiber ? machine->fiber[f->choices.c[last].fiber].name : "the start",
                 f->choices.c[last].point);
}

static void
refine(const struct search_job *job, const struct search_hooks *h, struct search_report *rep)
{
    if (job->strategy == STRATEGY_REPLAY || job->watch)
        return;
    for (unsigned i = 0; i < rep->found_count && !rep->stop; i++) {
        shrink(&rep->found[i], h, rep);
        find_passing(&rep->found[i], h, rep);
    }
}

/* One bound to its end, again whenever an object turns out to be shared. False: stop searching. */
static bool
search_bound(const struct icb_bound *bound, struct search_level *l, const struct search_job *job,
             const struct search_hooks *h, struct search_report *rep, struct explorer **x)
{
    bool go_on;

    rep->k = bound->k;
    do {
        *x = icb_create(bound, job->cache, !job->from_start);
        if (*x == NULL)
            return false;
        hb_filter_changed = false;
        traces_forget();
        same_forget();
        l->traces = l->trace_set = 0;
        l->exhausted = false;
        go_on = search_with(*x, l, job, h, rep);
        if (hb_filter_changed)
            l->restarts++;
    } while (hb_filter_changed);
    return go_on;
}

/*
 * Preemptions first. What else may go wrong is asked for after that, one kind at a time and with few preemptions: a
 * failing allocation needs none to show what a driver makes of it, a reused IRP one to meet somebody who still looks at
 * it. Where no such question came up there is no such search.
 */
static void
search_icb(const struct search_job *job, const struct search_hooks *h, struct search_report *rep)
{
    uint64_t faults = 0, values = 0;
    struct explorer *x;

    for (unsigned k = job->k_first; k <= job->k_last && k < SEARCH_K_MAX; k++) {
        if (!search_bound(&(struct icb_bound){ .k = k }, &rep->level[k], job, h, rep, &x))
            return;
        faults += icb_unasked(x, CHOICE_FAULT);
        values += icb_unasked(x, CHOICE_VALUE) + icb_unasked(x, CHOICE_EVENT);
    }
    for (unsigned f = 1; f <= job->faults && faults != 0; f++)
        if (!search_bound(&(struct icb_bound){ .faults = f }, &rep->fault_level, job, h, rep, &x))
            return;
    if (job->values != 0 && values != 0)
        search_bound(&(struct icb_bound){ .k = search_values_k(job->k_last), .values = job->values }, &rep->value_level,
                     job, h, rep, &x);
}

void
search_run(const struct search_job *job, const struct search_hooks *h, struct search_report *rep)
{
    struct explorer *x = NULL;

    rep->state = SEARCH_RUNNING;
    cause_begin();
    if (job->strategy != STRATEGY_ICB) /* sampling counts on every point; a fresh process replays at every point */
        hb_filter_enabled(false);
    switch (job->strategy) {
    case STRATEGY_ICB:
        search_icb(job, h, rep);
        break;
    case STRATEGY_POS:
        x = pos_create(job->seed, job->runs_max ? job->runs_max : UINT64_MAX);
        break;
    case STRATEGY_RANDOM:
        x = random_create(job->seed, job->runs_max ? job->runs_max : UINT64_MAX);
        break;
    case STRATEGY_REPLAY:
        x = replay_create(&job->replay);
        break;
    case STRATEGY_FOLLOW:
        x = follow_create(job->follow);
        break;
    }
    if (x)
        search_with(x, &rep->level[0], job, h, rep);
    refine(job, h, rep);
    rep->state = rep->stop ? SEARCH_STOPPED : SEARCH_DONE;
}
