/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/remove_lock.c
 *
 * Counted by the I/O manager.
 */
#include "nt/io/io.h"
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    if (ev->a[0] != IO_MISUSE_REMOVE_LOCK)
        return;
    rule_finding_p(ctx, ev, ev->object, ev->a[1], 0, "remove lock %p is released without having been acquired (tag %p)",
                   ev->object, ev->a[1]);
}

const struct verify_rule rule_remove_lock = {
    .id = "IoVerif-RemoveLockTags",
    .bugcheck = { 0xc4, 0xd5 },
    .severity = RULE_NOTED,
    .summary = "IoReleaseRemoveLock follows an acquire with the same tag",
    .why = "the remove goes on while requests still use the device",
    .fix = "release once per acquire, with the tag of the acquire",
    .source = "documented: IoReleaseRemoveLock; bugcheck 0xC4 argument 0xD5",
    .ddi = "IoReleaseRemoveLock",
    .watches = RULE_WATCHES(EV_IO_MISUSE),
    .on_event = on_event,
};
