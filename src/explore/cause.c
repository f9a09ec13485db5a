/* SPDX-License-Identifier: MIT */
/* explore/cause.c - see cause.h. Start reading at: cause_of(). */
#include "explore/cause.h"

#include <string.h>

#include "base/hash.h"
#include "verify/verify.h"

/* Rules that the plain run broke. */
static const struct verify_rule *plain[VERIFY_VIOLATIONS];
static unsigned plain_count;

void
cause_begin(void)
{
    plain_count = 0;
}

void
cause_plain(void)
{
    plain_count = verify_violation_count();
    for (unsigned i = 0; i < plain_count; i++)
        plain[i] = verify_violation(i)->rule;
}

static bool
is_plain(const struct verify_rule *rule)
{
    for (unsigned i = 0; i < plain_count; i++)
        if (plain[i] == rule)
            return true;
    return false;
}

static unsigned
severity(const struct run_result *r)
{
    if (r->end == RUN_SYSCALL)
        return 5;
    if (r->end == RUN_BUGCHECK)
        return r->code == 0x3b || r->code == 0x7e || r->code == 0xd1 || r->code == 0x0a || r->code == 0x50 ? 4 : 3;
    if (r->end == RUN_HANG || r->end == RUN_LIVELOCK)
        return 2;
    return 1;
}

/* Who waits for ever: the one that a hang's text names. */
static const struct fiber *
first_stuck(void)
{
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        const struct fiber *f = &machine->fiber[i];

        if (f->state == FIBER_BLOCKED && f->block_kind != BLOCK_IDLE && !f->daemon)
            return f;
    }
    return NULL;
}

static uint64_t
fault_ip(const struct run_result *r)
{
    const struct trap *t = machine_last_trap();
    const struct fiber *f = r->fiber ? &machine->fiber[r->fiber] : NULL;

    if (r->end == RUN_BUGCHECK && t)
        return t->rip;
    if (r->end == RUN_HANG)
        f = first_stuck();
    if (f && f->crossing && !(f->crossing->index & CROSSING_L1))
        return *(const uint64_t *)f->crossing->guest_rsp;
    return 0;
}

/* A loop is met anywhere on its way round, so where it stood says nothing. */
static uint64_t
root_of_stop(const struct run_result *r, const char *check, uint64_t ip)
{
    if (check[0])
        return hash64_bytes(2, check, strlen(check));
    if (r->end == RUN_BUGCHECK)
        return hash64_add(hash64_add(3, r->code), ip);
    if (r->end == RUN_HANG)
        return hash64_add(hash64_bytes(5, r->text, strlen(r->text)), ip);
    return hash64_add(4, r->end);
}

struct cause
cause_of(const struct run_result *r, const char *check, bool out_of_turn)
{
    struct cause c = { .violation = verify_violation_count() > 0 ? 0 : -1, .severity = severity(r), .ip = fault_ip(r) };
    bool stopped = r->end != RUN_DONE || check[0], news = false;

    for (unsigned i = 0; i < verify_violation_count() && !news; i++)
        if (!is_plain(verify_violation(i)->rule)) {
            c.violation = (int)i;
            news = true;
        }
    if (stopped && !news && out_of_turn)
        c.violation = -1;
    c.root = c.violation >= 0 ? hash64_add(1, verify_rule_index(verify_violation((unsigned)c.violation)->rule))
                              : root_of_stop(r, check, c.ip);
    return c;
}
