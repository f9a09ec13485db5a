/* SPDX-License-Identifier: MIT */
/* explore/certificate.c - see certificate.h. */
#include "explore/certificate.h"

#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/findings.h"
#include "host/host.h"
#include "nt/profile.h"
#include "undis/version.h"

#define GRANULARITY "L0+L1 (every DDI call, every locked instruction and IRQL change)"
#define PROMOTED    "L0+L1, and plain accesses that were seen to race (\"planted\")"

const char *
certificate_refusal(const struct scenario_result *s)
{
    if (s->state != 0)
        return s->state == 2 ? "the search did not exhaust its bound" : "the scenario did not end clean";
    if (!s->exhausted)
        return "the search did not exhaust its bound";
    if (s->report.divergences > 0)
        return "runs made twice differed";
    if (s->watched_runs == 0)
        return "no sample looked for races";
    if (s->races_unpromoted > 0)
        return "accesses that race are no points";
    if (!s->reached.ran)
        return "vacuous: the driver's layer never reached Running";
    if (s->reached.cannot_reset)
        return "vacuous: the miniport has no reset that NDIS could ask for";
    if (s->reached.requests > 0 && s->reached.requests_ok == 0)
        return "vacuous: no request of a program ever succeeded";
    return NULL;
}

/* How many instructions of a kind were made points. */
static int
planted(const struct scenario_result *s, unsigned kind)
{
    int n = 0;

    for (uint32_t i = 0; i < s->planted.count; i++)
        n += s->planted.at[i].kind == kind;
    return n;
}

static json_t *
certificate_json(const struct test_options *o, const struct scenario_result *s)
{
    json_t *levels = json_array(), *others = json_array(), *j;
    uint64_t traces = 0;
    char os[32];

    for (unsigned k = 0; k <= s->k && k < SEARCH_K_MAX; k++) {
        const struct search_level *l = &s->report.level[k];

        traces = l->traces > traces ? l->traces : traces;
        json_array_append_new(levels,
                              json_pack("{s:i, s:I, s:I, s:I, s:b, s:i}", "k", (int)k, "runs", (json_int_t)l->runs,
                                        "cut_by_cache", (json_int_t)l->cuts, "traces", (json_int_t)l->traces,
                                        "exhausted", l->exhausted, "restarts", (int)l->restarts));
    }
    j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:i, s:i, s:I, s:I, s:i, s:b, s:s, s:s, s:I, s:I, s:o}",
                  "undis", UNDIS_VERSION, "driver", o->path, "driver_sha256", s->reached.driver[0].sha256, "scenario",
                  s->name, "scenario_sha256", s->reached.scenario_sha256, "vps", (int)s->reached.vps, "granularity",
                  planted(s, SITE_PLAIN) + planted(s, SITE_HOOK) ? PROMOTED : GRANULARITY, "k", (int)s->k, "faults",
                  (int)s->faults, "unprompted_events", (int)ICB_EVENTS, "runs", (json_int_t)s->report.runs, "traces",
                  (json_int_t)traces, "points_per_run_max", (int)s->report.points_max, "exhausted", s->exhausted,
                  "race_detector", "ran over a sample", "memory_model", "sequentially consistent", "double_runs",
                  (json_int_t)s->report.double_runs, "divergences", (json_int_t)s->report.divergences, "bounds",
                  levels);
    for (unsigned i = 1; i < s->reached.driver_count; i++)
        json_array_append_new(others, json_pack("{s:s, s:s}", "service", s->reached.driver[i].service, "sha256",
                                                s->reached.driver[i].sha256));
    nt_profile_text(os, sizeof(os));
    json_object_set_new(j, "os", json_string(os));
    if (s->searched_on != NULL)
        json_object_set_new(j, "searched_on", json_string(s->searched_on));
    json_object_set_new(j, "other_drivers", others);
    json_object_set_new(j, "faults_k", json_integer(0));
    json_object_set_new(j, "irps_reused", json_integer(s->values));
    json_object_set_new(j, "irps_reused_k", json_integer(search_values_k(s->k)));
    json_object_set_new(j, "races_unpromoted", json_integer(s->races_unpromoted));
    json_object_set_new(j, "race_sample_runs", json_integer((json_int_t)s->watched_runs));
    json_object_set_new(j, "planted_accesses", json_integer(planted(s, SITE_PLAIN) + planted(s, SITE_HOOK)));
    json_object_set_new(j, "planted_loops", json_integer(planted(s, SITE_BACK_EDGE)));
    json_object_set_new(j, "timers_over_ready_max", json_integer(SCHED_OVERTAKE_MAX));
    json_object_set_new(j, "reached", json_string(s->reached.states_text));
    json_object_set_new(j, "result", json_string("none"));
    return j;
}

int
certificates_write(const struct test_options *o, const struct test_result *r)
{
    char path[700];

    for (unsigned i = 0; i < r->scenario_count; i++) {
        const struct scenario_result *s = &r->scenario[i];
        char *text;
        json_t *j;
        int err;

        if (certificate_refusal(s))
            continue;
        snprintf(path, sizeof(path), "%s/certificates", o->out);
        err = host_mkdir_p(path);
        if (err)
            return err;
        j = certificate_json(o, s);
        text = json_dumps(j, JSON_INDENT(2));
        json_decref(j);
        if (!text)
            return -12;
        snprintf(path, sizeof(path), "%s/certificates/%s.json", o->out, s->name);
        err = host_write_file(path, text, strlen(text));
        free(text);
        if (err)
            return err;
    }
    return 0;
}

/* What a certificate's row says of the choices that are tried besides schedules. */
static const char *
tried(unsigned count, unsigned k, char text[24])
{
    if (count == 0)
        return "none";
    snprintf(text, 24, "%u with k <= %u", count, k);
    return text;
}

static void
certificate_row(const struct scenario_result *s)
{
    int plain = planted(s, SITE_PLAIN) + planted(s, SITE_HOOK);
    char points[40], races[40], faults[24], reused[24];

    snprintf(points, sizeof(points), plain ? "L0+L1 and %d plain" : "L0+L1", plain);
    snprintf(races, sizeof(races), "%u in %llu runs watched", s->races_unpromoted, (unsigned long long)s->watched_runs);
    printf("  %-30s %3u %8llu  %-18s %-13s %-13s %s\n", s->name, s->k, (unsigned long long)s->report.runs, points,
           tried(s->faults, 0, faults), tried(s->values, search_values_k(s->k), reused), races);
}

void
certificates_print(const struct test_options *o, const struct test_result *r)
{
    const char *refusal;
    unsigned given = 0, refused = 0;

    for (unsigned i = 0; i < r->scenario_count; i++) {
        if (certificate_refusal(&r->scenario[i]))
            continue;
        if (!given++)
            printf("\nCERTIFICATES  no violation in any schedule with at most k preemptions and %u timer out of turn\n"
                   "  %-30s %3s %8s  %-18s %-13s %-13s %s\n",
                   ICB_EVENTS, "scenario", "k", "runs", "points", "faults", "IRPs reused", "races unpromoted");
        certificate_row(&r->scenario[i]);
    }
    if (given)
        printf("  They are in %s/certificates.\n", o->out);
    for (unsigned i = 0; i < r->scenario_count; i++) {
        refusal = certificate_refusal(&r->scenario[i]);
        if (!refusal || r->scenario[i].state != 0)
            continue;
        if (!refused++)
            printf("\nNO CERTIFICATE\n");
        printf("  %-30s %s\n", r->scenario[i].name, refusal);
    }
}
