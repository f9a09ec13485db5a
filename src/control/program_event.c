/* SPDX-License-Identifier: MIT */
/* control/program_event.c - see program_event.h. Start reading at: on_set(). */
#include "control/program_event.h"

#include "control/program.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

#define BUCKETS 256u

static struct program_event *bucket[BUCKETS]; /* by address; machine lock */
static void (*tell)(struct job *told);        /* const while the machine runs */

static struct program_event **
bucket_of(uint64_t object)
{
    return &bucket[(object >> 6) % BUCKETS];
}

static struct program_event *
find(const struct program *p, uint64_t object)
{
    struct program_event *e = *bucket_of(object);

    while (e != NULL && ((uint64_t)e->object != object || (p != NULL && e->program != p)))
        e = e->next;
    return e;
}

/* Somebody sets an event, whoever's it is. It is told once until the control thread has taken it up. */
static void
on_set(void *context, const struct event *ev)
{
    struct program_event *e = find(NULL, ev->object);

    (void)context;
    if (e != NULL && !__atomic_exchange_n(&e->telling, true, __ATOMIC_ACQ_REL))
        job_finish(&e->told);
}

static struct event_listener listener = { .on_event = on_set };

void
program_events_prepare(void (*fn)(struct job *told))
{
    tell = fn;
    trace_listen(&listener);
}

void
program_event_telling(struct program_event *e)
{
    __atomic_store_n(&e->telling, false, __ATOMIC_RELEASE);
}

static struct program_event *
free_one(struct program *p)
{
    for (unsigned i = 0; i < PROGRAM_EVENTS_MAX; i++)
        if (p->events[i].object == NULL)
            return &p->events[i];
    return NULL;
}

int32_t
program_event_create(struct program *p, unsigned flags, uint64_t number, void **handle)
{
    static const uint64_t wanted[2] = { EV_BIT(EV_EVENT_SET), 0 };
    struct program_event *e = free_one(p), **first;
    struct ob_entry *entry;
    int32_t status;

    _Static_assert(EV_EVENT_SET < 64, "it is in the first word");
    if (user_process_ending(p->process))
        return STATUS_PROCESS_IS_TERMINATING; /* nobody would close the handle */
    if (e == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ob_event_create(flags & UNDIS_EVENT_MANUAL, flags & UNDIS_EVENT_INITIAL, handle);
    if (status != STATUS_SUCCESS)
        return status;
    entry = ob_handle_find(*handle, true);
    e->told.finished = tell;
    e->program = p;
    e->object = entry->object;
    e->handles = 1;
    e->number = number;
    first = bucket_of((uint64_t)e->object);
    e->next = *first;
    *first = e;
    trace_listen_to(&listener, wanted);
    return status;
}

int32_t
program_event_do(unsigned op, void *handle)
{
    static const int64_t at_once = 0;
    void *event;
    int32_t status = ob_handle_reference(handle, op == UNDIS_EVENT_TAKE ? SYNCHRONIZE : EVENT_MODIFY_STATE,
                                         NT->ob->variables->ExEventObjectType, true, &event, NULL);

    if (status != STATUS_SUCCESS)
        return status;
    if (op == UNDIS_EVENT_SET)
        ke_event_set(event);
    else if (op == UNDIS_EVENT_RESET)
        ke_event_clear(event);
    else
        status = ke_wait(event, &at_once, "a program looks at an event");
    ob_dereference(event);
    return status;
}

static void
forget(struct program_event *e)
{
    struct program_event **at = bucket_of((uint64_t)e->object);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->object = NULL;
}

static struct program_event *
behind(struct program *p, void *handle)
{
    const struct ob_entry *entry = ob_handle_find(handle, true);

    return entry != NULL ? find(p, (uint64_t)entry->object) : NULL;
}

void
program_event_opened(struct program *p, void *handle)
{
    struct program_event *e = behind(p, handle);

    if (e != NULL)
        e->handles++;
}

void
program_event_closing(struct program *p, void *handle)
{
    struct program_event *e = behind(p, handle);

    if (e != NULL && --e->handles == 0)
        forget(e);
}

void
program_events_gone(struct program *p)
{
    for (unsigned i = 0; i < PROGRAM_EVENTS_MAX; i++)
        if (p->events[i].object != NULL)
            forget(&p->events[i]);
}
