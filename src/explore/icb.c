/* SPDX-License-Identifier: MIT */
/*
 * explore/icb.c - every schedule within a bound, depth first, by re-execution from the snapshot: so many preemptions,
 * ICB_EVENTS unprompted events, so many failing allocations and other choices.
 *
 * Model: a node is a question with more than one allowed answer; the stack of
 * nodes is the current path. A run follows the path, answers 0 beyond it and
 * pushes what it meets; more() moves the deepest node to its next answer.
 *
 * An unprompted event is a timer that expires although somebody could go on; without
 * a bound of its own a periodic timer would make the tree infinite.
 *
 * Questions other than who runs next stand between scheduling points, where the order of events so far does not tell
 * how far a fiber has come; so they are no place to cut. Their answers are part of the order from then on.
 *
 * Marks: a run that follows the path of the one before for a while begins on the way (make_mark()).
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
#define CACHE_MIN  (1u << 16)
#define CACHE_MAX  (1u << 20)
#define MARK_LEAST 8u /* nodes between a mark and where the run leaves the path */

struct node {
    uint16_t n, answer;
    uint8_t kind;
    uint8_t cost; /* preemptions spent before it */
    bool priced;  /* any answer but 0 costs one */
    bool timer;   /* the last answer lets time pass: it costs an event */
};

/* What is left of each budget. */
struct left {
    uint8_t k, events, faults, values;
};

struct entry {
    uint64_t lo, hi; /* 0,0: empty */
    struct left left;
};

/* How far a run has come, and what it has spent. */
struct way {
    unsigned at; /* the next node */
    unsigned cost, events, faults, values;
    bool quiet; /* the actors are done: what follows looks whether all is well, and nothing else goes wrong */
};

struct icb_mark {
    struct way way;
    uint32_t made;
    bool overflow;
    struct choice_keys keys;
};

struct icb {
    struct explorer x;
    struct icb_bound bound;
    unsigned depth;
    struct way way;
    uint64_t unasked[CHOICE_KINDS];
    bool marks_on;
    unsigned marks; /* on the current path, each further on than those before */
    struct icb_mark mark[RUN_MARKS];
    bool cache_on;
    uint32_t cache_size, cache_used;
    struct node *node;
    struct entry *cache;
};

static struct icb *
icb_of(struct strategy *s)
{
    return (struct icb *)s;
}

static bool
at_least(struct left a, struct left b)
{
    return a.k >= b.k && a.events >= b.events && a.faults >= b.faults && a.values >= b.values;
}

/* Equal orders must have led to equal memory; the other answers so far are no part of them. */
static void
check_same(struct icb *b, uint64_t lo, uint64_t hi)
{
    enum same_result same = b->way.faults == 0 && b->way.values == 0 ? same_compare(lo, hi) : SAME_NOT_COMPARED;

    b->x.same += same != SAME_NOT_COMPARED;
    b->x.differ += same == SAME_DIFFERENT;
}

/* Where an order stands, or would. */
static struct entry *
entry_of(const struct icb *b, uint64_t lo, uint64_t hi)
{
    uint32_t i = (uint32_t)lo & (b->cache_size - 1);

    while (b->cache[i].lo && (b->cache[i].lo != lo || b->cache[i].hi != hi))
        i = (i + 1) & (b->cache_size - 1);
    return &b->cache[i];
}

/*
 * Between runs: a table of twice the size as soon as it is a quarter full, so that a run always has room. A small
 * search has a small one, which stays in the processor's cache. false: there is none at all.
 */
static bool
cache_room(struct icb *b)
{
    uint32_t size = b->cache ? b->cache_size * 2 : CACHE_MIN, old_size = b->cache_size;
    struct entry *old = b->cache, *bigger;

    if (size > CACHE_MAX || (old && b->cache_used < old_size / 4))
        return true;
    bigger = calloc(size, sizeof(*bigger));
    if (!bigger)
        return old != NULL;
    b->cache = bigger;
    b->cache_size = size;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].lo)
            *entry_of(b, old[i].lo, old[i].hi) = old[i];
    free(old);
    return true;
}

/* Was this prefix met with as much budget? If not, remember it. */
static bool
known(struct icb *b, const struct fiber *current, bool enabled)
{
    uint64_t tail = ((uint64_t)(current ? current->id : 0) << 1 | enabled) * HASH_GOLDEN + hash_mix64_b(sched_where());
    uint64_t lo = hash_mix64(hb.lo + hash_mix64_b(hb.pending) + tail) | 1, hi = hb.hi ^ hash_mix64(hb.pending + tail);
    struct left left = { (uint8_t)(b->bound.k - b->way.cost), (uint8_t)(ICB_EVENTS - b->way.events),
                         (uint8_t)(b->bound.faults - b->way.faults), (uint8_t)(b->bound.values - b->way.values) };
    struct entry *e = entry_of(b, lo, hi);

    check_same(b, lo, hi);
    if (e->lo) {
        if (at_least(e->left, left))
            return true;
        if (at_least(left, e->left))
            e->left = left;
    } else if (b->cache_used < b->cache_size / 4 * 3) {
        b->cache_used++;
        *e = (struct entry){ lo, hi, left };
    }
    return false;
}

/* No room for another question: its answer is 0, and the bound is not exhausted. */
static bool
full(struct icb *b)
{
    b->x.dropped |= b->depth == b->bound.nodes;
    return b->depth == b->bound.nodes;
}

/*
 * Depth first, the next runs will leave the path near where this one does, then further and further up. So marks are
 * made 8, 32, 128 ... nodes before that place: each serves as many nodes' runs, and none has far to go from one.
 */
static void
make_mark(struct icb *b)
{
    unsigned left = b->depth - b->way.at;
    bool here = (left & (left - 1)) == 0 && (left & 0xaaaaaaaau) != 0; /* twice a power of 4 */

    if (!b->marks_on || b->way.at >= b->depth || left < MARK_LEAST || !here || b->marks == RUN_MARKS ||
        sched_current == NULL || (b->marks > 0 && b->mark[b->marks - 1].way.at >= b->way.at))
        return;
    b->mark[b->marks] = (struct icb_mark){ b->way, b->x.made.count, b->x.made.overflow, b->x.keys };
    b->marks++;
    if (!run_mark(b->marks - 1))
        b->marks_on = false;
}

static unsigned
answer(struct icb *b, uint8_t kind, unsigned n, bool priced, bool timer, const struct fiber *current, bool enabled)
{
    bool known_path;
    struct node *nd;

    make_mark(b); /* whatever follows may happen again, in another run */
    known_path = b->way.at < b->depth;
    if (!known_path && b->cache_on && known(b, current, enabled))
        run_cut();
    if (timer && n > 1 && b->way.events >= ICB_EVENTS) { /* no event is left: time does not pass over who could go on */
        n--;
        timer = false;
    }
    if (n == 1 || (priced && b->way.cost >= b->bound.k) || (!known_path && full(b)))
        return 0; /* no node: on the known path none was made either, as the cost was the same */
    if (known_path) {
        nd = &b->node[b->way.at++];
        if (nd->n != n || nd->kind != kind) {
            b->x.diverged = true;
            run_cut();
        }
    } else {
        nd = &b->node[b->depth++];
        *nd = (struct node){
            .n = (uint16_t)n, .kind = kind, .cost = (uint8_t)b->way.cost, .priced = priced, .timer = timer
        };
        b->way.at = b->depth;
    }
    if (nd->priced && nd->answer)
        b->way.cost++;
    if (nd->timer && nd->answer == nd->n - 1)
        b->way.events++;
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
    unsigned *spent = kind == CHOICE_FAULT ? &b->way.faults : &b->way.values, a = 0;
    unsigned bound = kind == CHOICE_FAULT ? b->bound.faults : b->bound.values;
    bool known_path = b->way.at < b->depth;

    if (b->way.quiet || *spent >= bound || (!known_path && full(b))) {
        b->unasked[kind] += !b->way.quiet;
    } else {
        if (!known_path)
            b->node[b->depth++] =
                (struct node){ .n = (uint16_t)n, .kind = (uint8_t)kind, .cost = (uint8_t)b->way.cost };
        if (b->node[b->way.at].n != n || b->node[b->way.at].kind != kind) {
            b->x.diverged = true;
            run_cut();
        }
        a = b->node[b->way.at++].answer;
        *spent += a != 0;
    }
    explorer_note(&b->x, kind, sched_current, key, n, a, NULL, false);
    return a;
}

/* What follows the actors' last step is a function of what they did: seen once is enough. */
static void
icb_quiet(struct strategy *s)
{
    struct icb *b = icb_of(s);

    b->way.quiet = true;
    if (b->way.at >= b->depth && b->cache_on && known(b, NULL, false))
        run_cut();
}

static void
icb_begin(struct explorer *x)
{
    struct icb *b = (struct icb *)x;
    const struct icb_mark *m;

    explorer_begin(x);
    if (b->cache_on)
        cache_room(b);
    b->way = (struct way){ 0 };
    while (b->marks > 0 && b->mark[b->marks - 1].way.at >= b->depth)
        b->marks--; /* the node that changed came before it */
    if (b->marks == 0)
        return;
    m = &b->mark[b->marks - 1];
    x->mark = (int)b->marks - 1;
    x->made.count = m->made;
    x->made.overflow = m->overflow;
    x->keys = m->keys;
    b->way = m->way;
}

static bool
icb_more(struct explorer *x, const struct run_result *r)
{
    struct icb *b = (struct icb *)x;

    (void)r;
    while (b->depth > 0) {
        struct node *nd = &b->node[b->depth - 1];

        if (nd->answer + 1u < nd->n && (!nd->priced || nd->answer > 0 || nd->cost < b->bound.k)) {
            nd->answer++;
            return true;
        }
        b->depth--;
    }
    return false;
}

struct explorer *
icb_create(const struct icb_bound *bound, bool cache, bool marks)
{
    static struct icb *b;

    if (!b) {
        b = calloc(1, sizeof(*b));
        if (b)
            b->node = calloc(NODES_MAX, sizeof(*b->node));
        if (!b || !b->node)
            return NULL;
    }
    if (b->cache && b->cache_used)
        memset(b->cache, 0, b->cache_size * sizeof(*b->cache));
    b->cache_used = 0;
    if (cache && !cache_room(b))
        return NULL;
    b->cache_on = cache;
    b->bound = *bound;
    if (b->bound.nodes == 0 || b->bound.nodes > NODES_MAX)
        b->bound.nodes = NODES_MAX;
    b->depth = 0;
    b->marks_on = marks;
    b->marks = 0;
    memset(b->unasked, 0, sizeof(b->unasked));
    b->x.s.pick = icb_pick;
    b->x.s.choose = icb_choose;
    b->x.s.quiet = icb_quiet;
    b->x.begin = icb_begin;
    b->x.more = icb_more;
    b->x.diverged = b->x.dropped = false;
    return &b->x;
}

uint64_t
icb_unasked(const struct explorer *x, enum choice_kind kind)
{
    return ((const struct icb *)x)->unasked[kind];
}
