/* SPDX-License-Identifier: MIT */
/*
 * verify/set.c - the memory of a rule.
 *
 * Model: entries in one array, found through chained buckets, listed in insertion order, freed ones reused. All of
 * it is monitor memory, so the machine's reset is its reset; what a smaller table used is lost until then.
 */
#include <string.h>

#include "base/hash.h"
#include "machine/machine.h"
#include "verify/rule.h"

static uint32_t *
set_bucket(struct rule_set *s, uint64_t key)
{
    return &s->bucket[hash_mix64(key) & (s->room - 1)];
}

static void
set_grow(struct rule_set *s)
{
    uint32_t room = s->room ? s->room * 2 : 8;
    struct rule_entry *entry = mon_alloc_shared(room * sizeof(*entry));

    if (s->room)
        memcpy(entry, s->entry, s->room * sizeof(*entry));
    s->bucket = mon_alloc_shared(room * sizeof(*s->bucket));
    s->entry = entry;
    s->room = room;
    for (uint32_t i = s->first; i != 0; i = entry[i - 1].next) {
        uint32_t *head = set_bucket(s, entry[i - 1].key);

        entry[i - 1].chain = *head;
        *head = i;
    }
}

struct rule_entry *
rule_set_find(struct rule_ctx *ctx, uint64_t key)
{
    struct rule_set *s = &ctx->set;

    if (s->count == 0)
        return NULL;
    for (uint32_t i = *set_bucket(s, key); i != 0; i = s->entry[i - 1].chain)
        if (s->entry[i - 1].key == key)
            return &s->entry[i - 1];
    return NULL;
}

struct rule_entry *
rule_set_put(struct rule_ctx *ctx, uint64_t key)
{
    struct rule_set *s = &ctx->set;
    struct rule_entry *e = rule_set_find(ctx, key);
    uint32_t i, *head;

    if (e != NULL)
        return e;
    if (s->free == 0 && s->used == s->room)
        set_grow(s);
    if (s->free != 0) {
        i = s->free;
        s->free = s->entry[i - 1].chain;
    } else {
        i = ++s->used;
    }
    head = set_bucket(s, key);
    e = &s->entry[i - 1];
    *e = (struct rule_entry){ .key = key, .chain = *head, .prev = s->last };
    *head = i;
    if (s->last != 0)
        s->entry[s->last - 1].next = i;
    else
        s->first = i;
    s->last = i;
    s->count++;
    return e;
}

bool
rule_set_add(struct rule_ctx *ctx, uint64_t key)
{
    uint32_t before = ctx->set.count;

    rule_set_put(ctx, key);
    return ctx->set.count != before;
}

bool
rule_set_del(struct rule_ctx *ctx, uint64_t key)
{
    struct rule_set *s = &ctx->set;
    uint32_t i, *at;
    struct rule_entry *e;

    if (s->count == 0)
        return false;
    for (at = set_bucket(s, key); *at != 0 && s->entry[*at - 1].key != key; at = &s->entry[*at - 1].chain)
        ;
    i = *at;
    if (i == 0)
        return false;
    e = &s->entry[i - 1];
    *at = e->chain;
    *(e->prev != 0 ? &s->entry[e->prev - 1].next : &s->first) = e->next;
    *(e->next != 0 ? &s->entry[e->next - 1].prev : &s->last) = e->prev;
    e->chain = s->free;
    s->free = i;
    s->count--;
    return true;
}

struct rule_entry *
rule_set_next(struct rule_ctx *ctx, const struct rule_entry *e)
{
    uint32_t i = e == NULL ? ctx->set.first : e->next;

    return i != 0 ? &ctx->set.entry[i - 1] : NULL;
}
