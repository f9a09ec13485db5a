/* SPDX-License-Identifier: MIT */
/* cli/reports.c - JUnit and SARIF (reports.h). */
#include "cli/reports.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "undis/version.h"

static int
close_report(FILE *f, const char *path, bool good)
{
    if (f != NULL && fclose(f) == 0 && good)
        return EXIT_CLEAN;
    fprintf(stderr, "undis test: %s: %s\n", path, strerror(errno));
    return EXIT_INPUT;
}

/* ------------------------------------------------------------------ JUnit */

/* Text of an attribute or element; what XML 1.0 does not allow becomes '?'. */
static void
put_xml(FILE *f, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        default:
            fputc((unsigned char)*text < 0x20 && *text != '\n' ? '?' : *text, f);
        }
    }
}

static void
put_attribute(FILE *f, const char *name, const char *value)
{
    fprintf(f, " %s=\"", name);
    put_xml(f, value);
    fputc('"', f);
}

static void
put_finding(FILE *f, const struct finding_record *found)
{
    char minimal[80];

    snprintf(minimal, sizeof(minimal), "%u preemption%s%s", found->k, found->k == 1 ? "" : "s",
             found->minimal ? " (minimal: fewer were exhausted)" : "");
    fputs("      <failure", f);
    put_attribute(f, "type", found->rule[0] ? found->rule : "bugcheck");
    put_attribute(f, "message", found->verdict.bucket);
    fputc('>', f);
    put_xml(f, found->sentence);
    fputs("\nat ", f);
    put_xml(f, found->where);
    fprintf(f, "\n%s\nundis replay ", minimal);
    put_xml(f, found->folder);
    fputs("</failure>\n", f);
}

static void
put_case(FILE *f, const char *suite, const struct scenario_result *s, const struct test_result *r)
{
    static const char *const elements[] = { NULL, NULL, "skipped", "error", "error" };
    unsigned findings = 0;

    fputs("    <testcase", f);
    put_attribute(f, "classname", suite);
    put_attribute(f, "name", s->name);
    fprintf(f, " time=\"%.3f\">\n", s->seconds);
    for (unsigned i = 0; i < r->finding_count; i++)
        if (strcmp(r->finding[i].scenario, s->name) == 0) {
            put_finding(f, &r->finding[i]);
            findings++;
        }
    if (s->state == 1 && findings == 0) {
        fputs("      <failure message=\"failed as another scenario did\"/>\n", f);
    } else if (s->state > 1) {
        fprintf(f, "      <%s", elements[s->state]);
        put_attribute(f, "message", s->text[0] ? s->text : "the budget ended before the search did");
        fputs("/>\n", f);
    }
    fputs("    </testcase>\n", f);
}

int
report_junit(const char *path, const struct test_options *o, const struct test_result *r)
{
    const char *suite = r->scenario_count && r->scenario[0].reached.driver[0].service[0]
                            ? r->scenario[0].reached.driver[0].service
                            : o->path;
    unsigned failures = 0, errors = r->scenario_count == 0 && r->text[0], skipped = 0;
    FILE *f = fopen(path, "we");

    for (unsigned i = 0; i < r->scenario_count; i++) {
        failures += r->scenario[i].state == 1;
        skipped += r->scenario[i].state == 2;
        errors += r->scenario[i].state > 2;
    }
    if (f == NULL)
        return close_report(f, path, false);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite", f);
    put_attribute(f, "name", suite);
    fprintf(f, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n",
            r->scenario_count ? r->scenario_count : errors, failures, errors, skipped, r->seconds);
    if (r->scenario_count == 0 && r->text[0]) {
        fputs("    <testcase name=\"start\"", f);
        put_attribute(f, "classname", suite);
        fputs("><error", f);
        put_attribute(f, "message", r->text);
        fputs("/></testcase>\n", f);
    }
    for (unsigned i = 0; i < r->scenario_count; i++)
        put_case(f, suite, &r->scenario[i], r);
    fputs("  </testsuite>\n</testsuites>\n", f);
    return close_report(f, path, !ferror(f));
}

/* ------------------------------------------------------------------ SARIF */

/* "file:line" of the driver's own call, as SARIF has it; NULL: not known. */
static json_t *
location(const struct finding_record *found)
{
    const char *colon = strrchr(found->where, ':');
    char file[300];
    uint64_t line;

    if (colon == NULL || !str_to_u64(colon + 1, &line) || line == 0)
        return NULL;
    snprintf(file, sizeof(file), "%.*s", (int)(colon - found->where), found->where);
    return json_pack("{s:{s:{s:s}, s:{s:I}}}", "physicalLocation", "artifactLocation", "uri", file, "region",
                     "startLine", (json_int_t)line);
}

static json_t *
sarif_result(const struct finding_record *found)
{
    json_t *result = json_pack(
        "{s:s, s:s, s:{s:s++++}, s:{s:s}, s:{s:s, s:i, s:b, s:s}}", "ruleId", found->verdict.bucket, "level", "error",
        "message", "text", found->sentence[0] ? found->sentence : found->verdict.bucket, " (scenario ", found->scenario,
        "; undis replay ", found->folder, "fingerprints", "bucket/v1", found->verdict.hash, "properties", "scenario",
        found->scenario, "preemptions", (int)found->k, "minimal", found->minimal, "folder", found->folder);
    json_t *where = location(found), *text;

    if (result == NULL)
        return NULL;
    text = json_object_get(json_object_get(result, "message"), "text");
    json_object_set_new(json_object_get(result, "message"), "text", json_sprintf("%s)", json_string_value(text)));
    json_object_set_new(result, "locations", where ? json_pack("[o]", where) : json_array());
    return result;
}

static json_t *
sarif_rules(const struct test_result *r)
{
    json_t *rules = json_array();

    for (unsigned i = 0; i < r->finding_count; i++) {
        bool have = false;

        for (unsigned k = 0; k < i; k++)
            have |= strcmp(r->finding[k].verdict.bucket, r->finding[i].verdict.bucket) == 0;
        if (!have)
            json_array_append_new(rules, json_pack("{s:s, s:s}", "id", r->finding[i].verdict.bucket, "name",
                                                   r->finding[i].rule[0] ? r->finding[i].rule : "Bugcheck"));
    }
    return rules;
}

int
report_sarif(const char *path, const struct test_options *o, const struct test_result *r)
{
    json_t *results = json_array(), *all;
    FILE *f = fopen(path, "we");
    bool good;

    for (unsigned i = 0; i < r->finding_count; i++)
        json_array_append_new(results, sarif_result(&r->finding[i]));
    all =
        json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:i, s:{s:s}}], s:o}]}", "$schema",
                  "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool", "driver", "name",
                  "undis", "version", UNDIS_VERSION, "rules", sarif_rules(r), "invocations", "executionSuccessful",
                  r->exit_status < 3, "exitCode", r->exit_status, "properties", "driver", o->path, "results", results);
    good = all != NULL && f != NULL && json_dumpf(all, f, JSON_INDENT(2)) == 0 && fputc('\n', f) != EOF;
    json_decref(all);
    return close_report(f, path, good);
}
