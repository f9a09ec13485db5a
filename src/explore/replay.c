/* SPDX-License-Identifier: MIT */
/* explore/replay.c - the strategy that answers from a recorded list and 0 elsewhere. */
#include <stdlib.h>

#include "explore/explore.h"

struct replay {
    struct explorer x;
    struct choice_list list;
    uint32_t next; /* where the search for the next match begins: lists are in run order */
};

static unsigned
lookup(struct replay *r, enum choice_kind kind, const struct fiber *f, uint64_t key, unsigned n)
{
    unsigned id = f ? f->id : 0;
    uint32_t point = f ? f->points : 0;
    bool other = kind != CHOICE_SCHED;
    uint16_t sub = r->x.keys.last_point[other][id] == point ? (uint16_t)(r->x.keys.sub[other][id] + 1) : 0;

    for (uint32_t k = 0; k < r->list.count; k++) {
        uint32_t i = (r->next + k) % r->list.count;
        const struct choice *c = &r->list.c[i];

        if (c->kind == kind && c->fiber == id && c->point == point && c->sub == sub && c->key == key) {
            r->next = i + 1;
            return c->value < n ? c->value : c->value % n;
        }
    }
    return 0;
}

static unsigned
replay_pick(struct strategy *s, const struct sched_view *v)
{
    struct replay *r = (struct replay *)s;
    unsigned a = lookup(r, CHOICE_SCHED, v->current, 0, v->count);

    explorer_note(&r->x, CHOICE_SCHED, v->current, 0, v->count, a, v->candidate[a], v->current_enabled && a);
    return a;
}

static unsigned
replay_choose(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    struct replay *r = (struct replay *)s;
    unsigned a = lookup(r, kind, sched_current, key, n);

    explorer_note(&r->x, kind, sched_current, key, n, a, NULL, false);
    return a;
}

static void
replay_begin(struct explorer *x)
{
    explorer_begin(x);
    ((struct replay *)x)->next = 0;
}

static bool
replay_more(struct explorer *x, const struct run_result *r)
{
    (void)x;
    (void)r;
    return false;
}

struct explorer *
replay_create(const struct choice_list *list)
{
    static struct replay *r;

    if (!r && !(r = calloc(1, sizeof(*r))))
        return NULL;
    r->x.s.pick = replay_pick;
    r->x.s.choose = replay_choose;
    r->x.begin = replay_begin;
    r->x.more = replay_more;
    r->list = *list;
    return &r->x;
}
