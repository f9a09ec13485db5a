/* SPDX-License-Identifier: MIT */
/*
 * verify/verify.h - the rule engine: what drivers must not do, decided from events alone.
 *
 * Model: one trace listener hands each event to the rules that watch its kind, in the order of rules.def. A rule
 * keeps what it must remember in monitor memory, which is put back with the machine, so rules need no reset of
 * their own. A broken rule becomes a violation of this run: rule, event, text. Two severities:
 *
 *   RULE_FATAL  nothing Windows promises holds any longer: the machine stops at once with the rule's bugcheck
 *   RULE_NOTED  Windows would go on (and perhaps crash later, somewhere else): the violation is kept; if the run
 *               ends without a bugcheck the first one is the finding, with the rule's bugcheck code
 *
 * Rules never look at the machine. Start reading at: verify_on_event() in verify.c, then any file in rules/.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/event.h"

struct rule_ctx;

enum rule_severity { RULE_NOTED, RULE_FATAL };

struct verify_rule {
    const char *id; /* Microsoft's name where there is one; never used again for something else */
    struct {
        uint32_t code;
        uint64_t p1;
    } bugcheck;
    uint8_t severity;        /* enum rule_severity */
    const char *summary;     /* what must hold */
    const char *why;         /* what happens otherwise */
    const char *fix;         /* what usually repairs it */
    const char *source;      /* where the claim comes from: "documented: ...", "assumed: ..." */
    const char *ddi;         /* the documented function it is about, "" if none */
    const uint16_t *watches; /* kinds, ended by EV_NONE: RULE_WATCHES(...) */
    void (*on_event)(struct rule_ctx *ctx, const struct event *ev);
    void (*on_end)(struct rule_ctx *ctx); /* the run ended by itself; may be NULL */
};

#define RULE_WATCHES(...) ((const uint16_t[]){ __VA_ARGS__, EV_NONE })

struct violation {
    const struct verify_rule *rule;
    struct event ev;
    char text[200];
};

#define VERIFY_VIOLATIONS 16u /* more of one run are counted, not kept */

/* Allocate state, register the listener. Once, after machine_init() and before the first driver is loaded. */
void verify_init(void);

/* The same with only those rules all of whose kinds are in the list, which EV_NONE ends. */
void verify_init_kinds(const uint16_t *kinds);

/*
 * Call when set-up is over and after each restore. Violations live in monitor memory, so a restore has forgotten
 * those of the run before; those of set-up (DriverEntry) are part of every run and stay.
 */
void verify_run_begin(void);

/*
 * The run ended by itself (all actors done, everything idle): rules that look for what is left over speak now.
 * Not after a bugcheck or a cut. Runs on the engine's stack: no fiber is current, so nothing here is fatal.
 */
void verify_run_end(void);

unsigned verify_violation_count(void);                /* kept ones */
void verify_on_violation(void (*fn)(void));           /* called for each that is kept, where it happens */
const struct violation *verify_violation(unsigned i); /* in order */
unsigned verify_violations_lost(void);
unsigned verify_setup_violations(void); /* how many of the first are from set-up */

/* Rules, for the reference and for --help; NULL past the last. */
const struct verify_rule *verify_rule_get(unsigned i);
const struct verify_rule *verify_rule_find(const char *id);
unsigned verify_rule_index(const struct verify_rule *rule); /* stable within one build: travels between processes */

#endif
