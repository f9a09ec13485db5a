/* SPDX-License-Identifier: MIT */
/*
 * machine/clock.c - the machine's time and its timers.
 *
 * Model: armed timers stand in one list by the time they are due; of those due at once, who was set first expires
 * first. Under exploration time is a number that moves when a timer expires, and whether one does is a choice
 * (sched.c); then the clock acts like a fiber with a history of its own. A live machine asks the host.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include "trace/event.h"

void
clock_init(void)
{
    list_init(&machine->timers);
}

void
sched_clock(uint64_t now)
{
    if (now > machine->now_100ns)
        machine->now_100ns = now;
    kpcr_time();
}

void
clock_expire(void)
{
    struct mtimer *t = list_entry(machine->timers.head.next, struct mtimer, link);

    list_del(&t->link);
    t->armed = false;
    sched_clock(t->due_100ns);
    trace_emit(EV_TIME, t, machine->now_100ns);
    if (!machine->setup)
        hb_time(t->due_100ns);
    machine->in_timer = true;
    t->fire(t);
    machine->in_timer = false;
}

void
mtimer_set(struct mtimer *t, uint64_t due, void (*fire)(struct mtimer *))
{
    struct list_node *at;

    if (t->armed)
        list_del(&t->link);
    t->due_100ns = due;
    t->fire = fire;
    if (!machine->in_timer) { /* one that sets itself again stays where it is */
        t->vp = sched_current ? sched_current->vp : 0;
        if (sched_current && !machine->setup && !machine_live)
            hb_value(sched_current, due * VP_MAX + t->vp);
    }
    t->armed = true;
    for (at = machine->timers.head.prev; at != &machine->timers.head; at = at->prev)
        if (list_entry(at, struct mtimer, link)->due_100ns <= due)
            break;
    /* Of those due at once, who was set first expires first. */
    if (at != &machine->timers.head && list_entry(at, struct mtimer, link)->due_100ns == due && sched_current &&
        !machine->setup && !machine->in_timer && !machine_live)
        hb_value(sched_current, list_entry(at, struct mtimer, link)->set_hb);
    t->set_hb = machine->in_timer ? hb_clock() : sched_current ? sched_current->hb : 0;
    list_insert_before(at->next, &t->link);
}

bool
mtimer_cancel(struct mtimer *t)
{
    bool was = t->armed;

    if (was)
        list_del(&t->link);
    t->armed = false;
    return was;
}

uint64_t
machine_now(void)
{
    if (machine_live)
        return live_now();
    sched_saw(machine->now_100ns);
    return machine->now_100ns;
}

static struct mtimer *
earliest(void)
{
    return list_empty(&machine->timers) ? NULL : list_entry(machine->timers.head.next, struct mtimer, link);
}

struct mtimer *
sched_timer_due(uint64_t now)
{
    struct mtimer *t = earliest();

    if (!t || t->due_100ns > now)
        return NULL;
    list_del(&t->link);
    t->armed = false;
    return t;
}

uint64_t
sched_timer_next(void)
{
    const struct mtimer *t = earliest();

    return t ? t->due_100ns : UINT64_MAX;
}
