/* SPDX-License-Identifier: MIT */
/* control/trace.c - see trace.h. */
#include "control/trace.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/event.h"

#define SLOTS 65536u

struct slot {
    uint32_t full;
    struct event ev;
};

static struct {
    struct slot *slot;
    uint32_t put, lost; /* by any VP */
    uint32_t get;       /* control thread */
    FILE *file;         /* control thread, and what follows */
    char name[512];
    unsigned long written;
} trace;

static void
on_event(void *context, const struct event *ev)
{
    uint32_t at = __atomic_load_n(&trace.put, __ATOMIC_RELAXED);
    struct slot *s;

    (void)context;
    do {
        if (at - __atomic_load_n(&trace.get, __ATOMIC_ACQUIRE) >= SLOTS) {
            __atomic_fetch_add(&trace.lost, 1, __ATOMIC_RELAXED);
            return;
        }
    } while (!__atomic_compare_exchange_n(&trace.put, &at, at + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    s = &trace.slot[at % SLOTS];
    s->ev = *ev;
    __atomic_store_n(&s->full, 1, __ATOMIC_RELEASE);
}

static struct event_listener listener = { .on_event = on_event };

int
trace_prepare(void)
{
    trace.slot = calloc(SLOTS, sizeof(*trace.slot));
    if (trace.slot == NULL)
        return -ENOMEM;
    trace_listen(&listener);
    return 0;
}

int
trace_open(const char *file, char text[200])
{
    int err;

    if (trace.file != NULL) {
        snprintf(text, 200, "a trace is being written to %.150s; switch it off first", trace.name);
        return -EBUSY;
    }
    trace.file = fopen(file, "we");
    if (trace.file == NULL) {
        err = -errno;
        snprintf(text, 200, "the trace cannot be written to %.100s (%s)", file, strerror(-err));
        return err;
    }
    snprintf(trace.name, sizeof(trace.name), "%s", file);
    trace.written = 0;
    __atomic_store_n(&trace.lost, 0, __ATOMIC_RELAXED);
    return 0;
}

void
trace_switch(bool on)
{
    const uint64_t all = on ? UINT64_MAX : 0, calls = EV_BIT(EV_DDI_ENTER);

    _Static_assert(EV_DDI_ENTER < 64, "it is in the first word");
    trace_listen_to(&listener, (const uint64_t[2]){ all & ~calls, all });
}

static void
write_line(const struct event *ev)
{
    fprintf(trace.file, "%llu vp=%u fiber=%u irql=%u %s object=%llx ip=%llx", (unsigned long long)ev->step, ev->vp,
            ev->fiber, ev->irql, event_name(ev->kind), (unsigned long long)ev->object, (unsigned long long)ev->ip);
    for (unsigned i = 0; i < 6; i++)
        fprintf(trace.file, " %llx", (unsigned long long)ev->a[i]);
    fputc('\n', trace.file);
    trace.written++;
}

bool
trace_drain(void)
{
    struct slot *s = &trace.slot[trace.get % SLOTS];

    while (__atomic_load_n(&s->full, __ATOMIC_ACQUIRE)) {
        if (trace.file != NULL)
            write_line(&s->ev);
        __atomic_store_n(&s->full, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&trace.get, trace.get + 1, __ATOMIC_RELEASE);
        s = &trace.slot[trace.get % SLOTS];
    }
    return trace.file != NULL;
}

const char *
trace_close(unsigned long *written, unsigned long *lost)
{
    *written = trace.written;
    *lost = __atomic_load_n(&trace.lost, __ATOMIC_RELAXED);
    if (trace.file == NULL)
        return "";
    trace_drain();
    if (*lost > 0)
        fprintf(trace.file, "# %lu events were lost: the file could not be written as fast as they came\n", *lost);
    fclose(trace.file);
    trace.file = NULL;
    return trace.name;
}
