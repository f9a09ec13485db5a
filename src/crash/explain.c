/* SPDX-License-Identifier: MIT */
/*
 * crash/explain.c - the part of analysis.txt that a debugger cannot write.
 *
 * Model: answers in the order a reader asks: what happened, which rule was broken, in which order it came about,
 * whose object it was, what usually repairs it, what passes, what the driver printed, how to see it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crash/bugcheck.h"
#include "crash/disasm.h"
#include "crash/report.h"
#include "crash/story.h"

#define WIDTH 118u

static void
heading(struct text *t, const char *words)
{
    text_add(t, "%s\n", words);
    for (size_t i = strlen(words); i > 0; i--)
        text_put(t, "-");
    text_put(t, "\n");
}

/* "npf!NPF_Write+24 (write.c line 88)" - the line of the call, not of its return. */
static void
place_of(const struct finding_frame *f, char *out, size_t room)
{
    unsigned line = f->call_line != 0 ? f->call_line : f->line;
    const char *file = f->call_line != 0 ? f->call_file : f->file;
    char symbol[224];

    frame_symbol(f, "", symbol, sizeof(symbol));
    if (line != 0 && !f->tail_call)
        snprintf(out, room, "%s (%s line %u)", symbol, str_leaf(file), line);
    else
        snprintf(out, room, "%s", symbol);
}

/* A pointer that holds the pattern of freed memory, or lies near it, came out of a freed block. */
static bool
is_free_poison(uint64_t address)
{
    return address - (HEAP_POISON_FREE - 0x100000) < 0x200000;
}

static bool
holds_free_poison(const struct trap *t)
{
    for (unsigned i = 0; i < 16; i++)
        if (is_free_poison(t->gpr[i]))
            return true;
    return is_free_poison(t->address) || is_free_poison(t->rip);
}

static void
fault_sentence(struct text *words, const struct finding_input *in)
{
    const struct trap *trap = in->trap;
    const struct heap_block *b = finding_object_at(in, trap->address);
    const char *verb = trap->error_code & 0x10 ? "ran code at" : trap->error_code & 2 ? "wrote to" : "read";
    char name[80];

    if (trap->vector != 14 && trap->vector != 13) {
        static const struct {
            unsigned vector;
            const char *words;
        } vectors[] = {
            { 0, "divided by zero" },
            { 1, "met a single-step trap" },
            { 3, "met a breakpoint" },
            { 6, "met an instruction the processor does not know" },
            { 8, "ran out of stack" },
            { 12, "used a bad stack pointer" },
            { 17, "used data that is not aligned" },
        };

        for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
            if (vectors[i].vector == trap->vector)
                text_add(words, "There it %s. ", vectors[i].words);
        return;
    }
    if (b != NULL) {
        story_object_name(in, trap->address, name, sizeof(name));
        text_add(words, "There it %s %s, which %s. ", verb, name, b->freed ? "is freed" : "may not be used that way");
    } else if (holds_free_poison(trap)) {
        text_add(words,
                 "There it %s an address taken from freed memory (the pattern of freed memory is in its "
                 "registers). ",
                 verb);
    } else if (trap->address < 0x10000) {
        text_add(words, "There it %s address 0x%" PRIx64 ": a NULL pointer. ", verb, trap->address);
    } else {
        text_add(words, "There it %s 0x%" PRIx64 ", where nothing is. ", verb, trap->address);
    }
}

/* documented: bugcheck 0x1F2 and its shadow codes. */
static void
sanitizer_sentence(struct text *words, const struct finding_input *in)
{
    static const struct {
        unsigned code;
        const char *words;
    } codes[] = {
        { 0x09, "is paged memory, which may be paged out at this IRQL" },
        { 0x86, "reaches behind the end of the block" },
        { 0x87, "is freed" },
        { 0x8d, "lies before the beginning of a block" },
    };
    unsigned code = in->p[3] & 0xff;
    const char *why = code < 8 ? "reaches behind the end of the block" : "is no block of anybody";

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            why = codes[i].words;
    text_add(words, "It was about to %s %" PRIu64 " byte%s at 0x%" PRIx64 "; that %s. ",
             in->p[3] & 0x100 ? "write" : "read", in->p[1], in->p[1] == 1 ? "" : "s", in->p[0], why);
}

static void
what_happened(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    const struct finding_frame *f = v->blamed >= 0 ? &in->frames[v->blamed] : NULL;
    struct bugcheck_text stop = bugcheck_text(in->code, in->p[0]);
    struct text words = { 0 };
    char actor[96], place[512], broken[400];
    bool ring = false;
    char *done;

    heading(t, "In plain words");
    story_actor(in, in->fiber, actor, sizeof(actor));
    if (in->kind == FINDING_BUGCHECK || in->kind == FINDING_VIOLATION || in->kind == FINDING_RACE) {
        text_add(&words, "%s ran at IRQL %u", actor, in->irql);
        if (in->process != NULL)
            text_add(&words, " in process %s", in->process);
        text_put(&words, ". ");
        if (f != NULL && v->blamed > 0 && in->frames[0].f.pseudo) {
            place_of(f, place, sizeof(place));
            text_add(&words, "%s called %s. ", place, in->frames[v->blamed - 1].function);
            if (in->frames[0].function[0] != 0 && v->blamed > 1)
                text_add(&words, "The failure is in %s!%s. ", in->frames[0].module, in->frames[0].function);
        } else if (f != NULL) {
            place_of(f, place, sizeof(place));
            text_add(&words, "It was in %s. ", place);
        } else if (in->culprit != NULL) {
            place_of(in->culprit, place, sizeof(place));
            text_add(&words, "The routine is %s. ", place);
        }
        if (in->trap != NULL)
            fault_sentence(&words, in);
        else if (in->code == 0x1f2)
            sanitizer_sentence(&words, in);
        if (in->kind == FINDING_BUGCHECK)
            text_add(&words, "The machine stopped with %s. ", stop.name);
    } else if (in->kind == FINDING_HANG) {
        text_put(&words, "Nobody can run any more, and no timer is set that could change that. ");
        ring = waits_tell_ring(&words, in);
    } else if (in->kind == FINDING_LIVELOCK) {
        text_add(&words, "%s runs round the same loop in the same state, and nobody else can run. ", actor);
    }
    if (in->check_text != NULL && !ring) { /* a ring is told already */
        finding_name_text(in, in->check_text, broken, sizeof(broken));
        text_add(&words, "%s%s ", broken, str_iends(broken, ".") ? "" : ".");
    }
    if (v->violation != NULL) {
        finding_name_text(in, v->violation->text, broken, sizeof(broken));
        text_add(&words, "A rule was broken: %s.", broken);
    }
    done = text_done(&words);
    if (done != NULL)
        text_wrap(t, "  ", WIDTH, done);
    free(done);
    text_put(t, "\n");
}

static void
rules_broken(struct text *t, const struct finding_input *in)
{
    if (in->violation_count == 0)
        return;
    heading(t, in->violation_count == 1 ? "The rule that was broken" : "The rules that were broken");
    for (unsigned i = 0; i < in->violation_count; i++) {
        const struct violation *v = &in->violations[i];
        char place[128], actor[96], broken[400];

        text_add(t, "  %s: %s.\n", v->rule->id, v->rule->summary);
        if (v->rule->ddi[0] != 0)
            text_add(t, "    DDI:     %s\n", v->rule->ddi);
        story_actor(in, v->ev.fiber, actor, sizeof(actor));
        finding_name_of(in, v->ev.ip, place, sizeof(place));
        finding_name_text(in, v->text, broken, sizeof(broken));
        text_add(t, "    here:    %s", broken);
        if (v->ev.fiber != 0)
            text_add(t, " (%s%s%s, step %" PRIu64 ")", actor, v->ev.ip ? ", " : "", v->ev.ip ? place : "", v->ev.step);
        text_add(t, "\n    why:     %s\n    source:  %s\n", v->rule->why, v->rule->source);
    }
    text_put(t, "\n");
}

static void
in_order(struct text *t, const struct finding_input *in)
{
    struct story *s = story_build(in);
    unsigned line = 0;

    if (s == NULL || s->count == 0) {
        free(s);
        return;
    }
    heading(t, "In which order, on which processor");
    if (s->cut)
        text_put(t, "      ... earlier events left out; diagram.txt and trace have the run\n");
    for (unsigned i = 0; i < s->count; i++) {
        const struct story_item *item = &s->item[i];
        char actor[96];

        if (item->mark != STORY_EVENT) {
            char to[96];

            story_actor(in, (uint32_t)item->ev->a[0], actor, sizeof(actor));
            story_actor(in, (uint32_t)item->ev->a[1], to, sizeof(to));
            if (item->mark == STORY_PREEMPTED)
                text_add(t, "      -- %s is preempted here; %s runs --\n", actor, to);
            else
                text_add(t, "      -- back to %s --\n", to);
            continue;
        }
        story_actor(in, item->ev->fiber, actor, sizeof(actor));
        text_add(t, "  %3u. %s, IRQL %u: %s\n", ++line, actor, item->ev->irql, item->text);
        if (item->violation != NULL)
            text_add(t, "       ^ breaks %s\n", item->violation->rule->id);
    }
    text_put(t, "\n");
    free(s);
}

/* Where it was allocated or freed: the caller's words, else ours. */
static void
site_name(const struct finding_input *in, const struct heap_block *b, bool freed, char *out, size_t room)
{
    const struct finding_object *o = (const struct finding_object *)b; /* block is the first field */
    const char *words = freed ? o->free_where : o->alloc_where;

    if (words[0] != 0)
        str_copy(out, room, words);
    else
        finding_name_of(in, freed ? b->free_site : b->site, out, room);
}

static void
object_lines(struct text *t, const struct finding_input *in, const struct heap_block *b)
{
    char name[80], site[128], actor[96];

    story_object_name(in, b->address, name, sizeof(name));
    story_actor(in, b->fiber, actor, sizeof(actor));
    text_add(t, "  %s at %" PRIx64 ", %" PRIu64 " bytes",
             name[strspn(name, "0123456789abcdef")] ? name : "memory without a name", b->address, b->size);
    if (b->tag != 0) {
        text_put(t, ", tag '");
        for (unsigned i = 0; i < 4; i++) {
            unsigned char c = (unsigned char)(b->tag >> (8 * i));

            text_add(t, "%c", c >= 0x20 && c < 0x7f ? c : '.');
        }
        text_put(t, "'");
    }
    site_name(in, b, false, site, sizeof(site));
    text_add(t, "\n    allocated by %s%s%s\n", actor, b->site ? " in " : " (the system)", b->site ? site : "");
    if (!b->freed)
        return;
    story_actor(in, b->free_fiber, actor, sizeof(actor));
    site_name(in, b, true, site, sizeof(site));
    text_add(t, "    freed by     %s%s%s\n", actor, b->free_site ? " in " : " (the system)", b->free_site ? site : "");
}

static void
whose_object(struct text *t, const struct finding_input *in)
{
    struct story *s = story_build(in);
    bool any = false;

    for (unsigned i = 0; s != NULL && i < s->seeds; i++) {
        const struct heap_block *b = finding_object_at(in, s->seed[i]);

        if (b == NULL)
            continue;
        if (!any)
            heading(t, "Whose objects they were");
        any = true;
        object_lines(t, in, b);
    }
    if (any)
        text_put(t, "\n");
    free(s);
}

static void
what_fixes(struct text *t, const struct finding_input *in)
{
    if (in->violation_count == 0)
        return;
    heading(t, "What usually repairs it");
    for (unsigned i = 0; i < in->violation_count; i++) {
        bool said = false;

        for (unsigned j = 0; j < i; j++)
            said |= in->violations[j].rule == in->violations[i].rule;
        if (!said)
            text_wrap(t, "  ", WIDTH, in->violations[i].rule->fix);
    }
    text_put(t, "\n");
}

static void
schedules(struct text *t, const struct finding_input *in)
{
    heading(t, "The schedule");
    text_add(t, "  %u preemption%s%s", in->preemptions, in->preemptions == 1 ? "" : "s",
             in->preemptions_minimal ? ", and no schedule with fewer comes to it" : "");
    if (in->runs != 0)
        text_add(t, "; found in run %" PRIu64, in->runs);
    text_put(t, "\n");
    for (unsigned i = 0; i < in->choice_count; i++) {
        static const char *const kinds[] = { "schedule", "fault", "event", "value" };
        const struct finding_choice *c = &in->choices[i];

        text_add(t, "    %-8s %s @ point %u: %u of %u\n", c->kind < 4 ? kinds[c->kind] : "choice", c->fiber, c->point,
                 c->value, c->n);
    }
    if (in->passing != NULL) {
        text_put(t, "  The nearest schedule that passes:\n");
        text_wrap(t, "    ", WIDTH, in->passing);
    }
    text_put(t, "\n");
}

void
report_explain(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    what_happened(t, in, v);
    rules_broken(t, in);
    if (in->kind == FINDING_HANG || in->kind == FINDING_LIVELOCK)
        report_waits(t, in);
    if (in->kind == FINDING_RACE)
        report_race(t, in);
    in_order(t, in);
    whose_object(t, in);
    what_fixes(t, in);
    schedules(t, in);
    if (in->debug_line_count > 0) {
        heading(t, "What the driver printed (DbgPrint)");
        for (unsigned i = 0; i < in->debug_line_count; i++)
            text_add(t, "  %s\n", in->debug_lines[i]);
        text_put(t, "\n");
    }
    heading(t, "To see it again");
    if (in->replay != NULL)
        text_add(t, "  %s\n", in->replay);
    text_add(t, "  scenario %s, undis %s (%s)", in->scenario != NULL ? in->scenario : "unnamed",
             in->undis_version != NULL ? in->undis_version : "?", in->undis_commit != NULL ? in->undis_commit : "?");
    for (unsigned i = 0; i < in->driver_count; i++) {
        const struct finding_driver *d = &in->drivers[i];

        text_add(t, "\n  driver %s: %s %u.%u%s%s", d->service, d->role, d->ndis_major, d->ndis_minor,
                 d->devices[0] ? ", devices " : "", d->devices);
    }
    text_put(t, "\n\n");
}
