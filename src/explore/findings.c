/* SPDX-License-Identifier: MIT */
/* explore/findings.c - see findings.h. Start reading at: findings_write(). */
#include "explore/findings.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "nt/profile.h"
#include "undis/version.h"

/* ------------------------------------------------------------------ worker side */

static struct detail *recording;
static void (*inner_begin)(void *);

static void
begin_recorded(void *arg)
{
    detail_begin(recording);
    recording->wire_count = recording->wire_lost = 0;
    if (inner_begin)
        inner_begin(arg);
}

static void
collect(void *arg, const struct run_result *r, const struct explorer *x, const struct found *f)
{
    (void)arg;
    detail_collect(recording, r, x, f);
}

void
findings_worker_begin(struct detail *d, struct search_hooks *h)
{
    recording = d;
    inner_begin = h->run_begin;
    h->run_begin = begin_recorded;
    h->detail = collect;
    detail_listen(d);
    wire_record_begin(d);
}

void
findings_worker_setup(struct detail *d, const struct run_result *r)
{
    static struct explorer none;

    detail_collect(d, r, &none, NULL);
}

/* ------------------------------------------------------------------ supervisor side */

void
hex_of(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    out[2 * len] = '\0';
}

static char *
scenario_text(const struct scenario *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return NULL;
    scenario_save(s, f);
    fclose(f);
    return text;
}

static char *
trace_text(const struct lab_config *lab, const struct scenario_result *s, const struct found *f)
{
    const struct planted_list *list = lab->planted;
    size_t size = 4096 + lab->driver_count * 700u + (f ? f->choices.count * 200u : 0) + (list ? list->count * 40u : 0);
    size_t n;
    char *text = malloc(size), hash[65], os[32];
    uint8_t sha[32];

    if (!text)
        return NULL;
    n = (size_t)snprintf(text, size, "# undis trace 1\n# undis: %s\n", UNDIS_VERSION);
    for (unsigned i = 0; i < lab->driver_count; i++) {
        const struct pnp_driver *d = &lab->driver[i];

        SHA256(d->bytes, d->len, sha);
        hex_of(sha, 32, hash);
        n += (size_t)snprintf(text + n, size - n, "# driver: %s\n# sha256: %s\n", d->inf[0] ? d->inf : d->sys, hash);
    }
    nt_profile_text(os, sizeof(os));
    n += (size_t)snprintf(text + n, size - n, "# scenario: %s\n# vps: %u\n# os: %s\n", s->name, lab->vps, os);
    for (uint32_t i = 0; list && i < list->count; i++)
        n += (size_t)snprintf(text + n, size - n, "# planted: %u %x %s\n", list->at[i].image, list->at[i].rva,
                              image_site_kind_name(list->at[i].kind));
    if (f && f->rule >= 0)
        n += (size_t)snprintf(text + n, size - n, "# about: %s\n", f->violation.rule->id);
    if (f)
        choices_print(&f->choices, text + n, size - n);
    return text;
}

/* "# planted: IMAGE RVA KIND" */
static void
parse_planted(const char *line, struct planted_list *list)
{
    unsigned image, rva;
    char kind[40];

    if (sscanf(line, "# planted: %u %x %39[^\n]", &image, &rva, kind) != 3)
        return;
    for (unsigned i = 0; i < SITE_KINDS; i++)
        if (strcmp(kind, image_site_kind_name(i)) == 0)
            planted_add(list, (struct planted){ .image = (uint8_t)image, .rva = rva, .kind = (uint8_t)i });
}

/* A driver's sha256 follows its path. */
static void
header_line(const char *line, struct trace_file *out)
{
    char path[512];

    if (sscanf(line, "# driver: %511[^\n]", path) == 1) {
        if (out->driver_count < LAB_DRIVERS_MAX)
            memcpy(out->driver[out->driver_count++].path, path, sizeof(path));
        return;
    }
    if (out->driver_count > 0 && sscanf(line, "# sha256: %64s", out->driver[out->driver_count - 1].sha256) == 1)
        return;
    if (sscanf(line, "# about: %63[^\n]", path) == 1)
        out->about = verify_rule_find(path);
    else if (sscanf(line, "# scenario: %63[^\n]", out->scenario) != 1)
        if (sscanf(line, "# vps: %u", &out->vps) != 1 && sscanf(line, "# os: %31s", out->os) != 1)
            parse_planted(line, &out->planted);
}

int
trace_parse(const char *text, size_t len, struct trace_file *out, char err[200])
{
    static const char magic[] = "# undis trace 1\n";
    const char *at = text, *end = text + len;
    bool named = true;
    int line;

    memset(out, 0, sizeof(*out));
    if (len < sizeof(magic) - 1 || memcmp(text, magic, sizeof(magic) - 1) != 0) {
        snprintf(err, 200, "not a trace: its first line is not \"# undis trace 1\"");
        return -EINVAL;
    }
    while (at < end && *at == '#') {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        char buf[700];
        size_t n = nl ? (size_t)(nl - at) : (size_t)(end - at);

        if (n < sizeof(buf)) {
            memcpy(buf, at, n);
            buf[n] = '\0';
            header_line(buf, out);
        }
        at += n + 1;
    }
    line = at < end ? choices_parse(at, (size_t)(end - at), &out->choices) : 0;
    if (line) {
        snprintf(err, 200, "line %d after the header is no choice", line);
        return -EINVAL;
    }
    for (unsigned i = 0; i < out->driver_count; i++)
        named = named && out->driver[i].sha256[0];
    if (!named || out->driver_count == 0 || !out->scenario[0]) {
        snprintf(err, 200, "the header names no driver, sha256 or scenario");
        return -EINVAL;
    }
    return 0;
}

/* The driver's own statement that led there: the innermost frame of a driver with a line. */
static void
where_of(const struct finding_input *in, char *out, size_t size)
{
    out[0] = '\0';
    for (unsigned i = 0; i < in->frame_count; i++) {
        const struct finding_frame *f = &in->frames[i];

        if (f->call_file[0]) {
            snprintf(out, size, "%s:%u", f->call_file, f->call_line);
            return;
        }
        if (f->file[0]) {
            snprintf(out, size, "%s:%u", f->file, f->line);
            return;
        }
    }
}

static void
folder_name(const struct test_options *o, const struct finding_record *rec, unsigned n, char *out, size_t size)
{
    char clean[160];
    size_t len = 0;

    for (const char *p = rec->verdict.bucket; *p && len + 1 < sizeof(clean); p++)
        clean[len++] = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_' ||
                               *p == '-' || *p == '.'
                           ? *p
                           : '-';
    clean[len] = '\0';
    snprintf(out, size, "%s/%02u-%s", o->out ? o->out : "findings", n, clean);
}

/* Was everything searched that could have shown it with fewer preemptions? */
static bool
minimal(const struct scenario_result *s, const struct finding_record *rec)
{
    if (rec->k > 0 && s->report.same_differ > 0)
        return false; /* what the cache cut may have shown it */
    for (unsigned k = 0; k < rec->k && k < SEARCH_K_MAX; k++)
        if (!s->report.level[k].exhausted)
            return false;
    return rec->k == 0 || rec->values == 0 || s->report.value_level.exhausted;
}

static bool
by_rule(const struct finding_record *rec)
{
    return rec->kind == FINDING_VIOLATION || rec->kind == FINDING_RACE;
}

/* The same failure under another scenario, at a higher price, or seen by a rule where another run crashed: told once. */
static struct finding_record *
duplicate(struct test_result *out, const struct finding_record *rec)
{
    for (unsigned i = 0; i < out->finding_count; i++)
        if (strcmp(out->finding[i].verdict.bucket, rec->verdict.bucket) == 0 ||
            (rec->rule[0] && strcmp(out->finding[i].rule, rec->rule) == 0) ||
            (rec->where[0] && strcmp(out->finding[i].where, rec->where) == 0 &&
             !(by_rule(rec) && by_rule(&out->finding[i]))))
            return &out->finding[i];
    return NULL;
}

static void
describe(struct finding_record *rec, const struct finding_input *in, bool of_rule)
{
    if (in->violation_count > 0 && of_rule) {
        snprintf(rec->rule, sizeof(rec->rule), "%s", in->violations[0].rule->id);
        finding_name_text(in, in->violations[0].text, rec->sentence, sizeof(rec->sentence));
    } else if (in->check_text) {
        snprintf(rec->sentence, sizeof(rec->sentence), "%s", in->check_text);
    }
}

static void
one_finding(const struct test_options *o, const struct lab_config *lab, struct scenario_result *s,
            const struct found *f, struct test_result *out)
{
    static const struct choice_list empty;
    struct detail *d = supervisor_detail(lab, f ? &f->choices : &empty, f && f->rule >= 0 ? f->violation.rule : NULL);
    struct finding_record rec = { .k = f ? f->bound : 0 };
    struct finding_record *same;
    char *text, *scn, os[24];

    if (!d || (f && (d->run.end != f->run.end || d->run.code != f->run.code))) {
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "a failing run did not fail the same way when it was replayed");
        detail_destroy(d);
        return;
    }
    for (unsigned i = 0; f && i < f->choices.count; i++) {
        rec.faults += f->choices.c[i].kind == CHOICE_FAULT;
        rec.values += f->choices.c[i].kind == CHOICE_EVENT || f->choices.c[i].kind == CHOICE_VALUE;
    }
    rec.minimal = !f || (o->strategy == STRATEGY_ICB && minimal(s, &rec));
    text = trace_text(lab, s, f);
    scn = scenario_text(lab->scenario);
    d->in.trace_text = text;
    d->in.scenario = s->name;
    d->in.scenario_text = scn;
    if (scn)
        SHA256((const uint8_t *)scn, strlen(scn), d->in.scenario_sha256);
    d->in.preemptions = rec.k;
    d->in.preemptions_minimal = rec.minimal;
    d->in.passing = f && f->passing[0] ? f->passing : NULL;
    d->in.runs = f ? f->at_run : 0;
    d->in.undis_version = UNDIS_VERSION;
    d->in.undis_commit = UNDIS_COMMIT;
    nt_profile_version(os, sizeof(os));
    d->in.os_profile = os;
    d->in.os_build = nt_profile()->build;
    d->in.verifier = true;
    d->in.src_map = o->src_map[0] ? o->src_map : NULL;
    finding_symbolize_all(&d->in, o->symbols);
    finding_conclude(&d->in, &rec.verdict);
    rec.kind = d->in.kind;
    rec.code = d->in.code;
    rec.runs = d->in.runs;
    rec.cpu_seconds = f ? s->found_cpu_s[f - s->report.found] : s->cpu_seconds;
    rec.root = f ? f->root : 0;
    rec.severity = f ? f->severity : 4;
    snprintf(rec.scenario, sizeof(rec.scenario), "%s", s->name);
    where_of(&d->in, rec.where, sizeof(rec.where));
    describe(&rec, &d->in, !f || f->rule >= 0);
    same = duplicate(out, &rec);
    if ((same && (rec.k < same->k || (rec.k == same->k && rec.severity > same->severity))) ||
        (!same && out->finding_count < FINDINGS_MAX)) {
        char command[700], path[700];

        if (same) /* cheaper or worse here: this one is told instead, in the same folder */
            snprintf(rec.folder, sizeof(rec.folder), "%s", same->folder);
        else
            folder_name(o, &rec, out->finding_count + 1, rec.folder, sizeof(rec.folder));
        snprintf(command, sizeof(command), "undis replay %s", rec.folder);
        d->in.replay = command;
        if (finding_write(rec.folder, &d->in) == 0 && scn) {
            snprintf(path, sizeof(path), "%s/scenario.yaml", rec.folder);
            host_write_file(path, scn, strlen(scn));
            wire_files_write(rec.folder, lab->wire, d);
            lab_program_files_write(rec.folder);
            lab_registry_write(rec.folder);
        }
        rec.verdict.violation = NULL;
        if (same)
            *same = rec;
        else
            out->finding[out->finding_count++] = rec;
    }
    finding_names_free(&d->in);
    free(text);
    free(scn);
    detail_destroy(d);
}

void
findings_write(const struct test_options *o, const struct lab_config *lab, struct scenario_result *s,
               const struct run_result *setup, struct test_result *out)
{
    if (setup) {
        one_finding(o, lab, s, NULL, out);
        return;
    }
    /* The worst of the lowest bound first. */
    for (unsigned k = 0; k <= CHOICES_MAX; k++)
        for (unsigned rank = 6; rank-- > 0;)
            for (unsigned i = 0; i < s->report.found_count; i++)
                if (s->report.found[i].bound == k && s->report.found[i].severity == rank)
                    one_finding(o, lab, s, &s->report.found[i], out);
}
