/* SPDX-License-Identifier: MIT */
/*
 * explore/explore.h - strategies over choices, and what a search reports.
 *
 * A run is the list of its nonzero choices, each keyed by kind, fiber and that
 * fiber's own count, so deleting one does not shift the others. A strategy
 * answers the machine's questions and says after each run whether there is more.
 */
#ifndef EXPLORE_EXPLORE_H
#define EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "explore/same.h"
#include "machine/strategy.h"

#define CHOICES_MAX 512u

/* One nonzero answer. fiber 0: no fiber was running. */
struct choice {
    uint8_t kind; /* enum choice_kind */
    uint8_t fiber;
    uint16_t value;
    uint16_t n;
    uint16_t sub;   /* further choices at the same point */
    uint32_t point; /* the fiber's own count of points */
    uint64_t key;
    uint8_t to; /* CHOICE_SCHED: fiber that was chosen, 0: time passed */
    bool preemption;
};

struct choice_list {
    uint32_t count;
    bool overflow;
    struct choice c[CHOICES_MAX];
};

/*
 * A strategy of the explorer. begin() before each run, which may name a mark of an earlier one to begin at; more()
 * after it: false when everything it wanted was tried. s must be first.
 */
struct explorer {
    struct strategy s;
    void (*begin)(struct explorer *x);
    bool (*more)(struct explorer *x, const struct run_result *r);
    int mark;                /* begin() says where: -1 at the snapshot */
    uint32_t same, differ;   /* orders met again in this run whose memory was compared (same.h) */
    bool diverged;           /* the same prefix met another question: nondeterminism */
    bool dropped;            /* a run had more questions than it keeps: having no more is not having tried all */
    struct choice_list made; /* nonzero choices of the current run */
    struct choice_keys {
        uint32_t last_point[2][FIBER_MAX + 1]; /* of questions who runs next; of others */
        uint16_t sub[2][FIBER_MAX + 1];
    } keys; /* of the current run */
};

/* Record an answer under its key; every strategy calls it for each question with n > 1. */
void explorer_note(struct explorer *x, enum choice_kind kind, const struct fiber *f, uint64_t key, unsigned n,
                   unsigned value, const struct fiber *to, bool preemption);
void explorer_begin(struct explorer *x);

#define ICB_EVENTS 1u /* timers per run that expire over somebody who could go on */

/* How much of each a schedule may have. */
struct icb_bound {
    unsigned k;      /* preemptions */
    unsigned faults; /* allocations that fail */
    unsigned values; /* other answers that are not the dullest: a freed IRP's memory becomes the next IRP */
    unsigned nodes;  /* questions of one run that it keeps; 0: as many as it can, 16384 */
};

/*
 * Iterative bounding, one bound at a time; cache: happens-before caching; marks: runs begin where they part from the
 * one before, as far as marks were made on the way. Owned by the process.
 */
struct explorer *icb_create(const struct icb_bound *bound, bool cache, bool marks);
/* How many questions of a kind came up with nothing but 0 allowed, since icb_create(). */
uint64_t icb_unasked(const struct explorer *x, enum choice_kind kind);

/* Partial order sampling, uniform random: `runs` runs from seed. */
struct explorer *pos_create(uint64_t seed, uint64_t runs);
struct explorer *random_create(uint64_t seed, uint64_t runs);

/* Exactly these choices; a misfit value is taken modulo n. One run. */
struct explorer *replay_create(const struct choice_list *list);

/* Text form of a list: one line per choice; parse answers the line of the first error or 0. */
size_t choices_print(const struct choice_list *list, char *out, size_t size);
int choices_parse(const char *text, size_t len, struct choice_list *out);

#endif
