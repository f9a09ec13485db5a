/* SPDX-License-Identifier: MIT */
/* trace/event.c - event names and delivery. Who did it is filled in by a hook, as trace knows no machine. */
#include "trace/event.h"

#include <stddef.h>

#define LISTENERS_MAX 12

uint64_t trace_wanted[2];
uint32_t trace_frames;
static struct event_listener *listeners[LISTENERS_MAX];
static unsigned listener_count;
static void (*fill_in)(struct event *ev);

static const struct {
    const char *name, *text, *args;
} kinds[EV_COUNT] = {
#define EV(name, text, args) { #name, text, args },
#include "trace/events.def"
#undef EV
};

void
trace_set_context(void (*fn)(struct event *))
{
    fill_in = fn;
}

void
trace_remask(void)
{
    static const uint16_t frames[] = { EV_DDI_ENTER, EV_SEND, EV_SEND_COMPLETE, EV_RECEIVE, EV_RETURN };
    uint32_t any = 0;

    for (unsigned word = 0; word < 2; word++) {
        uint64_t wanted = 0;

        for (unsigned i = 0; i < listener_count; i++)
            wanted |= listeners[i]->mask[word];
        __atomic_store_n(&trace_wanted[word], wanted, __ATOMIC_RELEASE);
    }
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        any |= trace_wants(frames[i]);
    __atomic_store_n(&trace_frames, any, __ATOMIC_RELEASE);
}

void
trace_listen_to(struct event_listener *l, const uint64_t mask[2])
{
    for (unsigned word = 0; word < 2; word++)
        __atomic_store_n(&l->mask[word], mask[word], __ATOMIC_RELEASE);
    trace_remask();
}

void
trace_listen(struct event_listener *l)
{
    if (listener_count < LISTENERS_MAX)
        listeners[listener_count++] = l;
    trace_remask();
}

void
trace_emit_slow(uint16_t kind, uint64_t object, const uint64_t a[6])
{
    struct event ev = { .kind = kind, .object = object };

    for (int i = 0; i < 6; i++)
        ev.a[i] = a[i];
    if (fill_in)
        fill_in(&ev);
    for (unsigned i = 0; i < listener_count; i++)
        if (__atomic_load_n(&listeners[i]->mask[kind / 64], __ATOMIC_ACQUIRE) >> (kind % 64) & 1)
            listeners[i]->on_event(listeners[i]->context, &ev);
}

const char *
event_name(unsigned kind)
{
    return kind < EV_COUNT ? kinds[kind].name : "?";
}

const char *
event_text(unsigned kind)
{
    return kind < EV_COUNT ? kinds[kind].text : "?";
}

const char *
event_args(unsigned kind)
{
    return kind < EV_COUNT ? kinds[kind].args : "";
}
