/* SPDX-License-Identifier: MIT */
/*
 * explore/icb.c - every schedule with at most k preemptions and ICB_EVENTS unprompted events, depth first, by re-execution from the snapshot.
 *
 * Model: a node is a question with more than one allowed answer; the stack of
 * nodes is the current path. A run follows the path, answers 0 beyond it and
 * pushes what it meets; more() moves the deepest node to its next answer.
 *
 * An unprompted event is a timer that expires although somebody could go on; without
 * a bound of its own a periodic timer would make the tree infinite.
 *
 * Happens-before cache: a prefix whose order of events was met before, with the
 * same fiber at hand and at least as much budget left, leads nowhere new, so the
 * run is cut there. When the table is full nothing more is inserted: it stays
 * sound and prunes less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "explore/explore.h"

#define NODES_MAX  16384u
#define CACHE_SIZE (1u << 20)

struct node {
    uint16_t n, answer;
    uint8_t kind;
    uint8_t cost; /* preemptions spent before it */
    bool priced;  /* any answer but 0 costs one */
    bool timer;   /* the last answer lets time pass: it costs an event */
};

struct entry {
    uint64_t lo, hi;        /* 0,0: empty */
    uint8_t budget, events; /* what was left */
};

struct icb {
    struct explorer x;
    unsigned k;
    unsigned depth, at, cost, events;
    uint64_t cuts;
    bool cache_on;
    uint32_t cache_used;
    struct node *node;
    struct entry *cache;
};

static struct icb *
icb_of(struct strategy *s)
{
    return (struct icb *)s;
}

/* Was this prefix met with as much budget? If not, remember it. */
static bool
known(struct icb *b, const struct fiber *current, bool enabled)
{
    uint64_t tail = ((uint64_t)(current ? current->id : 0) << 1 | enabled) * HASH_GOLDEN;
    uint64_t lo = hash_mix64(hb.lo + hash_mix64_b(hb.pending) + tail) | 1, hi = hb.hi ^ hash_mix64(hb.pending + tail);
    uint8_t budget = (uint8_t)(b->k - b->cost), events = (uint8_t)(ICB_EVENTS - b->events);
    uint32_t i = (uint32_t)lo & (CACHE_SIZE - 1);

    while (b->cache[i].lo) {
        if (b->cache[i].lo == lo && b->cache[i].hi == hi) {
            if (b->cache[i].budget >= budget && b->cache[i].events >= events)
                return true;
            if (b->cache[i].budget <= budget && b->cache[i].events <= events) {
                b->cache[i].budget = budget;
                b->cache[i].events = events;
            }
            return false;
        }
        i = (i + 1) & (CACHE_SIZE - 1);
    }
    if (b->cache_used < CACHE_SIZE / 4 * 3) {
        b->cache_used++;
        b->cache[i] = (struct entry){ lo, hi, budget, events };
    }
    return false;
}

static unsigned
answer(struct icb *b, uint8_t kind, unsigned n, bool priced, bool timer, const struct fiber *current, bool enabled)
{
    bool known_path = b->at < b->depth;
    struct node *nd;

    if (!known_path && b->cache_on && known(b, current, enabled)) {
        b->cuts++;
        run_cut();
    }
    if (timer && n > 1 && b->events >= ICB_EVENTS) { /* no event is left: time does not pass over who could go on */
        n--;
        timer = false;
    }
    if (n == 1 || (priced && b->cost >= b->k) || (!known_path && b->depth == NODES_MAX))
        return 0; /* no node: on the known path none was made either, as the cost was the same */
    if (known_path) {
        nd = &b->node[b->at++];
        if (nd->n != n || nd->kind != kind) {
            b->x.diverged = true;
            run_cut();
        }
    } else {
        nd = &b->node[b->depth++];
        *nd =
            (struct node){ .n = (uint16_t)n, .kind = kind, .cost = (uint8_t)b->cost, .priced = priced, .timer = timer };
        b->at = b->depth;
    }
    if (nd->priced && nd->answer)
        b->cost++;
    if (nd->timer && nd->answer == nd->n - 1)
        b->events++;
    return nd->answer;
}

static unsigned
icb_pick(struct strategy *s, const struct sched_view *v)
{
    struct icb *b = icb_of(s);
    bool timer = v->candidate[v->count - 1] == NULL;
    unsigned a = answer(b, CHOICE_SCHED, v->count, v->current_enabled, timer, v->current, v->current_enabled);

    explorer_note(&b->x, CHOICE_SCHED, v->current, 0, v->count, a, v->candidate[a], v->current_enabled && a);
    return a;
}

static unsigned
icb_choose(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    struct icb *b = icb_of(s);

    explorer_note(&b->x, kind, sched_current, key, n, 0, NULL, false);
    return 0; /* faults and events have budgets of their own: none here */
}

/* What follows the actors' last step is a function of what they did: seen once is enough. */
static void
icb_quiet(struct strategy *s)
{
    struct icb *b = icb_of(s);

    if (b->at >= b->depth && b->cache_on && known(b, NULL, false)) {
        b->cuts++;
        run_cut();
    }
}

static void
icb_begin(struct explorer *x)
{
    struct icb *b = (struct icb *)x;

    explorer_begin(x);
    b->at = 0;
    b->cost = 0;
    b->events = 0;
}

static bool
icb_more(struct explorer *x, const struct run_result *r)
{
    struct icb *b = (struct icb *)x;

    (void)r;
    while (b->depth > 0) {
        struct node *nd = &b->node[b->depth - 1];

        if (nd->answer + 1u < nd->n && (!nd->priced || nd->answer > 0 || nd->cost < b->k)) {
            nd->answer++;
            return true;
        }
        b->depth--;
    }
    return false;
}

struct explorer *
icb_create(unsigned k, bool cache)
{
    static struct icb *b;

    if (!b) {
        b = calloc(1, sizeof(*b));
        if (b)
            b->node = calloc(NODES_MAX, sizeof(*b->node));
        if (!b || !b->node)
            return NULL;
    }
    if (cache && !b->cache && !(b->cache = calloc(CACHE_SIZE, sizeof(*b->cache))))
        return NULL;
    if (b->cache && b->cache_used)
        memset(b->cache, 0, CACHE_SIZE * sizeof(*b->cache));
    b->cache_used = 0;
    b->cache_on = cache;
    b->k = k;
    b->depth = b->at = b->cost = 0;
    b->cuts = 0;
    b->x.s.pick = icb_pick;
    b->x.s.choose = icb_choose;
    b->x.s.quiet = icb_quiet;
    b->x.begin = icb_begin;
    b->x.more = icb_more;
    b->x.diverged = false;
    return &b->x;
}

unsigned
icb_nodes(const struct explorer *x)
{
    return ((const struct icb *)x)->depth;
}

uint64_t
icb_cuts(const struct explorer *x)
{
    return ((const struct icb *)x)->cuts;
}
