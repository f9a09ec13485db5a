/* SPDX-License-Identifier: MIT */
/*
 * trace/event.h - typed events. Layers emit, nobody calls the checkers.
 *
 * An event is a kind, the object it is about, up to six values, and who did it
 * (fiber, VP, IRQL, driver address), which trace_emit() fills in. Listeners
 * subscribe to a set of kinds; with no listener an event costs one predictable
 * branch. The recorder (detail mode) listens to everything.
 *
 * Kinds and what a[] holds stand in events.def: EV(NAME, "text", "a0 a1 ...").
 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <stdint.h>

#include "base/args.h"

enum event_kind {
#define EV(name, text, args) EV_##name,
#include "trace/events.def"
#undef EV
    EV_COUNT
};

struct event {
    uint16_t kind;
    uint8_t vp;
    uint8_t irql;
    uint32_t fiber;  /* fiber id */
    uint64_t step;   /* number of the scheduling step */
    uint64_t object; /* what it is about: an address the driver knows, or 0 */
    uint64_t ip;     /* address in driver code that caused it (return address of the DDI call); 0 if none */
    uint64_t a[6];   /* see events.def */
};

#define EV_BIT(k) (1ull << ((k)&63))

struct event_listener {
    void (*on_event)(void *context, const struct event *ev);
    void *context;
    uint64_t mask[2]; /* bit k%64 of word k/64 set: wants kind k */
};

/* The machine fills in step, fiber, VP, IRQL and ip of each event. */
void trace_set_context(void (*fn)(struct event *));

/* Borrowed for the life of the process; call before the first run. */
void trace_listen(struct event_listener *l);
void trace_remask(void); /* after a listener changed its mask */
/* A listener that was added wants these kinds from now on. Also while others emit: they notice soon. */
void trace_listen_to(struct event_listener *l, const uint64_t mask[2]);

extern uint64_t trace_wanted[2];
/* Not 0: somebody listens to calls, or to where NBLs go; frames then pass through our functions (machine/ddi.c). */
extern uint32_t trace_frames;

/* Does anybody listen to that kind? */
#define trace_wants(kind) \
    (__builtin_expect((__atomic_load_n(&trace_wanted[(kind) / 64], __ATOMIC_RELAXED) >> ((kind) % 64)) & 1, 0))

void trace_emit_slow(uint16_t kind, uint64_t object, const uint64_t a[6]);

/* trace_emit(EV_X, object, a0, a1 ...): up to six values. */
#define trace_emit(kind, object, ...)                                                                \
    (trace_wants(kind)                                                                               \
         ? trace_emit_slow((kind), (uint64_t)(object), (const uint64_t[6]){ U64_ARGS(__VA_ARGS__) }) \
         : (void)0)

const char *event_name(unsigned kind);
const char *event_text(unsigned kind); /* words for a reader */
const char *event_args(unsigned kind); /* names of a[] */

#endif
