/* SPDX-License-Identifier: MIT */
/*
 * crash/story.h - the few events of a run that tell what went wrong, in words.
 */
#ifndef CRASH_STORY_H
#define CRASH_STORY_H

#include "crash/finding.h"

enum story_mark { STORY_EVENT, STORY_PREEMPTED, STORY_BACK };

struct story_item {
    enum story_mark mark;
    const struct event *ev;
    const struct violation *violation; /* the rule that this very event broke, or NULL */
    unsigned number;                   /* conflicting access: its number, else 0 */
    unsigned joined;                   /* number of the last access to the same object by another fiber, else 0 */
    uint64_t object;                   /* block or address the number is about */
    uint64_t folded;                   /* events left out just before */
    char text[160];
};

#define STORY_MAX   64u
#define STORY_SEEDS 32u

struct story {
    struct story_item item[STORY_MAX];
    unsigned count;
    bool cut;                   /* earlier items were dropped */
    uint64_t seed[STORY_SEEDS]; /* what the failure is about */
    unsigned seeds;
};

/* Caller frees. NULL: no memory. */
struct story *story_build(const struct finding_input *in);

/* "filter module npf", "IRP #2", "NBL #1", "7e9040001230": the same object has the same name everywhere. */
void story_object_name(const struct finding_input *in, uint64_t address, char *out, size_t room);

/* The event in words, without who did it. */
void story_event_text(const struct finding_input *in, const struct event *ev, char *out, size_t room);

/* "CPU0 thread \"prog1.exe\"" */
void story_actor(const struct finding_input *in, uint32_t fiber, char *out, size_t room);

#endif
