/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/pool_leak.c
 *
 * The pool emits one event per block that is left when a driver is unloaded.
 */
#include "verify/rule.h"

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    uint32_t tag = (uint32_t)ev->a[1];
    char text[5] = { 0 };

    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(tag >> (8 * i));

        text[i] = c >= 0x20 && c < 0x7f ? c : '.';
    }
    rule_finding_p(ctx, ev, ev->a[2], ev->object, ev->a[0],
                   "%u bytes at %p with tag '%s' are still allocated at unload", (unsigned)ev->a[0], ev->object, text);
}

const struct verify_rule rule_pool_leak = {
    .id = "PoolTracking-Leak",
    .bugcheck = { 0xc4, 0x62 },
    .severity = RULE_NOTED,
    .summary = "a driver has freed all its pool when it is unloaded",
    .why = "the memory is lost until the machine is restarted",
    .fix = "free in the unload routine, and in detach and halt, whatever was allocated in their "
           "counterparts",
    .source = "documented: Driver Verifier, pool tracking; bugcheck 0xC4 argument 0x62",
    .ddi = "ExFreePoolWithTag",
    .watches = RULE_WATCHES(EV_POOL_LEAK),
    .on_event = on_event,
};
