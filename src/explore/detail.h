/* SPDX-License-Identifier: MIT */
/*
 * explore/detail.h - everything about one run, carried from a worker to the supervisor.
 *
 * Model: supervisor and worker share one large mapping made before the fork, so
 * it lies at the same address in both and pointers inside it are good in both.
 * The worker records events while the run goes on, and after it copies stacks,
 * fibers, memory and modules; the supervisor adds names and writes the folder.
 */
#ifndef EXPLORE_DETAIL_H
#define EXPLORE_DETAIL_H

#include "crash/finding.h"
#include "explore/search.h"
#include "wire/pcap.h"

#define DETAIL_EVENTS_MAX 200000u

struct detail {
    uint64_t next, size; /* bump allocator */
    bool complete;       /* the worker finished writing */
    const struct verify_rule *about; /* supervisor: the broken rule that it is about; NULL: the first */
    struct finding_input in;
    struct finding_frame *frames; /* of in, writable for naming */
    struct finding_fiber *fibers;
    struct finding_object *objects;
    uint64_t event_total; /* events emitted; more than kept: the list was cut */
    uint8_t arena_sha256[32], events_sha256[32];
    struct run_result run;
    uint64_t reached; /* bits the scenario runner sets */
    char *debug_text;
    struct wire_record *wire; /* frames that were on our wire, in order */
    uint32_t wire_count, wire_lost;
};

struct detail *detail_create(uint64_t size); /* NULL: no memory */
void detail_destroy(struct detail *d);
void *detail_alloc(struct detail *d, size_t size); /* zeroed; NULL when full */

/* Worker: record every event from now on into d. */
void detail_listen(struct detail *d);
/* Worker, run begins: forget what setup recorded unless keep_setup. */
void detail_begin(struct detail *d);
/* Worker, after the run: fill d->in from the machine as it stands. */
void detail_collect(struct detail *d, const struct run_result *r, const struct explorer *x, const struct found *f);

#endif
