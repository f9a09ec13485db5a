/* SPDX-License-Identifier: MIT */
/*
 * crash/json.c - finding.json: what a program wants to know.
 *
 * Model: keys are stable and sorted as written here; a key that does not apply is null, never absent. Addresses,
 * codes and hashes are strings of hexadecimal digits, as JSON numbers cannot hold them.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/bugcheck.h"
#include "crash/finding.h"

static json_t *
json_hex(uint64_t value)
{
    char s[24];

    snprintf(s, sizeof(s), "0x%" PRIx64, value);
    return json_string(s);
}

static json_t *
json_sha256(const uint8_t d[32])
{
    char s[65];

    for (unsigned i = 0; i < 32; i++)
        snprintf(s + 2 * i, 3, "%02x", d[i]);
    return json_string(s);
}

/* Text from drivers need not be UTF-8; what is not becomes '?'. */
static json_t *
json_words(const char *s)
{
    json_t *j;
    char *clean;

    if (s == NULL)
        return json_null();
    j = json_string(s);
    if (j != NULL)
        return j;
    clean = strdup(s);
    if (clean == NULL)
        return NULL;
    for (char *c = clean; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    j = json_string(clean);
    free(clean);
    return j;
}

static json_t *
json_frame(const struct finding_frame *f)
{
    json_t *o = json_object();

    json_object_set_new(o, "module", f->module[0] ? json_words(f->module) : json_null());
    json_object_set_new(o, "function", f->function[0] ? json_words(f->function) : json_null());
    json_object_set_new(o, "offset", json_hex(f->offset));
    json_object_set_new(o, "address", json_hex(f->f.ip));
    json_object_set_new(o, "child_sp", json_hex(f->f.child_sp));
    json_object_set_new(o, "return_address", json_hex(f->f.ret_addr));
    json_object_set_new(o, "file", f->file[0] ? json_words(f->file) : json_null());
    json_object_set_new(o, "line", f->line ? json_integer(f->line) : json_null());
    return o;
}

/* Where a reader should look: the call itself, not the line after it. */
static json_t *
json_location(const struct finding_input *in, const struct finding_verdict *v)
{
    const struct finding_frame *f = v->blamed >= 0 ? &in->frames[v->blamed] : in->culprit;
    bool call = f != NULL && f->call_line != 0 && !f->tail_call;
    json_t *o;

    if (f == NULL || f->function[0] == 0)
        return json_null();
    o = json_object();
    json_object_set_new(o, "file", f->file[0] ? json_words(call ? f->call_file : f->file) : json_null());
    json_object_set_new(o, "line", f->line ? json_integer(call ? f->call_line : f->line) : json_null());
    json_object_set_new(o, "function", json_words(f->function));
    json_object_set_new(o, "module", json_words(f->module));
    return o;
}

static json_t *
json_violation(const struct finding_input *in, const struct violation *v)
{
    json_t *o = json_object();
    char text[400];

    json_object_set_new(o, "rule", json_words(v->rule->id));
    json_object_set_new(o, "summary", json_words(v->rule->summary));
    finding_name_text(in, v->text, text, sizeof(text));
    json_object_set_new(o, "text", json_words(text));
    json_object_set_new(o, "fix", json_words(v->rule->fix));
    json_object_set_new(o, "source", json_words(v->rule->source));
    json_object_set_new(o, "fatal", json_boolean(v->rule->severity == RULE_FATAL));
    json_object_set_new(o, "fiber", json_integer(v->ev.fiber));
    json_object_set_new(o, "step", json_integer((json_int_t)v->ev.step));
    json_object_set_new(o, "address", json_hex(v->ev.ip));
    return o;
}

static json_t *
json_choices(const struct finding_input *in)
{
    static const char *const kinds[] = { "schedule", "fault", "event", "value" };
    json_t *a = json_array();

    for (unsigned i = 0; i < in->choice_count; i++) {
        const struct finding_choice *c = &in->choices[i];
        json_t *o = json_object();

        json_object_set_new(o, "kind", json_string(c->kind < 4 ? kinds[c->kind] : "unknown"));
        json_object_set_new(o, "fiber", json_words(c->fiber));
        json_object_set_new(o, "point", json_integer(c->point));
        json_object_set_new(o, "of", json_integer(c->n));
        json_object_set_new(o, "value", json_integer(c->value));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *
json_modules(const struct finding_input *in)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < in->module_count; i++) {
        const struct finding_module *m = &in->modules[i];
        json_t *o = json_object();

        json_object_set_new(o, "name", json_words(m->name));
        json_object_set_new(o, "file", json_words(m->file));
        json_object_set_new(o, "base", json_hex(m->base));
        json_object_set_new(o, "size", json_hex(m->size));
        json_object_set_new(o, "timestamp", json_hex(m->timestamp));
        json_object_set_new(o, "version", m->version[0] ? json_words(m->version) : json_null());
        json_object_set_new(o, "sha256", m->pseudo ? json_null() : json_sha256(m->sha256));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *
json_bugcheck(const struct finding_input *in)
{
    json_t *o, *p;

    if (in->code == 0)
        return json_null();
    o = json_object();
    p = json_array();
    for (unsigned i = 0; i < 4; i++)
        json_array_append_new(p, json_hex(in->p[i]));
    json_object_set_new(o, "code", json_hex(in->code));
    json_object_set_new(o, "name", json_string(bugcheck_text(in->code, in->p[0]).name));
    json_object_set_new(o, "parameters", p);
    return o;
}

static json_t *
json_lines(const char *const *lines, unsigned count)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(a, json_words(lines[i]));
    return a;
}

char *
finding_json(const struct finding_input *in)
{
    static const char *const kinds[] = { "bugcheck", "violation", "hang", "livelock", "check", "escape", "data race" };
    struct finding_verdict v;
    json_t *o = json_object(), *stack = json_array(), *broken = json_array();
    char *text;

    finding_conclude(in, &v);
    for (unsigned i = 0; i < in->frame_count; i++)
        json_array_append_new(stack, json_frame(&in->frames[i]));
    for (unsigned i = 0; i < in->violation_count; i++)
        json_array_append_new(broken, json_violation(in, &in->violations[i]));

    json_object_set_new(o, "format", json_integer(1));
    json_object_set_new(o, "kind", json_string(kinds[in->kind]));
    json_object_set_new(o, "bucket", json_words(v.bucket));
    json_object_set_new(o, "hash", json_string(v.hash));
    json_object_set_new(o, "bugcheck", json_bugcheck(in));
    json_object_set_new(o, "rule", v.violation != NULL ? json_words(v.violation->rule->id) : json_null());
    json_object_set_new(o, "words", json_words(in->check_text));
    json_object_set_new(o, "module", v.module[0] ? json_words(v.module) : json_null());
    json_object_set_new(o, "location", json_location(in, &v));
    json_object_set_new(o, "irql", json_integer(in->irql));
    json_object_set_new(o, "process", json_words(in->process));
    json_object_set_new(o, "stack", stack);
    json_object_set_new(o, "violations", broken);
    json_object_set_new(o, "k", json_integer(in->preemptions));
    json_object_set_new(o, "k_minimal", json_boolean(in->preemptions_minimal));
    json_object_set_new(o, "runs", json_integer((json_int_t)in->runs));
    json_object_set_new(o, "step", json_integer((json_int_t)in->step));
    json_object_set_new(o, "choices", json_choices(in));
    json_object_set_new(o, "passing", json_words(in->passing));
    json_object_set_new(o, "replay", json_words(in->replay));
    json_object_set_new(o, "vps", json_integer(in->vps));
    json_object_set_new(o, "modules", json_modules(in));
    json_object_set_new(o, "debug_print", json_lines(in->debug_lines, in->debug_line_count));
    json_object_set_new(o, "scenario", json_words(in->scenario));
    json_object_set_new(o, "scenario_sha256", json_sha256(in->scenario_sha256));
    json_object_set_new(o, "arena_sha256", json_sha256(in->arena_sha256));
    json_object_set_new(o, "events_sha256", json_sha256(in->events_sha256));
    json_object_set_new(o, "undis", json_words(in->undis_version));
    json_object_set_new(o, "undis_commit", json_words(in->undis_commit));
    json_object_set_new(o, "os_profile", json_words(in->os_profile));
    text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(o);
    return text;
}
