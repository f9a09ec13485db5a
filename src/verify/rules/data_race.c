/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/data_race.c - shown by zoo/lost-update
 *
 * Windows tolerates it: the rule is what there is to tell unless something breaks because of it.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    rule_finding(ctx, ev, "%p read 0x%llx at %p; before it writes there, %p wrote 0x%llx: that update is lost",
                 ev->a[1], (unsigned long long)ev->a[4], ev->object, ev->a[2], (unsigned long long)ev->a[5]);
}

const struct verify_rule rule_data_race = {
    .id = "DataRace",
    .bugcheck = { 0, 0 },
    .severity = RULE_NOTED,
    .summary = "between a read of a word and the write that follows from it, nobody else writes the word",
    .why =
        "the other's update is gone: a counter is wrong for good, a reference is freed early or never, a bit is lost",
    .fix = "an Interlocked function for the whole update, or one lock around each use of the word",
    .source =
        "documented: Interlocked Variable Access (Win32): single aligned reads and writes are atomic, sequences of "
        "them are not",
    .ddi = "InterlockedIncrement",
    .watches = RULE_WATCHES(EV_LOST_UPDATE),
    .on_event = on_event,
};
