/* SPDX-License-Identifier: MIT */
/*
 * crash/race.c - the two accesses of a data race: who, where, holding what, and what does not order them.
 *
 * Model: everything is read off the events. The first access is the other fiber's write, the second is where the rule
 * spoke. A lock orders them if both held it; what else orders (a wait, an interlocked word) was looked for before the
 * accesses became points, or this run could not have come between.
 */
#include <inttypes.h>
#include <stdio.h>

#include "crash/report.h"
#include "crash/story.h"

#define HELD_MAX 8u
#define WIDTH    96u

struct held {
    uint64_t lock[HELD_MAX];
    unsigned count;
};

/* Locks that a fiber holds when event number `at` comes. */
static void
held_at(const struct finding_input *in, unsigned at, uint32_t fiber, struct held *h)
{
    h->count = 0;
    for (unsigned i = 0; i < at; i++) {
        const struct event *ev = &in->events[i];

        if (ev->fiber != fiber)
            continue;
        if (ev->kind == EV_LOCK_ACQUIRE && h->count < HELD_MAX)
            h->lock[h->count++] = ev->object;
        for (unsigned k = 0; ev->kind == EV_LOCK_RELEASE && k < h->count; k++)
            if (h->lock[k] == ev->object) {
                h->lock[k] = h->lock[--h->count];
                break;
            }
    }
}

static void
say_held(struct text *t, const struct finding_input *in, const struct held *h)
{
    char name[80];

    text_put(t, h->count ? "    holding " : "    holding no lock");
    for (unsigned i = 0; i < h->count; i++) {
        story_object_name(in, h->lock[i], name, sizeof(name));
        text_add(t, "%s%s", i ? ", " : "", name);
    }
    text_put(t, "\n");
}

static void
say_frames(struct text *t, const struct finding_frame *frames, unsigned count)
{
    for (unsigned i = 0; i < count && i < 10; i++) {
        const struct finding_frame *f = &frames[i];
        const char *file = i == 0 || !f->call_line ? f->file : f->call_file;
        unsigned line = i == 0 || !f->call_line ? f->line : f->call_line;

        text_add(t, "      %s%s%s+0x%x", f->module, f->function[0] ? "!" : "", f->function, f->offset);
        if (line)
            text_add(t, " [%s @ %u]", file, line);
        text_put(t, "\n");
    }
}

unsigned
race_event(const struct finding_input *in)
{
    for (unsigned i = 0; i < in->event_count; i++)
        if (in->events[i].kind == EV_LOST_UPDATE)
            return i;
    return in->event_count;
}

/* The other's write: the last to that address before. */
static unsigned
write_before(const struct finding_input *in, unsigned race)
{
    const struct event *ev = &in->events[race];

    for (unsigned i = race; i-- > 0;)
        if ((in->events[i].kind == EV_PLAIN_WRITE || in->events[i].kind == EV_LOCKED_OP) &&
            in->events[i].fiber == ev->a[3] && in->events[i].object / 8 == ev->object / 8)
            return i;
    return race;
}

void
report_race(struct text *t, const struct finding_input *in)
{
    unsigned second = race_event(in), first;
    char actor[96], object[80];
    struct held h[2];
    bool common = false;

    if (second == in->event_count)
        return;
    first = write_before(in, second);
    story_object_name(in, in->events[second].object, object, sizeof(object));
    text_put(t, "The two accesses\n----------------\n");
    story_actor(in, (uint32_t)in->events[second].a[3], actor, sizeof(actor));
    text_add(t, "  %s wrote 0x%" PRIx64 " to %s (%" PRIu64 " bytes), at step %" PRIu64 ", IRQL %u\n", actor,
             in->events[second].a[5], object, in->events[second].a[0], in->events[first].step, in->events[first].irql);
    held_at(in, first, (uint32_t)in->events[second].a[3], &h[0]);
    say_held(t, in, &h[0]);
    say_frames(t, in->other_frames, in->other_frame_count);
    story_actor(in, in->events[second].fiber, actor, sizeof(actor));
    text_add(t, "  %s had read 0x%" PRIx64 " there before, and writes now, at step %" PRIu64 ", IRQL %u\n", actor,
             in->events[second].a[4], in->events[second].step, in->events[second].irql);
    held_at(in, second, in->events[second].fiber, &h[1]);
    say_held(t, in, &h[1]);
    say_frames(t, in->frames, in->frame_count);
    for (unsigned i = 0; i < h[0].count; i++)
        for (unsigned k = 0; k < h[1].count; k++)
            common |= h[0].lock[i] == h[1].lock[k];
    text_wrap(t, "  ", WIDTH,
              common ? "Both held a lock in common, but not from the read to the write."
                     : "No lock is held by both, and no wait, no interlocked operation and no other call lies between "
                       "the read and the write of the second: nothing keeps the first from coming between them.");
    text_put(t, "\n");
}
