/* SPDX-License-Identifier: MIT */
/*
 * crash/diagram.c - diagram.txt: who did what while the other stood still.
 *
 * Model: one lane per fiber that has a part in the story, in the order they come in, each headed by its processor;
 * the IRQL stands in the gutter. Only the story's events are drawn, the rest is folded into a count. A preemption
 * is a line across. Accesses to one object by more than one fiber are numbered, and each says which it follows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/story.h"
#include "crash/text.h"

#define LANES_MAX  4u
#define LANE_WIDTH 56u
#define GUTTER     7u

struct lanes {
    uint32_t fiber[LANES_MAX];
    unsigned count;
    bool more; /* further fibers share the last lane */
};

static unsigned
lane_of(struct lanes *l, uint32_t fiber)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->fiber[i] == fiber)
            return i;
    if (l->count == LANES_MAX) {
        l->more = true;
        return LANES_MAX - 1;
    }
    l->fiber[l->count] = fiber;
    return l->count++;
}

static void
rule_across(struct text *t, const struct lanes *l, const char *words)
{
    size_t width = l->count * LANE_WIDTH, len = strlen(words);

    text_add(t, "%*s----------------- %s ", (int)GUTTER - 5, "", words);
    for (size_t i = len + 19; i < width; i++)
        text_put(t, "-");
    text_put(t, "\n");
}

static void
lane_heads(struct text *t, const struct finding_input *in, const struct lanes *l)
{
    text_add(t, " IRQL  ");
    for (unsigned i = 0; i < l->count; i++) {
        char actor[96];

        story_actor(in, l->fiber[i], actor, sizeof(actor));
        if (i == LANES_MAX - 1 && l->more)
            snprintf(actor, sizeof(actor), "others");
        if (i + 1 < l->count)
            text_add(t, "%-*.*s", (int)LANE_WIDTH, (int)LANE_WIDTH - 2, actor);
        else
            text_put(t, actor);
    }
    text_put(t, "\n");
}

static void
event_line(struct text *t, const struct finding_input *in, struct lanes *l, const struct story_item *item)
{
    unsigned lane = lane_of(l, item->ev->fiber);
    char line[320], number[48] = "";
    size_t len;

    if (item->number != 0 && item->joined != 0)
        snprintf(number, sizeof(number), "  (%u) after (%u)", item->number, item->joined);
    else if (item->number != 0)
        snprintf(number, sizeof(number), "  (%u)", item->number);
    if (lane == LANES_MAX - 1 && l->more) {
        char actor[96];

        story_actor(in, item->ev->fiber, actor, sizeof(actor));
        snprintf(line, sizeof(line), "[%s] %s%s", actor, item->text, number);
    } else {
        snprintf(line, sizeof(line), "%s%s", item->text, number);
    }
    text_add(t, "%4u   %*s%s", item->ev->irql, (int)(lane * LANE_WIDTH), "", line);
    if (item->violation != NULL) {
        len = strlen(line);
        text_add(t, "%*s<-- breaks %s", len < LANE_WIDTH ? (int)(LANE_WIDTH - len) : 2, "", item->violation->rule->id);
    }
    text_put(t, "\n");
}

static void
head(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    text_add(t, "%s", v->bucket);
    if (v->violation != NULL)
        text_add(t, "  %s", v->violation->rule->id);
    text_add(t, "  k=%u%s", in->preemptions, in->preemptions_minimal ? " (proved minimal)" : "");
    if (in->runs != 0)
        text_add(t, "  run %" PRIu64, in->runs);
    text_put(t, "\n\n");
}

static void
foot(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    text_put(t, "\n");
    if (in->passing != NULL)
        text_add(t, "Passes if: %s\n", in->passing);
    if (v->violation != NULL)
        text_add(t, "Rule: %s: %s. Why: %s.\n", v->violation->rule->id, v->violation->rule->summary,
                 v->violation->rule->why);
    if (in->replay != NULL)
        text_add(t, "Replay: %s\n", in->replay);
}

char *
finding_diagram(const struct finding_input *in)
{
    struct story *s = story_build(in);
    struct finding_verdict v;
    struct lanes l = { 0 };
    struct text t = { 0 };
    unsigned preemption = 0;

    if (s == NULL)
        return NULL;
    finding_conclude(in, &v);
    for (unsigned i = 0; i < s->count; i++)
        lane_of(&l, s->item[i].mark == STORY_PREEMPTED ? (uint32_t)s->item[i].ev->a[0] : s->item[i].ev->fiber);
    head(&t, in, &v);
    lane_heads(&t, in, &l);
    if (s->cut)
        text_put(&t, "       ... earlier events left out\n");
    for (unsigned i = 0; i < s->count; i++) {
        const struct story_item *item = &s->item[i];
        char words[64];

        if (item->folded > 0)
            text_add(&t, "       ... %" PRIu64 " event%s on other objects\n", item->folded,
                     item->folded == 1 ? "" : "s");
        if (item->mark == STORY_PREEMPTED) {
            snprintf(words, sizeof(words), "preempted here (%u)", ++preemption);
            rule_across(&t, &l, words);
        } else if (item->mark == STORY_BACK) {
            rule_across(&t, &l, "back");
        } else {
            event_line(&t, in, &l, item);
        }
    }
    if (in->kind == FINDING_BUGCHECK && in->code != 0) {
        char words[64];

        snprintf(words, sizeof(words), "the machine stops: 0x%X", in->code);
        rule_across(&t, &l, words);
    }
    foot(&t, in, &v);
    free(s);
    return text_done(&t);
}
