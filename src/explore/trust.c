/* SPDX-License-Identifier: MIT */
/* explore/trust.c - see trust.h. Start reading at: trust_detail(). */
#include "explore/trust.h"

#include <string.h>

#define TEXT_ENDS(field)     (memchr((field), '\0', sizeof(field)) != NULL)
#define ARRAY(d, p, n)       inside((d), (p), (n), sizeof(*(p)))
#define MAYBE_ARRAY(d, p, n) ((n) == 0 || ARRAY(d, p, n))

static uint64_t limit_bytes; /* of the mapping being judged */

/* n elements of size bytes at p, all of them in the part of the mapping that detail_alloc() hands out. */
static bool
inside(const struct detail *d, const void *p, uint64_t n, uint64_t size)
{
    uint64_t at = (uint64_t)p - (uint64_t)d;

    return at >= sizeof(*d) && at <= limit_bytes && n <= (limit_bytes - at) / size;
}

static bool
text_inside(const struct detail *d, const char *text)
{
    return ARRAY(d, text, 1) && memchr(text, '\0', limit_bytes - ((uint64_t)text - (uint64_t)d)) != NULL;
}

static bool
maybe_text(const struct detail *d, const char *text)
{
    return text == NULL || text_inside(d, text);
}

static bool
rule_known(const struct verify_rule *rule)
{
    const struct verify_rule *known;

    for (unsigned i = 0; (known = verify_rule_get(i)) != NULL; i++)
        if (known == rule)
            return true;
    return false;
}

static bool
frames_sound(const struct finding_frame *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!TEXT_ENDS(f[i].module) || !TEXT_ENDS(f[i].function) || !TEXT_ENDS(f[i].file) || !TEXT_ENDS(f[i].call_file))
            return false;
    return true;
}

static bool
fibers_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (in->fibers != d->fibers || !MAYBE_ARRAY(d, in->fibers, in->fiber_count))
        return false;
    for (unsigned i = 0; i < in->fiber_count; i++) {
        const struct finding_fiber *f = &in->fibers[i];

        if (!TEXT_ENDS(f->name) || !TEXT_ENDS(f->block_why) || !MAYBE_ARRAY(d, f->frames, f->frame_count) ||
            !frames_sound(f->frames, f->frame_count))
            return false;
    }
    return true;
}

static bool
modules_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (!MAYBE_ARRAY(d, in->modules, in->module_count))
        return false;
    for (unsigned i = 0; i < in->module_count; i++)
        if (!TEXT_ENDS(in->modules[i].name) || !TEXT_ENDS(in->modules[i].file) || !TEXT_ENDS(in->modules[i].path) ||
            !TEXT_ENDS(in->modules[i].version))
            return false;
    return true;
}

static bool
memory_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (!MAYBE_ARRAY(d, in->ranges, in->range_count) || !MAYBE_ARRAY(d, in->objects, in->object_count))
        return false;
    for (unsigned i = 0; i < in->range_count; i++)
        if (!inside(d, in->ranges[i].bytes, in->ranges[i].size, 1))
            return false;
    for (unsigned i = 0; i < in->object_count; i++)
        if (!TEXT_ENDS(in->objects[i].block.what) || !TEXT_ENDS(in->objects[i].alloc_where) ||
            !TEXT_ENDS(in->objects[i].free_where))
            return false;
    return true;
}

static bool
violations_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (!MAYBE_ARRAY(d, in->violations, in->violation_count))
        return false;
    for (unsigned i = 0; i < in->violation_count; i++)
        if (!rule_known(in->violations[i].rule) || !TEXT_ENDS(in->violations[i].text))
            return false;
    return true;
}

static bool
choices_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (!MAYBE_ARRAY(d, in->choices, in->choice_count))
        return false;
    for (unsigned i = 0; i < in->choice_count; i++)
        if (!TEXT_ENDS(in->choices[i].fiber) || in->choices[i].kind >= CHOICE_KINDS)
            return false;
    return true;
}

static bool
lines_sound(const struct detail *d)
{
    const struct finding_input *in = &d->in;

    if (!MAYBE_ARRAY(d, in->debug_lines, in->debug_line_count))
        return false;
    for (unsigned i = 0; i < in->debug_line_count; i++)
        if (!text_inside(d, in->debug_lines[i]))
            return false;
    return maybe_text(d, in->check_text) && maybe_text(d, in->process);
}

static bool
wire_sound(const struct detail *d)
{
    if (!MAYBE_ARRAY(d, d->wire, d->wire_count))
        return false;
    for (uint32_t i = 0; i < d->wire_count; i++)
        if (!inside(d, d->wire[i].bytes, d->wire[i].length, 1))
            return false;
    return true;
}

/* Fields that only the supervisor fills. */
static bool
ours_untouched(const struct finding_input *in)
{
    return !in->drivers && !in->names && !in->culprit && !in->trace_text && !in->passing && !in->replay &&
           !in->scenario && !in->scenario_text && !in->undis_version && !in->undis_commit && !in->os_profile &&
           !in->src_map;
}

const char *
trust_detail(const struct detail *d, uint64_t size)
{
    const struct finding_input *in = &d->in;

    limit_bytes = size;
    if (d->size != size || d->next > size)
        return "the size of the record";
    if (in->kind > FINDING_RACE || !TEXT_ENDS(d->run.text) || !ours_untouched(in))
        return "what kind of failure it is";
    if (in->frames != d->frames || !MAYBE_ARRAY(d, in->frames, in->frame_count) ||
        !frames_sound(in->frames, in->frame_count) || (in->trap && !ARRAY(d, in->trap, 1)))
        return "the stack";
    if (!MAYBE_ARRAY(d, in->other_frames, in->other_frame_count) ||
        !frames_sound(in->other_frames, in->other_frame_count))
        return "the other stack";
    if (!fibers_sound(d))
        return "the threads";
    if (!modules_sound(d))
        return "the modules";
    if (!memory_sound(d))
        return "the memory";
    if (!MAYBE_ARRAY(d, in->events, in->event_count))
        return "the events";
    if (!violations_sound(d))
        return "the broken rules";
    if (!choices_sound(d))
        return "the choices";
    if (!lines_sound(d))
        return "the texts";
    return wire_sound(d) ? NULL : "the frames of the wire";
}

const char *
trust_report(const struct search_report *r)
{
    if (r->found_count > FOUND_MAX)
        return "the number of failures";
    if (!TEXT_ENDS(r->unsupported) || !TEXT_ENDS(r->text))
        return "its texts";
    for (unsigned i = 0; i < r->found_count; i++) {
        const struct found *f = &r->found[i];

        if (!TEXT_ENDS(f->run.text) || !TEXT_ENDS(f->check) || !TEXT_ENDS(f->passing))
            return "the text of a failure";
        if (f->rule >= 0 && (!rule_known(f->violation.rule) || !TEXT_ENDS(f->violation.text)))
            return "a broken rule";
        if (f->choices.count > CHOICES_MAX || f->bound > CHOICES_MAX)
            return "the choices of a failure";
        for (uint32_t k = 0; k < f->choices.count; k++)
            if (f->choices.c[k].kind >= CHOICE_KINDS || f->choices.c[k].fiber > FIBER_MAX ||
                f->choices.c[k].to > FIBER_MAX)
                return "a choice of a failure";
    }
    return NULL;
}

const char *
trust_reached(const struct lab_reached *reached)
{
    if (!TEXT_ENDS(reached->states_text) || !TEXT_ENDS(reached->devices) || !TEXT_ENDS(reached->scenario_sha256) ||
        reached->driver_count > LAB_DRIVERS_MAX)
        return "what was reached";
    for (unsigned i = 0; i < reached->driver_count; i++)
        if (!TEXT_ENDS(reached->driver[i].service) || !TEXT_ENDS(reached->driver[i].sha256))
            return "which drivers ran";
    return NULL;
}
