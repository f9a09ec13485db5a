/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/irql_return.c
 *
 * Fatal at once: the stack still stands in the caller, and argument 2 is the routine.
 */
#include "base/str.h"
#include "verify/rule.h"

/*
 * Routines that may, or must, come back at another IRQL: a cancel routine gives back the IRQL saved in the IRP with
 * the cancel spin lock; a cancel-safe queue's lock callbacks are the lock.
 */
static bool
may_change_irql(const char *caller)
{
    return str_starts(caller, "IoCancelIrp") || str_starts(caller, "IoStartPacket") || str_starts(caller, "IoCsq") ||
           str_starts(caller, "IopCsq");
}

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    uint64_t before = ev->a[3], after = ev->a[4];

    if (may_change_irql(rule_site_name(ev->a[1])))
        return;
    rule_finding_p(ctx, ev, ev->a[0], before, after, "called by %s at IRQL %u, it returned at IRQL %u",
                   rule_site_name(ev->a[1]), (unsigned)before, (unsigned)after);
}

const struct verify_rule rule_irql_return = {
    .id = "IrqlReturn",
    .bugcheck = { 0xc4, 0x2001d },
    .severity = RULE_FATAL,
    .summary = "a driver's routine returns at the IRQL it was called at",
    .why = "the caller goes on at the wrong IRQL: it may be preempted while it holds what it believes to "
           "hold, or never lets DPCs run again",
    .fix = "pair every raise and every lock with its counterpart on all paths out, errors included",
    .source = "documented: rule IrqlReturn; bugchecks 0xC8 and 0xC9 argument 5",
    .ddi = "",
    .watches = RULE_WATCHES(EV_IRQL_RETURN),
    .on_event = on_event,
};
