/* SPDX-License-Identifier: MIT */
/*
 * explore/recorded.c - a scenario from the end of a record: recording_scenario() of recording.h.
 *
 * Model: a source is what becomes one actor: a thread of a program, an administrator, the wire of an adapter, Linux
 * above it, the end of a program. An actor's ops are the last inputs of its source. It has the handles and the adapter
 * states that earlier inputs left: programs begin with their devices open, an adapter that is enabled first is disabled
 * before that.
 */
#include "explore/recording.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define SOURCES_MAX 64u

enum source_kind { SOURCE_THREAD, SOURCE_ADMIN, SOURCE_END, SOURCE_WIRE, SOURCE_LINUX };

struct source {
    enum source_kind kind;
    uint32_t who;    /* of a thread */
    unsigned place;  /* of a program, of an adapter */
    unsigned life;   /* which program in that place */
    char name[40];   /* of the actor */
    unsigned first;  /* its first input that counts */
    unsigned last;   /* its last */
    unsigned inputs; /* that count */
    unsigned near;   /* to what happened last: the higher, the sooner it is taken */
};

struct scene {
    struct recording *r;
    const struct lab_subjects *s;
    struct source source[SOURCES_MAX];
    unsigned count;
    unsigned *of;      /* per input: number of its source, or NO_SOURCE */
    unsigned *results; /* per input: ops before its own that collect requests */
    FILE *f;
};
#define NO_SOURCE (~0u)

static void __attribute__((format(printf, 2, 3)))
lacking(struct recording *r, const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (unsigned i = 0; i < r->lacking_count; i++)
        if (str_eq(r->lacking[i], text))
            return;
    if (r->lacking_count < RECORDING_LACKING_MAX)
        str_copy(r->lacking[r->lacking_count++], sizeof(r->lacking[0]), text);
}

static const struct recorded_who *
who_of(const struct recording *r, uint32_t birth)
{
    for (unsigned i = 0; i < r->who_count; i++)
        if (r->who[i].birth == birth)
            return &r->who[i];
    return NULL;
}

/* ------------------------------------------------------------------ sources */

static bool
is_admin(const struct recorded_input *in)
{
    return str_eq(in->word, "enable") || str_eq(in->word, "disable") || str_eq(in->word, "remove") ||
           str_eq(in->word, "insert") || str_eq(in->word, "take-out");
}

static enum source_kind
kind_of(const struct recorded_input *in)
{
    if (is_admin(in))
        return SOURCE_ADMIN;
    if (str_eq(in->word, "exit"))
        return SOURCE_END;
    if (str_eq(in->word, "frame"))
        return SOURCE_WIRE;
    return str_eq(in->word, "host-frame") ? SOURCE_LINUX : SOURCE_THREAD;
}

/* Programs that ended in that place before input i. */
static unsigned
life_of(const struct recording *r, unsigned place, unsigned i)
{
    unsigned lives = 0;

    for (unsigned k = 0; k < i; k++)
        lives += r->input[k].place == place && str_eq(r->input[k].word, "exit");
    return lives;
}

/* Is this administrator still busy when input i begins? The record is gone through from its end. */
static bool
overlaps(const struct scene *c, const struct source *s, unsigned i)
{
    const struct recorded_input *in = &c->r->input[i], *next = &c->r->input[s->first];

    return in->ended == 0 || in->ended > next->at;
}

static bool
same_source(const struct scene *c, const struct source *s, unsigned i)
{
    const struct recorded_input *in = &c->r->input[i];

    if (s->kind != kind_of(in))
        return false;
    switch (s->kind) {
    case SOURCE_THREAD:
        return s->who == in->who;
    case SOURCE_ADMIN:
        return !overlaps(c, s, i);
    case SOURCE_END:
        return false;
    default:
        return s->place == in->place;
    }
}

static void
name_source(const struct scene *c, struct source *s)
{
    static const char *const names[] = { "", "administrator", "end", "wire", "linux" };
    const struct recorded_who *w = s->kind == SOURCE_THREAD ? who_of(c->r, s->who) : NULL;
    unsigned n = (unsigned)(s - c->source);

    if (s->kind != SOURCE_THREAD)
        snprintf(s->name, sizeof(s->name), "%s-%u", names[s->kind], n);
    else if (w != NULL)
        str_copy(s->name, sizeof(s->name), w->name);
    else
        snprintf(s->name, sizeof(s->name), "program-%u", n);
    for (unsigned i = 0; i < n; i++)
        if (str_eq(c->source[i].name, s->name))
            snprintf(s->name, sizeof(s->name), "program-%u", n);
}

/* The source of input i, made if there is room. */
static struct source *
source_of(struct scene *c, unsigned i)
{
    const struct recorded_input *in = &c->r->input[i];
    struct source *s;

    for (unsigned k = 0; k < c->count; k++)
        if (same_source(c, &c->source[k], i))
            return &c->source[k];
    if (c->count == SOURCES_MAX)
        return NULL;
    s = &c->source[c->count++];
    *s = (struct source){
        .kind = kind_of(in), .who = in->who, .place = in->place, .life = life_of(c->r, in->place, i), .last = i
    };
    name_source(c, s);
    return s;
}

static uint32_t
last_to_run(const struct recording *r)
{
    return r->call_count > 0 ? r->call[r->call_count - 1].who : 0;
}

/*
 * A program of a scenario has one handle of a device: the one that whoever ran last used, else the one used last.
 * Requests on another are no inputs.
 */
static bool
on_its_handle(const struct scene *c, unsigned i)
{
    const struct recorded_input *in = &c->r->input[i];
    uint64_t handle = 0, of_last = 0;

    if (kind_of(in) != SOURCE_THREAD || in->handle == 0)
        return true;
    for (unsigned k = i; k < c->r->input_count; k++) {
        const struct recorded_input *later = &c->r->input[k];

        if (str_eq(later->word, "exit") && later->place == in->place)
            break;
        if (kind_of(later) != SOURCE_THREAD || later->place != in->place || later->handle == 0)
            continue;
        handle = later->handle;
        if (later->who == last_to_run(c->r))
            of_last = handle;
    }
    return in->handle == (of_last ? of_last : handle);
}

/* All sources, and which input is whose, from the end. An open that failed left nothing behind: it is no input. */
static void
find_sources(struct scene *c)
{
    for (unsigned i = c->r->input_count; i-- > 0;) {
        const struct recorded_input *in = &c->r->input[i];
        bool failed = str_eq(in->word, "open") && in->ended != 0 && in->status < 0;
        struct source *s = failed || !on_its_handle(c, i) ? NULL : source_of(c, i);

        c->of[i] = s != NULL ? (unsigned)(s - c->source) : NO_SOURCE;
        if (s != NULL)
            s->first = i;
        else if (!failed)
            lacking(c->r, "requests on further handles of one program");
    }
}

/*
 * How near a source is to the end: who ran last first, then what belongs to the same program, then who was not done,
 * then by time.
 */
static void
rank(struct scene *c)
{
    const struct source *last = NULL;

    for (unsigned i = 0; i < c->count; i++)
        if (c->r->input[c->source[i].last].who == last_to_run(c->r))
            last = &c->source[i];
    for (unsigned i = 0; i < c->count; i++) {
        struct source *s = &c->source[i];
        bool programs = s->kind <= SOURCE_END && s->kind != SOURCE_ADMIN;

        s->near = s->last + 1;
        if (c->r->input[s->last].ended == 0)
            s->near += c->r->input_count;
        if (last != NULL && programs && last->place == s->place && last->life == s->life && last->kind != SOURCE_ADMIN)
            s->near += 4 * c->r->input_count;
        if (s == last)
            s->near += 8 * c->r->input_count;
    }
}

static struct source *
thread_of(struct scene *c, unsigned place, unsigned life)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->source[i].kind == SOURCE_THREAD && c->source[i].place == place && c->source[i].life == life &&
            c->source[i].near > 0)
            return &c->source[i];
    return NULL;
}

/* Keep the nearest; the end of a program needs one of its threads. */
static void
keep_nearest(struct scene *c, unsigned sources)
{
    unsigned kept = 0, least = 0, most;

    for (; kept < sources; kept++) {
        most = 0;
        for (unsigned i = 0; i < c->count; i++)
            if ((least == 0 || c->source[i].near < least) && c->source[i].near > most)
                most = c->source[i].near;
        if (most == 0)
            break;
        least = most;
    }
    for (unsigned i = 0; i < c->count; i++)
        if (c->source[i].near < least)
            c->source[i].near = 0;
    for (unsigned i = 0; i < c->count; i++)
        if (c->source[i].kind == SOURCE_END && thread_of(c, c->source[i].place, c->source[i].life) == NULL)
            c->source[i].near = 0;
}

/* The last inputs of each source that is kept; an adapter that is enabled first was disabled before. */
static void
choose_inputs(struct scene *c, unsigned each)
{
    for (unsigned i = c->r->input_count; i-- > 0;) {
        struct source *s = c->of[i] != NO_SOURCE ? &c->source[c->of[i]] : NULL;
        bool before = s != NULL && s->inputs == each && str_eq(c->r->input[s->first].word, "enable") &&
                      str_eq(c->r->input[i].word, "disable");

        if (s == NULL || s->near == 0 || (s->inputs >= each && !before)) {
            c->of[i] = NO_SOURCE;
            continue;
        }
        s->first = i;
        s->inputs++;
    }
}

/* ------------------------------------------------------------------ ops */

/* The thread that a program calls by number. */
static const struct source *
thread_numbered(struct scene *c, const struct source *of, uint64_t number)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct source *s = &c->source[i];
        const char *colon = strrchr(s->name, ':');

        if (s->kind == SOURCE_THREAD && s->inputs > 0 && s->place == of->place && s->life == of->life && colon &&
            strtoull(colon + 1, NULL, 10) == number)
            return s;
    }
    return NULL;
}

/* Overlapped requests of s, started before input i among those that count and not collected by then. */
static unsigned
started_before(const struct scene *c, const struct source *s, unsigned i, uint64_t id, unsigned *which)
{
    unsigned n = 0;

    *which = 0;
    for (unsigned k = s->first; k < i; k++) {
        const struct recorded_input *in = &c->r->input[k];

        if (c->of[k] != (unsigned)(s - c->source) || !in->overlapped || str_eq(in->word, "open"))
            continue;
        if (in->ended != 0 && in->ended < c->r->input[i].at)
            continue; /* `result` took it off */
        n++;
        if (in->id == id)
            *which = n;
    }
    return n;
}

/* Requests of s that ended since its last op: the program knows. */
static void
print_results(struct scene *c, const struct source *s, unsigned before, unsigned i)
{
    unsigned at = 0;

    for (unsigned k = s->first; k < i; k++) {
        const struct recorded_input *in = &c->r->input[k];

        if (c->of[k] != (unsigned)(s - c->source) || !in->overlapped || str_eq(in->word, "open"))
            continue;
        if (in->ended != 0 && in->ended < c->r->input[before].at)
            continue;
        at++;
        if (in->ended != 0 && in->ended < c->r->input[i].at) {
            fprintf(c->f, "      - { op: result, request: %u }\n", at);
            c->results[i]++;
            at--;
        }
    }
}

static void
print_cancel(struct scene *c, const struct source *s, unsigned i)
{
    const struct recorded_input *in = &c->r->input[i];
    const struct source *other;
    unsigned which;

    if (str_eq(in->word, "cancel-sync")) {
        other = thread_numbered(c, s, in->target);
        if (other != NULL)
            fprintf(c->f, "      - { op: cancel-synchronous, actor: \"%s\" }\n", other->name);
        else
            lacking(c->r, "CancelSynchronousIo of a thread that did nothing before");
        return;
    }
    for (unsigned k = 0; in->target != 0 && k < c->count; k++) {
        other = &c->source[k];
        if (other->kind != SOURCE_THREAD || other->inputs == 0 || other->place != s->place || other->life != s->life)
            continue;
        started_before(c, other, i, in->target, &which);
        if (which == 0)
            continue;
        if (other == s)
            fprintf(c->f, "      - { op: cancel-io-ex, request: %u }\n", which);
        else
            fprintf(c->f, "      - { op: cancel-io-ex, actor: \"%s\", request: %u }\n", other->name, which);
        return;
    }
    if (in->target == 0)
        fprintf(c->f, "      - { op: cancel-io-ex }\n");
    else
        lacking(c->r, "CancelIoEx of a request that was begun too long ago");
}

static void
print_request(struct scene *c, const struct source *s, unsigned i)
{
    static const char *const plain[][2] = { { "close", "close" },
                                            { "cancel", "cancel-io" },
                                            { "thread-end", "exit-thread" } };
    const struct recorded_input *in = &c->r->input[i];

    for (unsigned k = 0; k < sizeof(plain) / sizeof(plain[0]); k++)
        if (str_eq(in->word, plain[k][0])) {
            fprintf(c->f, "      - %s\n", plain[k][1]);
            return;
        }
    if (str_eq(in->word, "open"))
        fprintf(c->f, "      - { op: open, device: each, mode: %s }\n", in->overlapped ? "overlapped" : "synchronous");
    else if (str_eq(in->word, "read"))
        fprintf(c->f, "      - { op: read, len: %u }\n", in->out);
    else if (str_eq(in->word, "write"))
        fprintf(c->f, "      - { op: write, len: %u }\n", in->in);
    else if (str_eq(in->word, "ioctl"))
        fprintf(c->f, "      - { op: ioctl, code: 0x%x, in: %u, out: %u }\n", in->code, in->in, in->out);
    else if (str_starts(in->word, "cancel"))
        print_cancel(c, s, i);
    else
        lacking(c->r, "the request \"%s\"", in->word);
    if ((str_eq(in->word, "write") && in->in > 0) || (str_eq(in->word, "ioctl") && in->in > 0))
        lacking(c->r, "what stood in the buffers of programs: frames of the same lengths, and zeros");
}

static void
print_command(struct scene *c, const struct recorded_input *in)
{
    if (str_eq(in->word, "enable") || str_eq(in->word, "disable"))
        fprintf(c->f, "      - { op: %s, adapter: %u }\n", in->word, in->place);
    else if (str_eq(in->word, "remove"))
        lacking(c->r, "surprise removal of an adapter");
    else if (str_ieq(in->text, c->s->driver[0].service))
        fprintf(c->f, "      - { op: %s, adapter: %u }\n",
                str_eq(in->word, "insert") ? "filter-insert" : "filter-remove", in->place);
    else /* everybody else is paused and restarted for it: that is what others see */
        fprintf(c->f, "      - { op: %s, adapter: %u }\n", str_eq(in->word, "insert") ? "restart" : "pause", in->place);
}

/* Was it opened overlapped, as far as the record tells? */
static bool
opened_overlapped(const struct scene *c, const struct source *s)
{
    for (unsigned k = 0; k < c->r->input_count; k++)
        if (c->of[k] == (unsigned)(s - c->source) && c->r->input[k].overlapped)
            return true;
    return false;
}

static void
print_actor(struct scene *c, const struct source *s)
{
    static const char *const kinds[] = { "program", "admin", "admin", "wire", "protocol" };
    unsigned me = (unsigned)(s - c->source), before = s->first;

    fprintf(c->f, "  - name: \"%s\"\n    kind: %s\n", s->name, kinds[s->kind]);
    if (s->kind == SOURCE_THREAD)
        fprintf(c->f, "    process: \"%u.%u\"\n", s->place, s->life);
    fprintf(c->f, "    ops:\n");
    if (s->kind == SOURCE_THREAD && !str_eq(c->r->input[s->first].word, "open"))
        fprintf(c->f, "      - { op: open, device: each, mode: %s }\n",
                opened_overlapped(c, s) ? "overlapped" : "synchronous");
    if (s->kind == SOURCE_ADMIN && str_eq(c->r->input[s->first].word, "enable"))
        fprintf(c->f, "      - { op: disable, adapter: %u }\n", c->r->input[s->first].place);
    for (unsigned i = s->first; i <= s->last; i++) {
        const struct recorded_input *in = &c->r->input[i];

        if (c->of[i] != me)
            continue;
        switch (s->kind) {
        case SOURCE_THREAD:
            print_results(c, s, before, i);
            print_request(c, s, i);
            before = i;
            break;
        case SOURCE_ADMIN:
            print_command(c, in);
            break;
        case SOURCE_END:
            fprintf(c->f, "      - { op: kill, actor: \"%s\" }\n", thread_of(c, s->place, s->life)->name);
            break;
        case SOURCE_WIRE:
            fprintf(c->f, "      - { op: receive, frames: 1, adapter: %u }\n", in->place);
            break;
        case SOURCE_LINUX:
            fprintf(c->f, "      - { op: send, len: %u, adapter: %u }\n", in->in, in->place);
            lacking(c->r, "what stood in frames that Linux sent: made-up ones of the same lengths");
            break;
        }
    }
}

/* ------------------------------------------------------------------ the stack */

static bool
print_stack(struct scene *c, const char *wire, bool frames)
{
    const struct recording *r = c->r;
    const char *miniport = r->adapter[0], *sep = "";

    for (unsigned i = 1; i < r->adapter_count; i++)
        if (!str_eq(r->adapter[i], r->adapter[0])) {
            lacking(c->r, "adapters of several kinds");
            return false;
        }
    if (str_starts(miniport, "driver "))
        miniport += 7;
    else if (!str_eq(miniport, "loop"))
        miniport = frames ? "pcap" : "sink";
    fprintf(c->f, "stack:\n  miniport: %s\n  adapters: %u\n", miniport, r->adapter_count);
    if (str_eq(miniport, "pcap"))
        fprintf(c->f, "  wire: %s\n", wire);
    for (unsigned kind = 0; kind < 2; kind++) {
        fprintf(c->f, "  %s: [", kind == 0 ? "filters" : "protocols");
        sep = "";
        for (unsigned i = 0; i < r->driver_count; i++)
            for (unsigned k = 0; k < c->s->count; k++) /* in the stack's order, which is the record's */
                if (str_eq(r->driver[i].path, c->s->driver[k].inf[0] ? c->s->driver[k].inf : c->s->driver[k].sys) &&
                    c->s->driver[k].kind == (kind == 0 ? INF_FILTER : INF_PROTOCOL)) {
                    fprintf(c->f, "%s %s", sep, c->s->driver[k].service);
                    sep = ",";
                }
        if (kind == 1 && (r->hostif || *sep == '\0'))
            fprintf(c->f, "%s %s", sep, r->hostif ? "test" : "none");
        fprintf(c->f, " ]\n");
    }
    if (r->parameter_count > 0) {
        fprintf(c->f, "  parameters:\n");
        for (unsigned i = 0; i < r->parameter_count; i++)
            fprintf(c->f, "    - \"%s\"\n", r->parameter[i]);
    }
    return true;
}

/* ------------------------------------------------------------------ the order */

static int
name_in(struct follow_list *l, const char *name)
{
    for (unsigned i = 0; i < l->names; i++)
        if (str_eq(l->name[i], name))
            return (int)i;
    if (l->names == FOLLOW_NAMES_MAX)
        return -1;
    str_copy(l->name[l->names], sizeof(l->name[0]), name);
    return (int)l->names++;
}

/* Which actor's fiber made a call then; NULL: none's. */
static const struct source *
actor_at(const struct scene *c, uint32_t who, uint64_t at)
{
    const struct source *found = NULL;

    for (unsigned i = 0; i < c->r->input_count && c->r->input[i].at < at; i++)
        if (c->r->input[i].who == who)
            found = c->of[i] != NO_SOURCE && (c->r->input[i].ended == 0 || c->r->input[i].ended > at)
                        ? &c->source[c->of[i]]
                        : NULL;
    return found;
}

static void
put_step(struct follow_list *l, int who, uint16_t index)
{
    if (who < 0 || l->count == FOLLOW_STEPS_MAX)
        return;
    l->step[l->count++] = (struct follow_step){ (uint8_t)who, index };
}

static void
put_call(struct scene *c, const struct recorded_call *call, struct follow_list *l)
{
    const struct recorded_who *w = who_of(c->r, call->who);
    const struct source *s;
    int who = -1;

    if (call->index == RECORDED_TIMER) {
        put_step(l, FOLLOW_TIME, 0);
        return;
    }
    if (call->index < 0 || ddi_get((unsigned)call->index)->touch == TOUCH_NONE)
        return; /* no point under exploration */
    s = actor_at(c, call->who, call->at);
    if (w != NULL && w->kind == FIBER_DPC)
        who = FOLLOW_DPC;
    else if (s != NULL)
        who = name_in(l, s->name);
    else if (w != NULL && w->kind == FIBER_SYSTEM && !str_eq(w->name, "control"))
        who = name_in(l, w->name);
    put_step(l, who, (uint16_t)call->index);
}

/* Ops that a program begins with before the run do not stand in the list: its devices are open then. */
static void
put_ops(struct scene *c, unsigned i, bool begun[SOURCES_MAX], struct follow_list *l)
{
    unsigned s = c->of[i];

    if (s == NO_SOURCE)
        return;
    begun[s] |= !str_eq(c->r->input[i].word, "open");
    for (unsigned n = 0; begun[s] && n <= c->results[i]; n++)
        put_step(l, name_in(l, c->source[s].name), FOLLOW_OP);
}

/* From the first input that counts on. */
static void
order(struct scene *c, struct follow_list *l)
{
    bool begun[SOURCES_MAX] = { false };
    unsigned i = c->r->input_count, k = 0;

    memset(l, 0, sizeof(*l));
    for (unsigned n = 0; n < c->count; n++)
        i = c->source[n].inputs > 0 && c->source[n].first < i ? c->source[n].first : i;
    while (k < c->r->call_count && i < c->r->input_count && c->r->call[k].at < c->r->input[i].at)
        k++;
    while (i < c->r->input_count || k < c->r->call_count)
        if (k == c->r->call_count || (i < c->r->input_count && c->r->input[i].at < c->r->call[k].at)) {
            put_ops(c, i++, begun, l);
        } else {
            put_call(c, &c->r->call[k++], l);
        }
}

/* ------------------------------------------------------------------ all of it */

char *
recording_scenario(struct recording *r, const struct lab_subjects *s, const struct recording_part *part,
                   struct follow_list *follow, struct wire_record *frames, uint32_t frame_max, uint32_t *frame_count)
{
    struct scene c = { .r = r, .s = s, .of = calloc(r->input_count + 1, sizeof(*c.of)) };
    unsigned wires = 0;
    char *text = NULL;
    size_t len = 0;
    bool good = false;

    *frame_count = 0;
    c.results = calloc(r->input_count + 1, sizeof(*c.results));
    c.f = open_memstream(&text, &len);
    if (c.of == NULL || c.results == NULL || c.f == NULL)
        goto out;
    find_sources(&c);
    rank(&c);
    keep_nearest(&c, part->sources);
    choose_inputs(&c, part->each);
    for (unsigned i = 0; i < r->input_count; i++)
        if (c.of[i] != NO_SOURCE && c.source[c.of[i]].kind == SOURCE_WIRE && *frame_count < frame_max)
            frames[(*frame_count)++] = (struct wire_record){ i, r->input[i].bytes, r->input[i].in };
    for (unsigned i = 0; i < c.count; i++)
        wires += c.source[i].kind == SOURCE_WIRE && c.source[i].inputs > 0;
    if (wires > 1)
        lacking(r, "which frames came on which of several wires: each plays them all");
    fprintf(c.f, "name: recorded-%ux%u\nvps: %u\n", part->sources, part->each, r->vps);
    if (r->os[0] != '\0')
        fprintf(c.f, "os: %s\n", r->os);
    good = c.count > 0 && print_stack(&c, part->wire, *frame_count > 0);
    fprintf(c.f, "actors:\n");
    for (unsigned i = 0; i < c.count && good; i++)
        if (c.source[i].inputs > 0)
            print_actor(&c, &c.source[i]);
    if (good)
        order(&c, follow);
out:
    if (c.f != NULL)
        fclose(c.f);
    free(c.of);
    free(c.results);
    if (!good) {
        free(text);
        text = NULL;
    }
    return text;
}
