/* SPDX-License-Identifier: MIT */
/* explore/follow.c - see follow.h. Start reading at: follow_pick(). */
#include "explore/follow.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD 64u /* so many steps of its own a fiber may have left out */

struct follow {
    struct explorer x;
    struct follow_list *list;
    unsigned run;
    uint32_t at; /* the first step that did not come yet */
    uint8_t done[FOLLOW_STEPS_MAX];
};

/* In a list '_' stands for what is no letter, digit or mark. */
static bool
same_name(const char *listed, const char *name)
{
    for (; *listed && *name; listed++, name++)
        if (*listed != *name && !(*listed == '_' && *name <= ' '))
            return false;
    return *listed == *name;
}

/* The name of f in the list; -1: it is not there. */
static int
who_of(const struct follow_list *l, const struct fiber *f)
{
    if (f->kind == FIBER_DPC)
        return FOLLOW_DPC;
    for (unsigned i = 0; i < l->names; i++)
        if (same_name(l->name[i], f->name))
            return (int)i;
    return -1;
}

/* What f is about to do, as the list has it; -1: nothing that could stand there. */
static int
next_of(const struct fiber *f)
{
    if (f->next_op == OP_ACTOR)
        return f->next_object == 0 ? (int)FOLLOW_OP : -1;
    if (f->next_op != OP_DDI || !f->crossing || f->crossing->index & CROSSING_L1)
        return -1;
    return (int)f->crossing->index;
}

static void
done(struct follow *w, uint32_t step)
{
    w->done[step] = 1;
    w->list->run[w->run].taken++;
    while (w->at < w->list->count && w->done[w->at])
        w->at++;
}

/* The step that f's next call is; list->count: none. */
static uint32_t
step_of(const struct follow *w, const struct fiber *f)
{
    const struct follow_list *l = w->list;
    int who = who_of(l, f), index = next_of(f);
    unsigned own = 0;

    if (who < 0 || index < 0)
        return l->count;
    for (uint32_t i = w->at; i < l->count && own < AHEAD; i++)
        if (!w->done[i] && l->step[i].who == who) {
            if (l->step[i].index == index)
                return i;
            own++;
        }
    return l->count;
}

/* f goes on and makes its call. Steps of its own before that it made unasked, as nobody else could run then. */
static void
take(struct follow *w, const struct fiber *f)
{
    uint32_t step = step_of(w, f);

    if (step == w->list->count)
        return;
    for (uint32_t i = w->at; i < step; i++)
        if (!w->done[i] && w->list->step[i].who == w->list->step[step].who)
            done(w, i);
    done(w, step);
}

/* Who of v's candidates makes the step; v->count: nobody can. */
static unsigned
candidate_for(const struct follow *w, const struct sched_view *v, uint32_t step)
{
    uint8_t who = w->list->step[step].who;

    for (unsigned i = 0; i < v->count; i++)
        if (v->candidate[i] ? who_of(w->list, v->candidate[i]) == who : who == FOLLOW_TIME)
            return i;
    return v->count;
}

/* The candidate whose turn it is by the list, a timer's once; v->count: the list says nothing about anybody here. */
static unsigned
by_list(struct follow *w, const struct sched_view *v)
{
    for (uint32_t i = w->at; i < w->list->count; i++) {
        unsigned c = w->done[i] ? v->count : candidate_for(w, v, i);

        if (c == v->count)
            continue;
        if (w->list->step[i].who == FOLLOW_TIME)
            done(w, i);
        return c;
    }
    return v->count;
}

static unsigned
follow_pick(struct strategy *s, const struct sched_view *v)
{
    struct follow *w = (struct follow *)s;
    unsigned answer;
    bool stay = false;

    if (v->current_enabled) {
        uint32_t mine = step_of(w, v->current);

        /* Its call is no step, or a point without a call: nothing says that another has to go first. */
        stay = mine == w->list->count && (w->run == 0 || who_of(w->list, v->current) < 0);
    }
    answer = stay ? 0 : by_list(w, v);
    if (answer == v->count)
        answer = 0;
    if (v->candidate[answer])
        take(w, v->candidate[answer]);
    explorer_note(&w->x, CHOICE_SCHED, v->current, 0, v->count, answer, v->candidate[answer],
                  v->current_enabled && answer);
    return answer;
}

static unsigned
follow_choose(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    struct follow *w = (struct follow *)s;

    explorer_note(&w->x, kind, sched_current, key, n, 0, NULL, false);
    return 0;
}

static void
follow_begin(struct explorer *x)
{
    struct follow *w = (struct follow *)x;

    explorer_begin(x);
    memset(w->done, 0, sizeof(w->done));
    w->at = 0;
    w->list->run[w->run].taken = 0;
}

static bool
follow_more(struct explorer *x, const struct run_result *r)
{
    struct follow *w = (struct follow *)x;

    (void)r;
    w->list->run[w->run].first_left = w->at;
    return ++w->run < FOLLOW_RUNS;
}

struct explorer *
follow_create(struct follow_list *list)
{
    static struct follow *w;

    if (!w && !(w = calloc(1, sizeof(*w))))
        return NULL;
    w->x.s.pick = follow_pick;
    w->x.s.choose = follow_choose;
    w->x.begin = follow_begin;
    w->x.more = follow_more;
    w->list = list;
    w->run = 0;
    return &w->x;
}
