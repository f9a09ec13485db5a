/* SPDX-License-Identifier: MIT */
/*
 * verify/rules/spinlock_balanced.c
 *
 * Depth counts driver routines on one fiber; a lock that host code holds across a call was acquired at a lower
 * depth and is not judged.
 */
#include "base/str.h"
#include "nt/nt.h"
#include "verify/rule.h"

/* Spaces of keys: how deep a fiber is in driver routines, and who holds a lock since which depth. */
enum { DEPTH = 1, LOCK = 2 };

static bool
is_spin_lock(uint64_t kind)
{
    switch (kind) {
    case LOCK_SPIN:
    case LOCK_QUEUED_SPIN:
    case LOCK_CANCEL:
    case LOCK_INTERRUPT:
    case LOCK_NDIS_SPIN:
    case LOCK_EX_EXCLUSIVE:
    case LOCK_NDIS_RW_WRITE:
        return true;
    default:
        return false;
    }
}

/* The lock callbacks of a cancel-safe queue hold and drop its lock across their return. */
static bool
may_keep_lock(const char *caller)
{
    return str_starts(caller, "IoCsq") || str_starts(caller, "IopCsq");
}

static void
leave(struct rule_ctx *ctx, const struct event *ev)
{
    struct rule_entry *depth = rule_set_put(ctx, RULE_KEY(DEPTH, ev->fiber));
    uint64_t at = depth->value;

    if (at > 0)
        depth->value--;
    for (struct rule_entry *e = rule_set_next(ctx, NULL); e != NULL; e = rule_set_next(ctx, e)) {
        if (e->key >> 56 != LOCK || e->extra != ev->fiber || e->value < at)
            continue;
        if (may_keep_lock(rule_site_name(ev->a[1])))
            e->value = at - 1;
        else
            rule_finding_p(ctx, ev, e->key & 0x00ffffffffffffffull, ev->a[0], 0,
                           "called by %s, it returned with spin lock %p held", rule_site_name(ev->a[1]),
                           e->key & 0x00ffffffffffffffull);
    }
}

static void
on_event(struct rule_ctx *ctx, const struct event *ev)
{
    struct rule_entry *e;

    switch (ev->kind) {
    case EV_CALLBACK_ENTER:
        rule_set_put(ctx, RULE_KEY(DEPTH, ev->fiber))->value++;
        break;
    case EV_CALLBACK_LEAVE:
        leave(ctx, ev);
        break;
    case EV_LOCK_ACQUIRE:
        if (!is_spin_lock(ev->a[0]))
            break;
        e = rule_set_find(ctx, RULE_KEY(DEPTH, ev->fiber));
        if (e != NULL && e->value > 0) {
            uint64_t depth = e->value;

            e = rule_set_put(ctx, RULE_KEY(LOCK, ev->object));
            e->value = depth;
            e->extra = ev->fiber;
        }
        break;
    default:
        rule_set_del(ctx, RULE_KEY(LOCK, ev->object));
        break;
    }
}

const struct verify_rule rule_spinlock_balanced = {
    .id = "SpinLockBalanced",
    .bugcheck = { 0xc4, RULE_NUMBER(64) },
    .severity = RULE_FATAL,
    .summary = "a routine that acquires a spin lock releases it before it returns",
    .why = "the next one to want the lock spins for ever, on this processor or on another",
    .fix = "release on every path out of the routine, early returns and errors included",
    .source = "documented: rules SpinLock and SpinLockBalanced",
    .ddi = "KeReleaseSpinLock",
    .watches = RULE_WATCHES(EV_LOCK_ACQUIRE, EV_LOCK_RELEASE, EV_CALLBACK_ENTER, EV_CALLBACK_LEAVE),
    .on_event = on_event,
};
