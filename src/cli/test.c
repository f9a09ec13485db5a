/* SPDX-License-Identifier: MIT */
/* cli/test.c - undis test: options, report. The work is explore/supervisor.c. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/coverage.h"
#include "cli/reports.h"
#include "explore/battery.h"
#include "explore/certificate.h"
#include "explore/supervisor.h"
#include "nt/profile.h"
#include "undis/version.h"

static const char help[] =
    "usage: undis test DIR|FILE.inf|FILE.sys [MORE ...] [options]\n"
    "\n"
    "Builds a network around the driver, runs the standard scenarios and explores their schedules.\n"
    "More drivers stand in the same stack; the scenarios and certificates are about the first.\n"
    "Each failure becomes a folder: finding.json, trace, dump, analysis.txt, diagram.txt, scenario.yaml.\n"
    "\n"
    "  --out DIR             where findings and certificates go (default: findings)\n"
    "  --k N                 exhaust every schedule with at most N preemptions (default: by scenario)\n"
    "  --faults N            then let up to N allocations fail, without preemptions (default 1, up to 3)\n"
    "  --time S              at most S seconds per scenario\n"
    "  --runs N              at most N runs per scenario\n"
    "  --strategy NAME       icb (default), pos, random\n"
    "  --seed N              of pos and random\n"
    "  --first               stop at the first run that fails\n"
    "  --only NAME           one scenario of the battery; --only list names them\n"
    "  --scenario FILE       run this scenario instead of the battery\n"
    "  --write-scenario DIR  save the scenarios as files to edit\n"
    "  --no-cache            explore without happens-before caching\n"
    "  --no-marks            begin every run at the snapshot\n"
    "  --vps N               virtual processors (default 2)\n"
    "  --os NAME             the Windows release: vista, win7, win8dp, win8cp, win8, win10 (default), or one of them\n"
    "                        with -checked; all: a table of releases, and whose fault each finding is\n"
    "  --param [SVC:]NAME=VALUE  a parameter of the driver, within what its INF allows (up to 16 times)\n"
    "  --reg FILE            a .reg file over what setup writes into the registry\n"
    "  --symbols PATH        where PDB or DWARF files are\n"
    "  --src FROM=TO         sources recorded under FROM are under TO (up to 8 times)\n"
    "  --json                the result as JSON on standard output\n"
    "  --junit FILE          and as JUnit XML, a case for each scenario\n"
    "  --sarif FILE          and as SARIF 2.1.0, a result for each finding, at its line of source\n"
    "  -v                    what the drivers print (DbgPrint), in order, for each scenario\n"
    "\n"
    "exit: 0 clean, 1 finding, 2 budget ended first, 3 undis failed, 4 input or host cannot do it, 64 usage\n";

static int
bad(const char *what, const char *arg)
{
    fprintf(stderr, "undis test: %s \"%s\"; undis test --help lists the options\n", what, arg);
    return EXIT_USAGE;
}

static bool
number(const char *text, double *out)
{
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0' && *out >= 0;
}

/* The first of the battery with that name: one that differs between kinds of drivers has several. NULL: none. */
static const struct battery_entry *
scenario_called(const char *name)
{
    const struct battery_entry *e;

    for (unsigned i = 0; (e = battery_get(i)) != NULL && strcmp(e->name, name) != 0; i++)
        ;
    return e;
}

static int
list_battery(void)
{
    const struct battery_entry *e;

    for (unsigned i = 0; (e = battery_get(i)) != NULL; i++)
        if (scenario_called(e->name) == e)
            printf("%-30s k<=%u  %s\n", e->name, e->k, e->what);
    return EXIT_CLEAN;
}

static int
parse(int argc, char **argv, struct test_options *o)
{
    unsigned maps = 0, drivers = 0, parameters = 0;

    *o = (struct test_options){ .k = K_DEFAULT, .out = "findings", .seed = 1, .faults = 1 };
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;
        double n = 0;

        if (strcmp(a, "--help") == 0) {
            fputs(help, stdout);
            exit(EXIT_CLEAN);
        } else if (strcmp(a, "--first") == 0) {
            o->first = true;
        } else if (strcmp(a, "--json") == 0) {
            o->json = o->quiet = true;
        } else if (strcmp(a, "--no-cache") == 0) {
            o->cache_off = true;
        } else if (strcmp(a, "--no-marks") == 0) {
            o->marks_off = true;
        } else if (strcmp(a, "-v") == 0) {
            o->verbose = true;
        } else if (a[0] != '-') {
            if (drivers == LAB_DRIVERS_MAX)
                return bad("8 drivers at most in one machine, not also", a);
            *(drivers ? &o->more[drivers - 1] : &o->path) = a;
            drivers++;
        } else if (!v) {
            return bad("unknown option, or its value is missing:", a);
        } else {
            i++;
            if (strcmp(a, "--out") == 0) {
                o->out = v;
            } else if (strcmp(a, "--strategy") == 0) {
                o->strategy_given = true;
                if (strcmp(v, "icb") == 0)
                    o->strategy = STRATEGY_ICB;
                else if (strcmp(v, "pos") == 0)
                    o->strategy = STRATEGY_POS;
                else if (strcmp(v, "random") == 0)
                    o->strategy = STRATEGY_RANDOM;
                else
                    return bad("a strategy is icb, pos or random, not", v);
            } else if (strcmp(a, "--only") == 0) {
                o->only = v;
            } else if (strcmp(a, "--scenario") == 0) {
                o->scenario = v;
            } else if (strcmp(a, "--os") == 0) {
                o->all_releases = strcmp(v, "all") == 0;
                if (!o->all_releases && nt_profile_select(v))
                    return bad("no OS profile is called", v);
            } else if (strcmp(a, "--write-scenario") == 0) {
                o->write_scenario = v;
            } else if (strcmp(a, "--param") == 0) {
                if (parameters >= 16)
                    return bad("--param is taken at most 16 times, not also", v);
                o->parameter[parameters++] = v;
            } else if (strcmp(a, "--reg") == 0) {
                o->reg = v;
            } else if (strcmp(a, "--junit") == 0) {
                o->junit = v;
            } else if (strcmp(a, "--sarif") == 0) {
                o->sarif = v;
            } else if (strcmp(a, "--symbols") == 0) {
                o->symbols = v;
            } else if (strcmp(a, "--src") == 0) {
                char *eq = strchr(argv[i], '=');

                if (!eq || maps >= 16)
                    return bad("--src takes FROM=TO, at most 8 times, not", v);
                *eq = '\0';
                o->src_map[maps++] = argv[i];
                o->src_map[maps++] = eq + 1;
            } else if (strcmp(a, "--k") == 0 || strcmp(a, "--time") == 0 || strcmp(a, "--runs") == 0 ||
                       strcmp(a, "--seed") == 0 || strcmp(a, "--vps") == 0 || strcmp(a, "--faults") == 0) {
                if (!number(v, &n))
                    return bad("a number is wanted, not", v);
                if (strcmp(a, "--k") == 0) {
                    if (n >= SEARCH_K_MAX)
                        return bad("--k goes up to 7, not", v);
                    o->k = (unsigned)n;
                } else if (strcmp(a, "--faults") == 0) {
                    if (n > 3)
                        return bad("--faults goes up to 3, not", v);
                    o->faults = (unsigned)n;
                } else if (strcmp(a, "--time") == 0) {
                    o->time_s = n;
                } else if (strcmp(a, "--runs") == 0) {
                    o->runs = (uint64_t)n;
                } else if (strcmp(a, "--seed") == 0) {
                    o->seed = (uint64_t)n;
                } else {
                    if (n < 1 || n > VP_MAX)
                        return bad("--vps is 1 to 4, not", v);
                    o->vps = (unsigned)n;
                }
            } else {
                return bad("unknown option", a);
            }
        }
    }
    if (o->only && strcmp(o->only, "list") == 0)
        exit(list_battery());
    if (!o->path) {
        fprintf(stderr, "undis test: which driver? Name its folder, .inf or .sys; undis test --help tells more\n");
        return EXIT_USAGE;
    }
    if (o->strategy != STRATEGY_ICB && o->runs == 0 && o->time_s <= 0)
        o->runs = 100000;
    if (o->only && !scenario_called(o->only))
        return bad("--only list names the scenarios; there is none called", o->only);
    return -1;
}

static void
print_findings(const struct test_result *r)
{
    for (unsigned i = 0; i < r->finding_count; i++) {
        const struct finding_record *f = &r->finding[i];

        printf("\nFINDING  %s\n", f->verdict.bucket);
        if (f->sentence[0])
            printf("  %s\n", f->sentence);
        if (f->where[0])
            printf("  at %s\n", f->where);
        if (f->rule[0])
            printf("  rule %s\n", f->rule);
        if (nt_profile_flawed())
            printf("  whose fault: %s\n", replay_blames_release(f->folder)
                                              ? "the release's; the same trace passes without its flaw"
                                              : "the driver's; the same trace fails without the release's flaw, too");
        printf("  %s, %u preemption%s%s", f->scenario, f->k, f->k == 1 ? "" : "s",
               f->minimal ? " (minimal: fewer were exhausted)" : "");
        if (f->faults)
            printf(", %u failing allocation%s", f->faults, f->faults == 1 ? "" : "s");
        if (f->values)
            printf(", %u reused IRP%s", f->values, f->values == 1 ? "" : "s");
        printf(", run %llu\n", (unsigned long long)f->runs);
        printf("  read %s/analysis.txt   again: undis replay %s\n", f->folder, f->folder);
    }
}

static json_t *
scenario_json(const struct scenario_result *s)
{
    static const char *const words[] = { "clean", "finding", "budget", "error", "input" };

    json_t *bounds = json_array();

    for (unsigned k = 0; k <= s->k && k < SEARCH_K_MAX; k++) {
        const struct search_level *l = &s->report.level[k];
        char set[20];

        snprintf(set, sizeof(set), "%016llx", (unsigned long long)l->trace_set);
        json_array_append_new(bounds,
                              json_pack("{s:i, s:b, s:I, s:I, s:s}", "k", (int)k, "exhausted", l->exhausted, "runs",
                                        (json_int_t)l->runs, "traces", (json_int_t)l->traces, "trace_set", set));
    }
    return json_pack("{s:s, s:s, s:i, s:b, s:I, s:o, s:I, s:I, s:f, s:s}", "name", s->name, "verdict", words[s->state],
                     "k", (int)s->k, "exhausted", s->exhausted, "runs", (json_int_t)s->report.runs, "bounds", bounds,
                     "equal_orders", (json_int_t)s->report.same_orders, "unequal_memory",
                     (json_int_t)s->report.same_differ, "cpu_seconds", s->cpu_seconds, "text", s->text);
}

static void
print_json(const struct test_result *r, json_t *not_called)
{
    json_t *scenarios = json_array(), *findings = json_array(), *all;

    for (unsigned i = 0; i < r->scenario_count; i++)
        json_array_append_new(scenarios, scenario_json(&r->scenario[i]));
    for (unsigned i = 0; i < r->finding_count; i++) {
        const struct finding_record *f = &r->finding[i];

        json_array_append_new(findings,
                              json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:b, s:s, s:s, s:s}", "bucket",
                                        f->verdict.bucket, "hash", f->verdict.hash, "rule", f->rule, "scenario",
                                        f->scenario, "preemptions", (int)f->k, "faults", (int)f->faults, "minimal",
                                        f->minimal, "where", f->where, "text", f->sentence, "folder", f->folder));
    }
    all = json_pack("{s:s, s:i, s:s, s:f, s:f, s:o, s:o, s:o*}", "undis", UNDIS_VERSION, "exit", r->exit_status, "text",
                    r->text, "seconds", r->seconds, "cpu_seconds", r->cpu_seconds, "scenarios", scenarios, "findings",
                    findings, "not_called", not_called);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

int
cmd_test(int argc, char **argv)
{
    struct test_options o;
    struct test_result r;
    struct coverage *coverage;
    int status = parse(argc, argv, &o);

    if (status >= 0)
        return status;
    if (o.all_releases)
        return test_all_releases(&o);
    if (!o.quiet)
        printf("undis %s  %s  %u VPs, OS profile %s%s, NDIS %u.%u, k by scenario%s\n", UNDIS_VERSION, o.path,
               o.vps ? o.vps : 2, nt_profile()->name, nt_profile()->checked ? "-checked" : "", nt_profile()->ndis >> 16,
               nt_profile()->ndis & 0xffff, o.time_s > 0 ? ", time limited" : "");
    fflush(stdout);
    coverage = coverage_begin(&o);
    status = supervisor_test(&o, &r);
    if (r.text[0])
        fprintf(stderr, "undis test: %s\n", r.text);
    certificates_write(&o, &r);
    if (o.json) {
        print_json(&r, coverage_not_called(coverage, &o));
    } else if (!r.text[0]) {
        print_findings(&r);
        certificates_print(&o, &r);
        printf("\n%u finding%s, %llu runs, %.2f s (CPU %.2f s)\n", r.finding_count, r.finding_count == 1 ? "" : "s",
               (unsigned long long)r.runs, r.seconds, r.cpu_seconds);
    }
    coverage_end(coverage, &o, r.scenario_count > 0);
    if (((o.junit && report_junit(o.junit, &o, &r)) || (o.sarif && report_sarif(o.sarif, &o, &r))) &&
        (status == EXIT_CLEAN || status == EXIT_BUDGET))
        status = EXIT_INPUT;
    test_result_free(&r);
    return status;
}
