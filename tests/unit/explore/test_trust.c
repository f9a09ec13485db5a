/* SPDX-License-Identifier: MIT */
/* What a worker left in shared memory: whole, and with each part overwritten in turn as native code could. */
#include "unit/test.h"

#include "explore/trust.h"

#define BYTES 65536u

/* A small record with one of everything. */
static struct detail *
record(void)
{
    struct detail *d = detail_create(BYTES);
    struct finding_module *m = detail_alloc(d, sizeof(*m));
    struct finding_range *r = detail_alloc(d, sizeof(*r));
    struct violation *v = detail_alloc(d, sizeof(*v));
    struct finding_choice *c = detail_alloc(d, sizeof(*c));
    const char **lines = detail_alloc(d, sizeof(*lines));
    char *text = detail_alloc(d, 8);

    CHECK(d != NULL);
    memcpy(text, "hello", 6);
    lines[0] = text;
    d->frames = detail_alloc(d, sizeof(*d->frames));
    d->fibers = detail_alloc(d, sizeof(*d->fibers));
    r->bytes = detail_alloc(d, 64);
    r->size = 64;
    v->rule = verify_rule_get(0);
    d->in.frames = d->frames;
    d->in.fibers = d->fibers;
    d->in.modules = m;
    d->in.ranges = r;
    d->in.violations = v;
    d->in.choices = c;
    d->in.debug_lines = lines;
    d->in.process = text;
    d->in.frame_count = d->in.fiber_count = d->in.module_count = d->in.range_count = 1;
    d->in.violation_count = d->in.choice_count = d->in.debug_line_count = 1;
    return d;
}

/* The record with one statement's damage, judged. */
#define DAMAGED(statement, part)                 \
    do {                                         \
        struct detail *d = record();             \
                                                 \
        statement;                               \
        CHECK_STR(trust_detail(d, BYTES), part); \
        d->size = BYTES;                         \
        detail_destroy(d);                       \
    } while (0)

TEST(trust, takes_a_whole_record)
{
    struct detail *d = record();

    CHECK(trust_detail(d, BYTES) == NULL);
    detail_destroy(d);
}

TEST(trust, refuses_pointers_that_leave_the_mapping)
{
    static struct finding_frame elsewhere;

    DAMAGED(d->in.frames = d->frames = &elsewhere, "the stack");
    DAMAGED(d->in.frames = NULL, "the stack");
    DAMAGED(d->in.trap = (void *)8, "the stack");
    DAMAGED(d->in.fibers = d->fibers = (void *)UINT64_MAX, "the threads");
    DAMAGED(d->in.modules = (void *)((uint8_t *)d + BYTES - 1), "the modules");
    DAMAGED(((struct finding_range *)d->in.ranges)->bytes = d, "the memory");
    DAMAGED(d->in.events = (void *)1; d->in.event_count = 1, "the events");
    DAMAGED(((const char **)d->in.debug_lines)[0] = "not in the mapping", "the texts");
    DAMAGED(d->in.process = (char *)d + BYTES, "the texts");
    DAMAGED(d->wire_count = 1, "the frames of the wire");
}

TEST(trust, refuses_counts_that_run_over)
{
    DAMAGED(d->in.frame_count = UINT32_MAX, "the stack");
    DAMAGED(d->in.fiber_count = UINT32_MAX, "the threads");
    DAMAGED(((struct finding_range *)d->in.ranges)->size = UINT64_MAX, "the memory");
    DAMAGED(d->in.violation_count = UINT32_MAX, "the broken rules");
    DAMAGED(d->in.choice_count = UINT32_MAX, "the choices");
    DAMAGED(d->size = BYTES * 2, "the size of the record");
}

TEST(trust, refuses_texts_without_an_end_and_rules_that_do_not_exist)
{
    DAMAGED(memset(d->frames->function, 'x', sizeof(d->frames->function)), "the stack");
    DAMAGED(memset(d->fibers->name, 'x', sizeof(d->fibers->name)), "the threads");
    DAMAGED(((struct violation *)d->in.violations)->rule = (void *)d, "the broken rules");
    DAMAGED(((struct finding_choice *)d->in.choices)->kind = CHOICE_KINDS, "the choices");
    DAMAGED(d->in.kind = 99, "what kind of failure it is");
    DAMAGED(d->in.os_profile = "set by the worker", "what kind of failure it is");
}

TEST(trust, judges_the_report_of_a_search)
{
    static struct search_report r;

    CHECK(trust_report(&r) == NULL);
    r.found_count = 1;
    r.found[0].rule = -1;
    CHECK(trust_report(&r) == NULL);
    r.found[0].choices.count = CHOICES_MAX + 1;
    CHECK_STR(trust_report(&r), "the choices of a failure");
    r.found[0].choices.count = 1;
    r.found[0].choices.c[0].fiber = FIBER_MAX + 1;
    CHECK_STR(trust_report(&r), "a choice of a failure");
    r.found[0].choices.count = 0;
    r.found[0].rule = 3;
    CHECK_STR(trust_report(&r), "a broken rule");
    r.found_count = FOUND_MAX + 1;
    CHECK_STR(trust_report(&r), "the number of failures");
}

TEST_MAIN(TEST_CASE(trust, takes_a_whole_record), TEST_CASE(trust, refuses_pointers_that_leave_the_mapping),
          TEST_CASE(trust, refuses_counts_that_run_over),
          TEST_CASE(trust, refuses_texts_without_an_end_and_rules_that_do_not_exist),
          TEST_CASE(trust, judges_the_report_of_a_search))
