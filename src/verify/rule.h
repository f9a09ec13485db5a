/* SPDX-License-Identifier: MIT */
/*
 * verify/rule.h - what a file in rules/ includes: its context, its memory, and how it speaks.
 *
 * Model: a rule remembers keys (addresses, mostly) with two values each, in insertion order. Heap addresses are not
 * used twice within a run, so an address is a good key. Two key spaces in one rule: RULE_KEY(tag, address).
 */
#ifndef VERIFY_RULE_H
#define VERIFY_RULE_H

#include "verify/verify.h"

struct rule_entry {
    uint64_t key;
    uint64_t value, extra;
    uint32_t chain, prev, next; /* index + 1; 0 ends */
};

/* Monitor memory; grows by doubling. Zeroed is empty. */
struct rule_set {
    struct rule_entry *entry;
    uint32_t *bucket;
    uint32_t room, used, count;
    uint32_t first, last, free; /* index + 1 */
};

struct rule_ctx {
    const struct verify_rule *rule;
    struct rule_set set;
};

#define RULE_KEY(tag, address) ((uint64_t)(tag) << 56 | ((uint64_t)(address)&0x00ffffffffffffffull))

/* The key's entry, NULL if it is not there. Good until the next put. */
struct rule_entry *rule_set_find(struct rule_ctx *ctx, uint64_t key);
/* The key's entry, made with zero values if it was not there. */
struct rule_entry *rule_set_put(struct rule_ctx *ctx, uint64_t key);
/* true if it was not there before. */
bool rule_set_add(struct rule_ctx *ctx, uint64_t key);
/* true if it was there. */
bool rule_set_del(struct rule_ctx *ctx, uint64_t key);
/* In insertion order: first with NULL, then with the last one returned, which must still be there; NULL at the end. */
struct rule_entry *rule_set_next(struct rule_ctx *ctx, const struct rule_entry *e);
static inline unsigned
rule_set_count(const struct rule_ctx *ctx)
{
    return ctx->set.count;
}

/*
 * The rule is broken. ev: the event that shows it (NULL in on_end). Text in the words of base/fmt.h. The same rule
 * at the same driver address counts once. A fatal rule does not return.
 */
void rule_finding(struct rule_ctx *ctx, const struct event *ev, const char *format, ...);

/* The same, stopping the machine with these arguments 2..4 instead of object, driver address and 0. */
void rule_finding_p(struct rule_ctx *ctx, const struct event *ev, uint64_t p2, uint64_t p3, uint64_t p4,
                    const char *format, ...);

/* Name of an export or symbol as frames show it ("KeWaitForSingleObject"); "?" if the index is none. */
const char *rule_site_name(uint64_t index);

/* "filter module", "miniport adapter", "protocol binding" for a0 of data path events. */
const char *rule_layer_name(uint64_t layer);
/* "Paused" &c. for that layer. */
const char *rule_state_name(uint64_t layer, uint64_t state);

/*
 * Number in argument 1 of bugcheck 0xC4 for rules Microsoft has no number for: "un" and the rule's own number, so
 * that it cannot be mistaken for one of theirs. A number is never used again for another rule.
 */
#define RULE_NUMBER(n) (0x756e0000ull + (n))

#endif
