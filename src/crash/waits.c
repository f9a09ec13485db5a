/* SPDX-License-Identifier: MIT */
/*
 * crash/waits.c - hang reports: who waits for what, held by whom.
 *
 * Model: each stuck fiber points at whoever could wake it: the owner its block names, else, for an object somebody
 * holds by the events (a lock acquired and not released), that holder. A ring of such arrows is a deadlock; an
 * arrow to a fiber that ended is an object left behind; no arrow at all is a wake-up that never came, or came too
 * early: if the object was signalled before the wait began, that is said.
 */
#include <inttypes.h>
#include <stdio.h>

#include "crash/report.h"
#include "crash/story.h"

static bool
is_stuck(const struct finding_fiber *f)
{
    return f->state == FIBER_BLOCKED && !f->daemon && f->block_kind != BLOCK_IDLE && f->block_kind != BLOCK_NONE;
}

/* Who acquired object last and did not release it. */
static uint32_t
holder_by_events(const struct finding_input *in, uint64_t object, uint64_t *ip)
{
    uint32_t holder = 0;

    for (unsigned i = 0; i < in->event_count; i++) {
        const struct event *ev = &in->events[i];

        if (ev->object != object)
            continue;
        if (ev->kind == EV_LOCK_ACQUIRE) {
            holder = ev->fiber;
            *ip = ev->ip;
        } else if (ev->kind == EV_LOCK_RELEASE) {
            holder = 0;
        }
    }
    return holder;
}

static uint32_t
holder_of(const struct finding_input *in, const struct finding_fiber *f, uint64_t *ip)
{
    uint32_t by_events = holder_by_events(in, f->block_object, ip);

    return f->block_owner != 0 ? f->block_owner : by_events;
}

/* Length of the ring that starts and ends at f; 0: none. */
static unsigned
ring_length(const struct finding_input *in, const struct finding_fiber *f)
{
    const struct finding_fiber *at = f;
    uint64_t ip;

    for (unsigned n = 1; n <= in->fiber_count; n++) {
        uint32_t next = holder_of(in, at, &ip);

        at = next != 0 ? finding_fiber_by_id(in, next) : NULL;
        if (at == NULL || !is_stuck(at))
            return 0;
        if (at == f)
            return n;
    }
    return 0;
}

/* Number of the event with which f began to wait, 0: none. */
static unsigned
wait_event(const struct finding_input *in, const struct finding_fiber *f)
{
    unsigned i = in->event_count;

    while (i > 0 && (in->events[i - 1].kind != EV_BLOCK || in->events[i - 1].fiber != f->id))
        i--;
    return i;
}

const struct finding_fiber *
waits_closer(const struct finding_input *in)
{
    const struct finding_fiber *closer = NULL;

    for (unsigned i = 0; i < in->fiber_count; i++) {
        const struct finding_fiber *f = &in->fibers[i];

        if (is_stuck(f) && ring_length(in, f) > 0 && (!closer || wait_event(in, f) > wait_event(in, closer)))
            closer = f;
    }
    return closer;
}

bool
waits_tell_ring(struct text *out, const struct finding_input *in)
{
    const struct finding_fiber *first = waits_closer(in), *at = first;
    char actor[96];
    uint64_t ip;

    if (first == NULL)
        return false;
    story_actor(in, first->id, actor, sizeof(actor));
    text_put(out, actor);
    do {
        const struct finding_fiber *next = finding_fiber_by_id(in, holder_of(in, at, &ip));

        story_actor(in, next->id, actor, sizeof(actor));
        if (next == at)
            text_put(out, " waits for what it holds itself");
        else
            text_add(out, "%s waits for what %s holds", at == first ? "" : ", which", actor);
        at = next;
    } while (at != first);
    text_put(out, ": a deadlock. ");
    return true;
}

/* The last signal of object: a wake-up that was lost came before the wait. */
static const struct event *
last_signal(const struct finding_input *in, uint64_t object)
{
    const struct event *last = NULL;

    for (unsigned i = 0; i < in->event_count; i++)
        if (in->events[i].kind == EV_EVENT_SET && in->events[i].object == object)
            last = &in->events[i];
    return last;
}

static void
wait_line(struct text *t, const struct finding_input *in, const struct finding_fiber *f)
{
    char actor[96], other[96], object[80], place[128], why[160];
    const struct finding_fiber *holder = NULL;
    const struct event *signal;
    uint64_t ip = 0;
    uint32_t id = holder_of(in, f, &ip);

    story_actor(in, f->id, actor, sizeof(actor));
    story_object_name(in, f->block_object, object, sizeof(object));
    finding_name_text(in, f->block_why[0] ? f->block_why : "waits", why, sizeof(why));
    text_add(t, "  %s, IRQL %u: %s", actor, f->irql, why);
    if (f->block_object > 0xffff)
        text_add(t, " (%s)", object);
    text_put(t, "\n");
    if (id != 0)
        holder = finding_fiber_by_id(in, id);
    if (id == f->id) {
        text_put(t, "    it holds that itself\n");
    } else if (id != 0) {
        story_actor(in, id, other, sizeof(other));
        text_add(t, "    held by %s%s", other,
                 holder != NULL && holder->state == FIBER_DONE ? ", which has ended" : "");
        if (ip != 0) {
            finding_name_of(in, ip, place, sizeof(place));
            text_add(t, ", acquired in %s", place);
        }
        text_put(t, "\n");
    } else if ((signal = last_signal(in, f->block_object)) != NULL) {
        story_actor(in, signal->fiber, other, sizeof(other));
        text_add(t, "    the last signal came from %s at step %" PRIu64 ", and this wait did not see it\n", other,
                 signal->step);
    } else if (f->block_kind == BLOCK_WAIT) {
        text_put(t, "    nobody ever signalled it\n");
    }
    for (unsigned i = 0; i < f->frame_count && i < 8; i++) {
        const struct finding_frame *fr = &f->frames[i];

        if (fr->module[0] == 0 && fr->function[0] == 0) /* the program, or an address in nothing */
            continue;
        text_add(t, "      %s%s%s+0x%x", fr->module, fr->function[0] ? "!" : "", fr->function, fr->offset);
        if (fr->call_line != 0)
            text_add(t, " [%s @ %u]", fr->call_file, fr->call_line);
        text_put(t, "\n");
    }
}

void
report_waits(struct text *t, const struct finding_input *in)
{
    unsigned stuck = 0, ring = 0;

    text_put(t, "Who waits for what\n------------------\n");
    for (unsigned i = 0; i < in->fiber_count; i++) {
        if (!is_stuck(&in->fibers[i]))
            continue;
        stuck++;
        if (ring == 0)
            ring = ring_length(in, &in->fibers[i]);
        wait_line(t, in, &in->fibers[i]);
    }
    if (stuck == 0)
        text_put(t, "  No fiber is stuck.\n");
    else if (ring == 1)
        text_put(t, "  This is a deadlock of one: it waits for what it holds.\n");
    else if (ring > 1)
        text_add(t, "  This is a deadlock: %u of them wait for each other in a ring.\n", ring);
    text_put(t, "\n");
}
