/* SPDX-License-Identifier: MIT */
/*
 * verify/verify.c - from events to violations.
 *
 * Model: a table built once says which rules watch which kind of event. Everything that changes during a run is one
 * struct in monitor memory. A fatal rule stops the machine from inside the event, so the stack still shows who did
 * it; whoever records events must listen before the rules do.
 */
#include "verify/verify.h"

#include "base/fmt.h"
#include "base/str.h"
#include "machine/machine.h"
#include "ndis/ndis.h"
#include "verify/rule.h"

#define RULE(name) extern const struct verify_rule rule_##name;
#include "verify/rules.def"
#undef RULE

static const struct verify_rule *const rules[] = {
#define RULE(name) &rule_##name,
#include "verify/rules.def"
#undef RULE
};

#define RULE_COUNT   (sizeof(rules) / sizeof(rules[0]))
#define WATCHERS_MAX 32u

/* Built by verify_init(), constant from then on. */
static struct {
    uint8_t rule[WATCHERS_MAX];
    uint8_t count;
} watchers[EV_COUNT];

/* Monitor memory, machine->verify. */
struct verify_state {
    struct rule_ctx ctx[RULE_COUNT];
    struct violation violation[VERIFY_VIOLATIONS];
    uint32_t count, lost;
    uint32_t setup_count; /* those from before the first run */
    bool stopped;         /* a fatal rule spoke: nothing after it counts */
    bool busy;            /* a VP of a live machine is in a rule; others wait */
    bool ending;          /* in verify_run_end(): no fiber to stop */
};

static inline struct verify_state *
state(void)
{
    return machine->verify;
}

/* Rules see one event at a time. false: the machine is stopping, perhaps from inside a rule. */
static bool
begin(struct verify_state *v)
{
    while (machine_is_native() && __atomic_exchange_n(&v->busy, true, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(&v->stopped, __ATOMIC_RELAXED))
            return false;
        __asm__ volatile("pause");
    }
    return !__atomic_load_n(&v->stopped, __ATOMIC_RELAXED);
}

static void
end(struct verify_state *v)
{
    if (machine_is_native())
        __atomic_store_n(&v->busy, false, __ATOMIC_RELEASE);
}

static void
verify_on_event(void *context, const struct event *ev)
{
    struct verify_state *v = state();

    (void)context;
    if (!begin(v))
        return;
    for (unsigned i = 0; i < watchers[ev->kind].count; i++) {
        unsigned n = watchers[ev->kind].rule[i];

        rules[n]->on_event(&v->ctx[n], ev);
    }
    end(v);
}

static struct event_listener listener = { .on_event = verify_on_event };

static bool
in_list(const uint16_t *kinds, uint16_t kind)
{
    while (*kinds != EV_NONE && *kinds != kind)
        kinds++;
    return *kinds == kind;
}

static bool
all_in_list(const uint16_t *kinds, const uint16_t *watches)
{
    while (*watches != EV_NONE && in_list(kinds, *watches))
        watches++;
    return *watches == EV_NONE;
}

void
verify_init(void)
{
    verify_init_kinds(NULL);
}

void
verify_init_kinds(const uint16_t *kinds)
{
    struct verify_state *v = mon_alloc(sizeof(*v));

    machine->verify = v;
    for (unsigned n = 0; n < RULE_COUNT; n++) {
        v->ctx[n].rule = rules[n];
        if (kinds != NULL && !all_in_list(kinds, rules[n]->watches))
            continue;
        for (const uint16_t *kind = rules[n]->watches; *kind != EV_NONE; kind++) {
            unsigned i = watchers[*kind].count;

            if (i > 0 && watchers[*kind].rule[i - 1] == n)
                continue;
            if (i == WATCHERS_MAX)
                __builtin_trap(); /* ours: raise WATCHERS_MAX */
            watchers[*kind].rule[i] = (uint8_t)n;
            watchers[*kind].count++;
            listener.mask[*kind / 64] |= EV_BIT(*kind);
        }
    }
    trace_listen(&listener);
}

void
verify_run_begin(void)
{
    struct verify_state *v = state();

    if (machine->setup)
        v->setup_count = v->count;
}

void
verify_run_end(void)
{
    struct verify_state *v = state();

    if (v->stopped || machine->off)
        return;
    v->ending = true;
    for (unsigned n = 0; n < RULE_COUNT; n++)
        if (rules[n]->on_end != NULL)
            rules[n]->on_end(&v->ctx[n]);
}

unsigned
verify_violation_count(void)
{
    return state() ? state()->count : 0;
}

const struct violation *
verify_violation(unsigned i)
{
    return i < state()->count ? &state()->violation[i] : NULL;
}

unsigned
verify_violations_lost(void)
{
    return state()->lost;
}

unsigned
verify_setup_violations(void)
{
    return state()->setup_count;
}

const struct verify_rule *
verify_rule_get(unsigned i)
{
    return i < RULE_COUNT ? rules[i] : NULL;
}

const struct verify_rule *
verify_rule_find(const char *id)
{
    for (unsigned i = 0; i < RULE_COUNT; i++)
        if (str_eq(rules[i]->id, id))
            return rules[i];
    return NULL;
}

unsigned
verify_rule_index(const struct verify_rule *rule)
{
    unsigned i = 0;

    while (i < RULE_COUNT && rules[i] != rule)
        i++;
    return i;
}

/* ------------------------------------------------------------------ for rules */

/* What tells two violations of one rule apart: the place in the driver, for a leak that of the allocation. */
static uint64_t
violation_place(const struct event *ev)
{
    return ev->kind == EV_POOL_LEAK ? ev->a[2] : ev->ip;
}

static void (*violation_hook)(void);

void
verify_on_violation(void (*fn)(void))
{
    violation_hook = fn;
}

/* Keep it; false if this rule spoke about this place before. */
static bool
violation_add(struct verify_state *v, const struct verify_rule *rule, const struct event *ev, const char *format,
              va_list args)
{
    uint64_t place = ev != NULL ? violation_place(ev) : 0;
    struct violation *kept;

    for (unsigned i = 0; i < v->count; i++)
        if (v->violation[i].rule == rule && violation_place(&v->violation[i].ev) == place && place != 0)
            return false;
    if (v->count == VERIFY_VIOLATIONS) {
        v->lost++;
        return false;
    }
    kept = &v->violation[v->count++];
    kept->rule = rule;
    kept->ev = ev != NULL ? *ev : (struct event){ .kind = EV_NONE, .step = machine->step };
    fmt_v(kept->text, sizeof(kept->text), format, args);
    if (violation_hook)
        violation_hook();
    return true;
}

static void
finding_p(struct rule_ctx *ctx, const struct event *ev, const uint64_t p[3], const char *format, va_list args)
{
    struct verify_state *v = state();
    const struct verify_rule *rule = ctx->rule;

    if (!violation_add(v, rule, ev, format, args))
        return;
    if (rule->severity == RULE_FATAL && !v->ending && sched_current != NULL) {
        __atomic_store_n(&v->stopped, true, __ATOMIC_RELAXED);
        machine_bugcheck(rule->bugcheck.code, rule->bugcheck.p1, p[0], p[1], p[2]);
    }
}

void
rule_finding(struct rule_ctx *ctx, const struct event *ev, const char *format, ...)
{
    uint64_t p[3] = { ev != NULL ? ev->object : 0, ev != NULL ? ev->ip : 0, 0 };
    va_list args;

    va_start(args, format);
    finding_p(ctx, ev, p, format, args);
    va_end(args);
}

void
rule_finding_p(struct rule_ctx *ctx, const struct event *ev, uint64_t p2, uint64_t p3, uint64_t p4, const char *format,
               ...)
{
    uint64_t p[3] = { p2, p3, p4 };
    va_list args;

    va_start(args, format);
    finding_p(ctx, ev, p, format, args);
    va_end(args);
}

const char *
rule_site_name(uint64_t index)
{
    const struct ddi_export *e = index < ddi_count() ? ddi_get((unsigned)index) : NULL;

    return e != NULL ? e->name : "?";
}

const char *
rule_layer_name(uint64_t layer)
{
    static const char *const names[] = { "miniport adapter", "filter module", "protocol binding" };

    return layer < 3 ? names[layer] : "layer";
}

const char *
rule_state_name(uint64_t layer, uint64_t st)
{
    static const char *const names[NDIS_STATE_COUNT][3] = {
        [NDIS_STATE_DOWN] = { "Halted", "Detached", "Unbound" },
        [NDIS_STATE_STARTING] = { "Initializing", "Attaching", "Opening" },
        [NDIS_STATE_PAUSED] = { "Paused", "Paused", "Paused" },
        [NDIS_STATE_RESTARTING] = { "Restarting", "Restarting", "Restarting" },
        [NDIS_STATE_RUNNING] = { "Running", "Running", "Running" },
        [NDIS_STATE_PAUSING] = { "Pausing", "Pausing", "Pausing" },
        [NDIS_STATE_CLOSING] = { "Closing", "Closing", "Closing" },
        [NDIS_STATE_SHUTDOWN] = { "Shutdown", "Shutdown", "Shutdown" },
    };

    return layer < 3 && st < NDIS_STATE_COUNT && names[st][layer] != NULL ? names[st][layer] : "?";
}
