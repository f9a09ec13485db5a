/* SPDX-License-Identifier: MIT */
/*
 * explore/random.c - strategies that draw: uniform, and partial order sampling.
 *
 * Partial order sampling (Yuan, Yang, Gu, CAV 2018): every pending event has a
 * random priority, the highest goes first; the one that ran, and those pending on
 * the same object, draw anew. Draws are a function of seed and run number alone.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "explore/explore.h"

struct sampler {
    struct explorer x;
    uint64_t seed, run, runs, draws;
    bool pos;
    uint64_t priority[FIBER_MAX + 1]; /* 0: time */
};

static uint64_t
draw(struct sampler *p)
{
    return hash_mix64(p->seed ^ hash_mix64_b(p->run * 0x10001u + 1) ^ hash_mix64(++p->draws)) | 1;
}

static unsigned
fiber_slot(const struct fiber *f)
{
    return f ? f->id : 0;
}

static unsigned
sample_pick(struct strategy *s, const struct sched_view *v)
{
    struct sampler *p = (struct sampler *)s;
    unsigned best = 0;

    if (!p->pos) {
        best = (unsigned)((draw(p) >> 1) % v->count); /* bit 0 is always set */
    } else {
        const struct fiber *b;

        for (unsigned i = 0; i < v->count; i++) {
            uint64_t *pri = &p->priority[fiber_slot(v->candidate[i])];

            if (*pri == 0)
                *pri = draw(p);
            if (*pri > p->priority[fiber_slot(v->candidate[best])])
                best = i;
        }
        b = v->candidate[best];
        for (unsigned i = 0; i < v->count; i++) {
            const struct fiber *f = v->candidate[i];

            if (i == best || (f && b && f->next_object && f->next_object == b->next_object))
                p->priority[fiber_slot(f)] = draw(p);
        }
    }
    explorer_note(&p->x, CHOICE_SCHED, v->current, 0, v->count, best, v->candidate[best], v->current_enabled && best);
    return best;
}

static unsigned
sample_choose(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    struct sampler *p = (struct sampler *)s;

    explorer_note(&p->x, kind, sched_current, key, n, 0, NULL, false);
    return 0;
}

static void
sample_begin(struct explorer *x)
{
    struct sampler *p = (struct sampler *)x;

    explorer_begin(x);
    p->draws = 0;
    for (unsigned i = 0; i <= FIBER_MAX; i++)
        p->priority[i] = 0;
}

static bool
sample_more(struct explorer *x, const struct run_result *r)
{
    struct sampler *p = (struct sampler *)x;

    (void)r;
    return ++p->run < p->runs;
}

static struct explorer *
sampler_create(uint64_t seed, uint64_t runs, bool pos)
{
    struct sampler *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->x.s.pick = sample_pick;
    p->x.s.choose = sample_choose;
    p->x.begin = sample_begin;
    p->x.more = sample_more;
    p->seed = seed;
    p->runs = runs;
    p->pos = pos;
    return &p->x;
}

struct explorer *
pos_create(uint64_t seed, uint64_t runs)
{
    return sampler_create(seed, runs, true);
}

struct explorer *
random_create(uint64_t seed, uint64_t runs)
{
    return sampler_create(seed, runs, false);
}
